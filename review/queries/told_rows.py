"""Two tellings of one source record in aligned rows: the record as trusted, and an update that waits.

Pure: records as told with protected numbers masked, and the engine's evidence of the pair, in; rows out. The words of a
row come from the evidence where one comparison of the model weighs that field alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from matching.records import SSN_AUTHORITY, Address, PatientRecord, StandardRecord
from mpi.queries.evidence import Evidence, EvidenceRow
from mpi.queries.numbers import number_kind
from review.queries.people import plain_number, value_text
from review.wording import GENERIC, alike


@dataclass(frozen=True, slots=True)
class Telling:
    """One side: `told` as told, masked; `standard` as the engine reads it (for its unmistakable birth date)."""

    told: PatientRecord
    standard: StandardRecord


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the page. `optional`: left out where neither side tells it; `comparison`: what weighs it alone;
    `sort`: by which words two values are told apart."""

    label: str
    shape: str
    value: Callable[[Telling], str]
    comparison: str = ""
    optional: bool = False
    sort: str = "text"


def told_rows(left: Telling, right: Telling, evidence: Evidence) -> tuple[EvidenceRow, ...]:
    """The rows of both tellings, in reading order; several values of one row are joined by "; "."""
    weighed = {row.comparison: row for row in evidence.rows}
    made = (_row(line, line.value(left), line.value(right), weighed) for line in _LINES)
    return tuple(row for row in made if row is not None)


def _row(line: _Line, left: str, right: str, weighed: Mapping[str, EvidenceRow]) -> EvidenceRow | None:
    if line.optional and not left and not right:
        return None
    kind, words = alike(left, right, line.sort)
    own = weighed.get(line.comparison)
    if own is not None and left and right:
        detail = f"; {words}" if line.sort != "text" and kind == "near" and words not in GENERIC else ""
        kind = "near" if own.kind == "same" and left.casefold() != right.casefold() else own.kind
        words = own.words if own.words.casefold() in words.casefold() else f"{own.words}{detail}"
    dates = all(not value or value[:4].isdigit() for value in (left, right))
    shape = "text" if line.shape == "date" and not dates else line.shape
    return EvidenceRow(line.comparison, line.label, left, right, shape, kind, words, own.bits if own else 0.0)


def _name(part: str) -> Callable[[Telling], str]:
    """A part of the first name told; a name told as one text stands as the family name."""

    def value(side: Telling) -> str:
        if not side.told.names:
            return ""
        first = side.told.names[0]
        return _one(str(getattr(first, part)) or (first.text if part == "family" and not first.given else ""))

    return value


def _other_names(side: Telling) -> str:
    named = (", ".join(part for part in (name.family, name.given) if part) or name.text for name in side.told.names[1:])
    return "; ".join(map(_one, named))


def _birth_date(side: Telling) -> str:
    return side.standard.birth_date or _one(side.told.birth_date)


def _addresses(side: Telling) -> str:
    return "; ".join(_address(address) for address in side.told.addresses)


def _address(address: Address) -> str:
    former = " (former)" if address.use == "old" else ""
    return f"{_one(value_text(asdict(address)))}{former}"


def _telecoms(kind: str) -> Callable[[Telling], str]:
    def value(side: Telling) -> str:
        found = (part.value for part in side.told.telecoms if part.kind == kind)
        return "; ".join(_one(plain_number(part, kind)) for part in found)

    return value


def _ssn(side: Telling) -> str:
    return "; ".join(part.value for part in side.told.identifiers if part.authority == SSN_AUTHORITY)


def _numbers(side: Telling) -> str:
    found = (part for part in side.told.identifiers if part.authority != SSN_AUTHORITY)
    return "; ".join(_one(f"{number_kind(part.authority, part.type)} {part.value}") for part in found)


def _one(value: str) -> str:
    """One value of a row: the sign that separates values must not stand in it."""
    return value.replace(";", ",").strip()


_LINES = (
    _Line("Given name", "name", _name("given"), "given", sort="name"),
    _Line("Middle name", "name", _name("middle"), "middle", optional=True, sort="name"),
    _Line("Family name", "name", _name("family"), sort="name"),
    _Line("Suffix", "text", _name("suffix"), optional=True),
    _Line("Other names", "name", _other_names, optional=True),
    _Line("Born", "date", _birth_date, "birth_date", sort="date"),
    _Line("Sex", "sex", lambda side: _one(side.told.sex), "sex"),
    _Line("SSN", "ssn", _ssn, "ssn"),
    _Line("Address", "text", _addresses, sort="address"),
    _Line("Phone", "house", _telecoms("phone"), sort="digits"),
    _Line("E-mail", "text", _telecoms("email"), optional=True, sort="email"),
    _Line("Other numbers", "text", _numbers, optional=True),
    _Line("Died", "text", lambda side: _one(side.told.deceased_date), optional=True),
    _Line("Mother's maiden name", "name", lambda side: _one(side.told.mothers_maiden_name), optional=True),
)
