"""The two sides of a task in aligned rows: values, where they come from, what agrees and what that weighs.

Pure: golden values and stored evidence in, rows out. The rows are `mpi.queries.evidence.EvidenceRow`s, so
that values and their differences are written by the same template tags as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from mpi.queries.evidence import Evidence, EvidenceRow, Kind

_NEAR = 0.6
"""Share of equal characters from which two values are called similar."""


@dataclass(frozen=True, slots=True)
class Field:
    """A row of the page: the golden field, its label, how it is written, and the comparison that weighs it."""

    name: str
    label: str
    shape: str
    comparison: str


FIELDS: tuple[Field, ...] = (
    Field("given_name", "Given name", "name", "given"),
    Field("middle_name", "Middle name", "name", "middle"),
    Field("birth_date", "Born", "date", "birth_date"),
    Field("sex", "Sex", "sex", "sex"),
    Field("ssn", "SSN", "ssn", "ssn"),
    Field("family_name", "Family name", "name", "house"),
    Field("address", "Address", "text", "house"),
    Field("phone", "Phone", "house", "house"),
    Field("email", "E-mail", "text", "house"),
    Field("suffix", "Suffix", "text", ""),
    Field("deceased_date", "Died", "date", ""),
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
class Origin:
    """Where a survived value comes from: `source` gave it, `agreeing` of `of` records say the same."""

    source: str
    agreeing: int
    of: int
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """Survived values of one golden record as text, and where they come from."""

    values: Mapping[str, str]
    origins: Mapping[str, Origin]


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
    """One aligned row. `compared_*`: what the engine compared, where that is another value than the one shown."""

    shown: EvidenceRow
    left_origin: Origin | None
    right_origin: Origin | None
    compared_left: str
    compared_right: str
    now_left: str
    now_right: str
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
    kind, words = (own.kind, own.words) if own is not None else alike(values[0], values[1])
    if own is not None and own.kind == "same" and not _equal(values[0], values[1]):
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
    return Row(
        shown=shown,
        left_origin=left.origins.get(field.name),
        right_origin=right.origins.get(field.name),
        compared_left=_compared(own.left if own else "", values[0], field.shape),
        compared_right=_compared(own.right if own else "", values[1], field.shape),
        now_left=_moved(own, present, "left"),
        now_right=_moved(own, present, "right"),
        weight=weight,
        weighed=told is not None,
    )


def alike(left: str, right: str) -> tuple[Kind, str]:
    """Sign and word for two values that no comparison of the model weighs alone."""
    if not left or not right:
        return "none", "not known on one side" if left or right else "not known"
    if _equal(left, right):
        return "same", "equal"
    share = SequenceMatcher(None, _plain(left), _plain(right), autojunk=False).ratio()
    return ("near", "similar") if share >= _NEAR else ("differs", "different")


def _compared(compared: str, shown: str, shape: str) -> str:
    """What was compared, when it is not what is shown. Standard names are in capitals: written as names here."""
    parts = [part.strip() for part in compared.split(";") if part.strip()]
    if not parts or any(_equal(part, shown) for part in parts):
        return ""
    return "; ".join(part.title() if shape == "name" else part for part in parts)


def _moved(told: EvidenceRow | None, present: EvidenceRow | None, side: str) -> str:
    """The value as it is now, when it is another one than the one that was compared."""
    if told is None or present is None:
        return ""
    then, today = getattr(told, side), getattr(present, side)
    return "" if then == today else today or "not known any more"


def _equal(left: str, right: str) -> bool:
    return _plain(left) == _plain(right)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
