"""The versions of a source record, what each changed, and any two of them side by side.

Versions are set against each other in clear, in memory, and shown masked: two numbers with the same last four digits
are still two. A value keeps its partner where a list was only put into another order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

from mpi import codec
from mpi.models import InboundMessage, RecordState, SourceRecord, User
from mpi.queries.source_record import Told, lines_told, text_of

PAGE_SIZE = 25
_SYSTEM = "system:"
_STATES = {
    RecordState.ACTIVE: "in use",
    RecordState.QUARANTINED: "an update waits for a steward",
    RecordState.SUBSUMED: "merged into another number by its source",
    RecordState.DELETED: "deleted by its source",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a version: what a page shows, masked, and the value in clear that it is compared by."""

    told: Told
    clear: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of one version beside its partner in another; None where the other does not tell it.

    kind    the sign of the difference: same, differs, none (told on one side only)
    words   the difference in words
    """

    label: str
    shape: str
    before: Told | None
    after: Told | None
    kind: Literal["same", "differs", "none"]
    words: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version and what it changed. `message` is the one that brought it, where the index knows it."""

    number: int
    recorded_at: datetime
    effective_at: datetime | None
    actor: str
    message: UUID | None
    changes: tuple[Pair, ...]
    is_first: bool


@dataclass(frozen=True, slots=True)
class Versions:
    """A page of versions, newest first; `older` is the number to ask the next page from, None at the end."""

    rows: tuple[Version, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two versions, the earlier first, line by line."""

    before: Any
    after: Any
    pairs: tuple[Pair, ...]


def versions(record: SourceRecord, *, before: int | None = None, size: int = PAGE_SIZE) -> Versions:
    """The newest versions under a number, with what each changed. Three queries.

    A version is not always a new number: that an update is doubted or a number given up changes its state alone.
    """
    history = SourceRecord.history.filter(id=record.pk)
    if before is not None:
        history = history.filter(version__lt=before)
    rows = list(history.order_by("-version", "-history_date", "-history_id")[: size + 1])
    messages, names = _messages(rows), _names(rows)
    found = [_version(row, older, messages, names) for row, older in pairwise(rows)]
    if rows and len(rows) <= size:
        found.append(_version(rows[-1], None, messages, names))
    return Versions(tuple(found), older=found[-1].number if len(rows) > size else None)


def numbers_of(record: SourceRecord, *, most: int = 200) -> tuple[tuple[int, datetime], ...]:
    """(number, time) of the newest versions, to choose from. One query."""
    told = SourceRecord.history.filter(id=record.pk).order_by("-version", "-history_date", "-history_id")
    return tuple(dict(told.values_list("version", "recorded_at")[:most]).items())


def side_by_side(record: SourceRecord, first: int, second: int) -> SideBySide | None:
    """Two versions by their numbers, None where one of them is not kept. One query."""
    history = SourceRecord.history.filter(id=record.pk, version__in={first, second})
    rows = {row.version: row for row in history.order_by("version", "history_date", "history_id")}
    if not {first, second} <= rows.keys():
        return None
    before, after = rows[min(first, second)], rows[max(first, second)]
    return SideBySide(before, after, tuple(_pairs(_lines(before), _lines(after))))


def _messages(rows: Sequence[Any]) -> dict[int, UUID]:
    keys = {row.message_id for row in rows if row.message_id}
    return dict(InboundMessage.objects.filter(pk__in=keys).values_list("pk", "uuid")) if keys else {}


def _names(rows: Sequence[Any]) -> dict[str, str]:
    """What pages call the users who are known by their sign-in name in the history."""
    known = {row.history_user_id for row in rows if row.history_user_id}
    return dict(User.objects.filter(username__in=known).values_list("username", "display_name"))


def _who(actor: str, names: dict[str, str]) -> str:
    if actor.startswith(_SYSTEM):
        return f"{actor.removeprefix(_SYSTEM)} (the engine)"
    return names.get(actor) or actor


def _version(row: Any, older: Any, messages: dict[int, UUID], names: dict[str, str]) -> Version:
    changes = _pairs(_lines(older), _lines(row)) if older is not None else ()
    return Version(
        number=row.version,
        recorded_at=row.recorded_at,
        effective_at=row.effective_at,
        actor=_who(row.history_user_id or "", names),
        message=messages.get(row.message_id or 0),
        changes=tuple(pair for pair in changes if pair.kind != "same"),
        is_first=older is None,
    )


def _lines(row: Any) -> list[Line]:
    """The lines of a version, masked and in clear; the state of the record is one of them."""
    shown, clear = lines_told(codec.masked_told(row)), lines_told(codec.told_record(row))
    lines = [Line(masked, text_of(told)) for masked, told in zip(shown, clear, strict=True)]
    state = Told("State", _STATES.get(row.state, row.state), "state")
    return [*lines, Line(state, str(row.state))]


def _pairs(before: Sequence[Line], after: Sequence[Line]) -> Iterable[Pair]:
    """All lines of both, by label in the order of the page."""
    for label in dict.fromkeys(line.told.label for line in (*before, *after)):
        left = [line for line in before if line.told.label == label]
        right = [line for line in after if line.told.label == label]
        for one, other in _partners(left, right):
            present = [line for line in (one, other) if line is not None]
            if any(line.clear for line in present):
                yield _pair(label, present[-1].told.shape, one, other)


def _partners(left: Sequence[Line], right: Sequence[Line]) -> list[tuple[Line | None, Line | None]]:
    """Equal values are partners; of those that are left each one's is the most similar."""
    free = list(left)
    partner: dict[int, Line] = {}
    for place, line in enumerate(right):
        same = next((one for one in free if one.clear == line.clear), None)
        if same is not None:
            free.remove(same)
            partner[place] = same
    for place, line in enumerate(right):
        if place not in partner and free:
            partner[place] = max(free, key=lambda one, clear=line.clear: _alike(one.clear, clear))  # type: ignore[misc]
            free.remove(partner[place])
    return [*((partner.get(place), line) for place, line in enumerate(right)), *((one, None) for one in free)]


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio()


def _pair(label: str, shape: str, one: Line | None, other: Line | None) -> Pair:
    kind, words = _difference(one, other)
    return Pair(label, shape, one.told if one else None, other.told if other else None, kind, words)


def _difference(one: Line | None, other: Line | None) -> tuple[Literal["same", "differs", "none"], str]:
    if one is None or not one.clear:
        return "none", "not told before"
    if other is None or not other.clear:
        return "none", "no longer told"
    if one.clear == other.clear:
        if one.told.use == other.told.use:
            return "same", "the same"
        return "differs", f"was {one.told.use or 'without use'}, is {other.told.use or 'without use'}"
    hidden = text_of(one.told) == text_of(other.told)
    return "differs", "another number, with the same last four" if hidden else "another value"
