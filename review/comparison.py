"""The two sides of a task in aligned rows: values, where they come from, what agrees and what that weighs.

Pure: golden values and stored evidence in, rows out. The rows are `mpi.queries.evidence.EvidenceRow`s, so
that values and their differences are written by the same template tags as everywhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mpi.queries.evidence import Evidence, EvidenceRow, Kind
from review.wording import GENERIC, alike, equal


@dataclass(frozen=True, slots=True)
class Field:
    """A row of the page: the golden field, its label, how it is written, the comparison that weighs it, and by which
    words two of its values are told apart (see `review.wording.alike`)."""

    name: str
    label: str
    shape: str
    comparison: str
    sort: str = "text"


FIELDS: tuple[Field, ...] = (
    Field("given_name", "Given name", "name", "given", "name"),
    Field("middle_name", "Middle name", "name", "middle", "name"),
    Field("birth_date", "Born", "date", "birth_date", "date"),
    Field("sex", "Sex", "sex", "sex"),
    Field("ssn", "SSN", "ssn", "ssn"),
    Field("family_name", "Family name", "name", "house", "name"),
    Field("address", "Address", "text", "house", "address"),
    Field("phone", "Phone", "house", "house", "digits"),
    Field("email", "E-mail", "text", "house", "email"),
    Field("suffix", "Suffix", "text", ""),
    Field("deceased_date", "Died", "date", "", "date"),
    Field("identifiers", "Other numbers", "text", "identifier"),
)
"""In reading order; the fields of one comparison stand together, since they are weighed together."""

_ALWAYS = frozenset({"given_name", "family_name", "birth_date", "sex", "ssn", "address", "phone", "email"})
"""Fields whose absence on both sides is worth a row: "not known" is said in words."""


@dataclass(frozen=True, slots=True)
class Other:
    """A value that lost, and who says it."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Telling:
    """A value as one source record told it: from a time on, and until another one took its place, if it did."""

    value: str
    source: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a survived value comes from: `source` gave it in its record `record_id`, told it `since` then, and
    `agreeing` of `of` records say the same."""

    source: str
    agreeing: int
    of: int
    others: tuple[Other, ...]
    record_id: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """Survived values of one golden record as text, and where they come from.

    `then` holds the values that were others when the task opened, "" for one that was not known; `past` what the
    source records told before, where they changed their word.
    """

    values: Mapping[str, str]
    origins: Mapping[str, Origin]
    then: Mapping[str, str] = dataclasses.field(default_factory=dict)
    past: Mapping[str, tuple[Telling, ...]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """One side of a row besides its value.

    compared   what the engine compared, where that is another value than the one shown
    now        the value compared as its record tells it today, where it changed since
    moved      whether the golden value was another one (`then`, "" for not known) when the task opened
    """

    origin: Origin | None
    compared: str
    now: str
    moved: bool
    then: str
    past: tuple[Telling, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """What one comparison weighs; it stands beside `rows` rows. `now` is set where the bits changed since."""

    label: str
    kind: Kind
    words: str
    bits: float
    rows: int
    now: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One aligned row. `detail` says what the words of the comparison leave open: which digits, which letters."""

    shown: EvidenceRow
    left: Cell
    right: Cell
    detail: str
    weight: Weight | None
    weighed: bool


def rows(left: Side, right: Side, evidence: Evidence, now: Evidence | None = None) -> tuple[Row, ...]:
    """The rows of a task. `evidence` is what was stored, left side first; `now` the same pair as it is today."""
    by_comparison = {row.comparison: row for row in evidence.rows}
    today = {row.comparison: row for row in now.rows} if now else {}
    fields = [field for field in FIELDS if _wanted(field, left, right, by_comparison)]
    spans = _spans(fields)
    made = []
    for place, field in enumerate(fields):
        told, present = by_comparison.get(field.comparison), today.get(field.comparison)
        told = _of_the_records(told, left.values.get(field.name, ""), right.values.get(field.name, ""))
        weight = None
        if told is not None and spans[place]:
            weight = _weight(told, present, spans[place])
        made.append(_row(field, left, right, told, present, weight))
    return tuple(made)


