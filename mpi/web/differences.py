"""Which runs of characters differ between two values, so that a page can mark them inside the value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_LEAST_ALIKE = 0.4
"""Below this share of equal characters a mark per letter would be noise: the whole value is marked."""

_ISLAND = 1
"""An equal run this short between two differing runs is marked along with them."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a value, and whether it differs from the other side."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Marked:
    """Both values, cut into runs."""

    left: tuple[Run, ...]
    right: tuple[Run, ...]


def mark_differences(left: str, right: str, *, whole: bool = False) -> Marked:
    """Cut both values into equal and differing runs; letter case and accents as told, case is no difference.

    `whole` is for words that stand for a code, such as a sex: that two of them share letters says nothing.
    """
    if not left or not right:
        return Marked(_whole(left, differs=False), _whole(right, differs=False))
    # str.lower can change the length of a text (İ); then the runs would be cut in the wrong places.
    folded_left, folded_right = left.lower(), right.lower()
    if len(folded_left) != len(left) or len(folded_right) != len(right):
        folded_left, folded_right = left, right
    matcher = SequenceMatcher(None, folded_left, folded_right, autojunk=False)
    if matcher.ratio() < _LEAST_ALIKE or (whole and folded_left != folded_right):
        return Marked(_whole(left, differs=True), _whole(right, differs=True))
    steps = list(_without_islands(matcher.get_opcodes()))
    return Marked(
        _runs(left, [(start, end, differs) for differs, start, end, _, _ in steps]),
        _runs(right, [(start, end, differs) for differs, _, _, start, end in steps]),
    )


def closest(line: str, others: Sequence[str]) -> str:
    """The most similar of the other lines, "" when there are none."""
    return max(others, key=lambda other: SequenceMatcher(None, line.lower(), other.lower()).ratio(), default="")


def _whole(text: str, *, differs: bool) -> tuple[Run, ...]:
    return (Run(text, differs),) if text else ()


def _without_islands(
    codes: Sequence[tuple[str, int, int, int, int]],
) -> Iterator[tuple[bool, int, int, int, int]]:
    """Opcodes as (differs, left start, left end, right start, right end), tiny equal islands counted as differing."""
    last = len(codes) - 1
    for place, (kind, left_start, left_end, right_start, right_end) in enumerate(codes):
        island = 0 < place < last and left_end - left_start <= _ISLAND
        yield kind != "equal" or island, left_start, left_end, right_start, right_end


def _runs(text: str, pieces: list[tuple[int, int, bool]]) -> tuple[Run, ...]:
    found: list[Run] = []
    for start, end, differs in pieces:
        if start == end:
            continue
        if found and found[-1].differs == differs:
            found[-1] = Run(found[-1].text + text[start:end], differs)
        else:
            found.append(Run(text[start:end], differs))
    return tuple(found)
