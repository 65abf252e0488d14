"""Geometry of the two server-side plots: the waterfall of evidence and the probability scale.

The templates only print the numbers found here. Units are those of the SVG's view box.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mpi.web import formats

_ROW = 22
_BAR = 12
_LABEL_END = 116
_FIGURE_START = 312
_WIDTH = 364
_WORD = 44
_LABEL_LENGTH = 19


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the waterfall: text at `y_text`, a bar from `x` of `width`, its figure at the right edge."""

    label: str
    figure: str
    kind: str
    x: float
    width: float
    y: float
    y_text: float
    tie_x: float
    tie_y: float
    tie_end: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold: a line at `x`, a word for it."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Everything the partial prints. `words` is the text alternative."""

    width: int
    height: float
    zero_x: float
    zero_word: str
    label_x: float
    figure_x: float
    axis_y: float
    rule_y: float
    foot_y: float
    bars: tuple[Bar, ...]
    limits: tuple[Limit, ...]
    words: str


def probability_to_bits(probability: float) -> float:
    """log2 of the odds, held between -60 and 60."""
    held = min(max(probability, 2.0**-60), 1 - 2.0**-53)
    return math.log2(held / (1 - held))


def waterfall(
    steps: Sequence[tuple[str, float]], *, total: float, limits: Sequence[tuple[float, str]] = ()
) -> Waterfall:
    """Each step starts where the one before ended; the last bar is the total, from zero.

    `steps` are (label, bits), the prior first; `limits` are (bits, word).
    """
    ends = [0.0]
    for _, bits in steps:
        ends.append(ends[-1] + bits)
    marks = [bits for bits, _ in limits]
    low, high = min([*ends, total, 0.0]), max([*ends, total, 0.0, *marks])
    scale = (_FIGURE_START - _LABEL_END - 14) / max(high - low, 1e-9)

    def x_of(bits: float) -> float:
        return round(_LABEL_END + 8 + (bits - low) * scale, 1)

    rows = [(label, bits, ends[place]) for place, (label, bits) in enumerate(steps)] + [("Total", total, 0.0)]
    bars = tuple(
        _bar(place, label, x_of(start), x_of(start + bits), bits, last=place == len(rows) - 1)
        for place, (label, bits, start) in enumerate(rows)
    )
    return Waterfall(
        width=_WIDTH,
        height=len(rows) * _ROW + 20,
        zero_x=x_of(0.0),
        # The word is left out where it would run into those of the thresholds.
        zero_word="0" if all(abs(x_of(bits) - x_of(0.0)) > _WORD for bits in marks[:1]) else "",
        label_x=_LABEL_END,
        figure_x=_WIDTH,
        axis_y=len(rows) * _ROW + 2,
        rule_y=(len(rows) - 1) * _ROW,
        foot_y=len(rows) * _ROW + 15,
        bars=bars,
        limits=tuple(Limit(x_of(bits), word) for bits, (_, word) in zip(marks, limits, strict=True)),
        words=", ".join(f"{label} {formats.bits(bits)}" for label, bits, _ in rows)
        + " bits"
        + "".join(f"; {word} at {formats.bits(bits)}" for bits, word in limits),
    )


def _kind(bits: float) -> str:
    rounded = round(bits, 1)
    return "same" if rounded > 0 else "differs" if rounded < 0 else "none"


def _bar(place: int, label: str, start: float, end: float, bits: float, *, last: bool) -> Bar:
    # The first bar is the prior: a fact of the index, neither for nor against this pair.
    kind = "accent" if last else "none" if place == 0 else _kind(bits)
    top = place * _ROW + (_ROW - _BAR) / 2
    return Bar(
        label=label if len(label) <= _LABEL_LENGTH else f"{label[: _LABEL_LENGTH - 1]}…",
        figure=formats.bits(bits),
        kind=kind,
        x=min(start, end),
        width=max(round(abs(end - start), 1), 1.5),
        y=top,
        y_text=place * _ROW + _ROW / 2 + 4,
        tie_x=end,
        tie_y=top + _BAR,
        tie_end=top + _ROW,
    )


_SCALE_LOW, _SCALE_HIGH = -8.0, 14.0
_SCALE_WIDTH = 320
_EDGE = 6


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the scale with the word for what happens there."""

    x: float
    width: float
    kind: str
    label: str
    label_x: float


@dataclass(frozen=True, slots=True)
class Scale:
    """The probability scale, by log-odds so that 95 % and 99.6 % can be told apart."""

    width: int
    marker_x: float
    bands: tuple[Band, ...]
    ticks: tuple[Limit, ...]
    words: str


def probability_scale(probability: float, *, review_from: float, link_over: float) -> Scale:
    """Where a probability stands between new, review and link; the ends hold everything beyond them."""

    def x_of(bits: float) -> float:
        share = (min(max(bits, _SCALE_LOW), _SCALE_HIGH) - _SCALE_LOW) / (_SCALE_HIGH - _SCALE_LOW)
        return round(_EDGE + share * (_SCALE_WIDTH - 2 * _EDGE), 1)

    low, high = x_of(probability_to_bits(review_from)), x_of(probability_to_bits(link_over))
    bands = (
        _band(0, low, "none", "not linked"),
        _band(low, high, "near", "review"),
        _band(high, _SCALE_WIDTH, "same", "may link by itself"),
    )
    ticks = [(review_from, low), (link_over, high), (0.999, x_of(probability_to_bits(0.999)))]
    return Scale(
        width=_SCALE_WIDTH,
        marker_x=x_of(probability_to_bits(probability)) - 2,
        bands=bands,
        ticks=tuple(Limit(x, f"{share * 100:g}") for share, x in ticks),
        words=(
            f"{formats.probability(probability)}; review from {review_from * 100:g} %, "
            f"links by itself over {link_over * 100:g} %"
        ),
    )


def _band(start: float, end: float, kind: str, label: str) -> Band:
    return Band(x=start, width=round(end - start, 1), kind=kind, label=label, label_x=round((start + end) / 2, 1))


_BAR_WIDTH, _BAR_BITS = 120, 16.0


@dataclass(frozen=True, slots=True)
class BitsBar:
    """A weight as a bar from the middle of its box; weights beyond the box are cut at its edge."""

    width: int
    middle: float
    x: float
    length: float
    kind: str


def bits_bar(bits: float) -> BitsBar:
    """Sixteen bits to each side."""
    middle = _BAR_WIDTH / 2
    length = round(min(abs(bits), _BAR_BITS) / _BAR_BITS * middle, 1)
    x = middle if bits > 0 else round(middle - length, 1)
    return BitsBar(_BAR_WIDTH, middle, x, length, _kind(bits))