def _of_the_records(told: EvidenceRow | None, left: str, right: str) -> EvidenceRow | None:
    """Words that do not contradict what is shown: both persons tell a value that the two records compared do not."""
    if told is None or told.kind != "none" or not (left and right):
        return told
    _, words = alike(left, right)
    return replace(told, words=f"not told by both of the records compared; what is shown here is {words}")


def _wanted(field: Field, left: Side, right: Side, told: Mapping[str, EvidenceRow]) -> bool:
    if field.name in _ALWAYS or left.values.get(field.name) or right.values.get(field.name):
        return True
    row = told.get(field.comparison)
    return field.comparison not in {"", "house"} and row is not None and bool(row.left or row.right)


def _spans(fields: Sequence[Field]) -> list[int]:
    """For the first field of each comparison the number of its rows, 0 for the others."""
    found = []
    for place, field in enumerate(fields):
        if place and field.comparison and fields[place - 1].comparison == field.comparison:
            found.append(0)
        else:
            found.append(sum(1 for other in fields if field.comparison and other.comparison == field.comparison))
    return found


def _weight(told: EvidenceRow, present: EvidenceRow | None, span: int) -> Weight:
    moved = present is not None and round(present.bits, 1) != round(told.bits, 1)
    return Weight(
        label=told.label,
        kind=told.kind,
        words=told.words,
        bits=told.bits,
        rows=span,
        now=present.bits if present is not None and moved else None,
    )


def _row(
    field: Field, left: Side, right: Side, told: EvidenceRow | None, present: EvidenceRow | None, weight: Weight | None
) -> Row:
    own = told if told is not None and field.comparison != "house" else None
    values = [side.values.get(field.name, "") for side in (left, right)]
    if field.name == "identifiers" and own is not None:
        values = [own.left, own.right]
    kind, words = alike(values[0], values[1], field.sort)
    detail = ""
    if own is not None:
        detail = _detail(kind, words, own, values) if field.sort != "text" else ""
        kind, words = own.kind, own.words
        if kind == "same" and not equal(values[0], values[1]):
            kind = "near" if values[0] and values[1] else "same"
    shown = EvidenceRow(
        comparison=field.comparison,
        label=field.label,
        left=values[0],
        right=values[1],
        shape=field.shape,
        kind=kind,
        words=words,
        bits=own.bits if own is not None else 0.0,
    )
    sides = zip((left, right), values, ("left", "right"), strict=True)
    cells = [_cell(field, side, value, own, present, name) for side, value, name in sides]
    return Row(shown=shown, left=cells[0], right=cells[1], detail=detail, weight=weight, weighed=told is not None)


def _detail(kind: Kind, words: str, own: EvidenceRow, values: Sequence[str]) -> str:
    """What differs in the values shown, unless the comparison's own words say it; "" for values not compared."""
    if kind not in {"near", "differs"} or words in GENERIC or words.casefold() in own.words.casefold():
        return ""
    compared = all(_compared(told, value, "") == "" for told, value in zip((own.left, own.right), values, strict=True))
    return words if compared else ""


def _cell(
    field: Field, side: Side, value: str, own: EvidenceRow | None, present: EvidenceRow | None, name: str
) -> Cell:
    return Cell(
        origin=side.origins.get(field.name),
        compared=_compared(getattr(own, name) if own else "", value, field.shape),
        now=_moved(own, present, name),
        moved=field.name in side.then,
        then=side.then.get(field.name, ""),
        past=side.past.get(field.name, ()),
    )


def _compared(compared: str, shown: str, shape: str) -> str:
    """What was compared, when it is not what is shown. Standard names are in capitals: written as names here."""
    parts = [part.strip() for part in compared.split(";") if part.strip()]
    if not parts or any(equal(part, shown) for part in parts):
        return ""
    return "; ".join(part.title() if shape == "name" else part for part in parts)


def _moved(told: EvidenceRow | None, present: EvidenceRow | None, side: str) -> str:
    """The value as it is now, when it is another one than the one that was compared."""
    if told is None or present is None:
        return ""
    then, today = getattr(told, side), getattr(present, side)
    return "" if then == today else today or "not known any more"
