"""The two record types of the engine: as told, and standardised. They are never mixed.

A `PatientRecord` is what one source system says, word for word. `standardise` turns it into a
`StandardRecord`; blocking, comparison and policy accept nothing else, so that a raw value can
never be compared by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from operator import itemgetter
from typing import Any, Literal, TypeVar

NameUse = Literal["official", "usual", "nickname", "maiden", "old", "alias", "anonymous"]
AddressUse = Literal["home", "work", "temp", "old", "billing"]
TelecomUse = Literal["home", "work", "mobile", "old"]
IdentifierUse = Literal["official", "usual", "secondary", "old"]

SSN_AUTHORITY = "SSA"
"""Assigning authority namespace of United States social security numbers."""

FORMER_USES = frozenset({"maiden", "old"})
"""Uses that mark a value as former. A former value still matches, but is never survived as current."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name as told. `text` is a single-string name that no part was given for."""

    family: str = ""
    given: str = ""
    middle: str = ""
    suffix: str = ""
    prefix: str = ""
    text: str = ""
    use: NameUse = "official"
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """One address as told. `street` may hold several lines separated by a newline."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    use: AddressUse = "home"
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Telecom:
    """One phone number or e-mail address as told."""

    kind: Literal["phone", "email"]
    value: str
    use: TelecomUse = "home"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier other than the record's own MRN: (assigning authority, value, type).

    `type` is a code of HL7 table 0203 (SS, DL, PPN, MB, MR, ...).
    """

    authority: str
    value: str
    type: str = ""
    use: IdentifierUse = "official"


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """What one source system says of a patient, as told. Nothing here is cleaned.

    The first name, address and telecom of a kind that is not former is the current one.
    `birth_date`, `deceased_date` are the sender's text; "" is *not told*. `verified` names the survived fields that the
    source checked against a document, sorted, with spaces between.
    """

    source_system: str
    mrn: str
    names: tuple[Name, ...] = ()
    birth_date: str = ""
    sex: str = ""
    addresses: tuple[Address, ...] = ()
    telecoms: tuple[Telecom, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    deceased_date: str = ""
    multiple_birth: bool | None = None
    birth_order: int | None = None
    mothers_maiden_name: str = ""
    facility: str = ""
    registrar: str = ""
    verified: str = ""


@dataclass(frozen=True, slots=True)
class StandardName:
    """A name in capitals A-Z and single spaces, suffix and title taken out; "" is unknown.

    `family_parts` are the pieces of a double surname (without particles), () for a plain one.
    """

    given: str = ""
    middle: str = ""
    family: str = ""
    suffix: str = ""
    family_parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StandardAddress:
    """USPS Pub 28 form: `street` without the unit. A PO box is a street.

    `zip5` holds the first five digits of a ZIP code, another country's postal code as told, or "".
    """

    street: str = ""
    unit: str = ""
    city: str = ""
    state: str = ""
    zip5: str = ""


@dataclass(frozen=True, slots=True)
class StandardRecord:
    """A record ready for blocking and comparison: only values that can carry evidence.

    Placeholders, defaults and impossible values are gone from here (they stay in the
    PatientRecord); `removed` says which and why, e.g. ("ssn: placeholder",), never the value.

    name            current name
    former_names    maiden, old, alias and nickname names that were told, in order told
    newborn         the given name was a newborn name (BABY BOY ...) and is therefore empty
    birth_letter    "A"/"B"/"1"/"2" of a multiple birth told in a newborn name or order, or ""
    birth_date      ISO YYYY-MM-DD, or "" ; `birth_year` alone is kept when only it is known
    sex             "F", "M" or ""
    ssn             nine digits, valid and not a placeholder, or ""
    ssn_last4       last four digits of ssn, or the four told alone
    addresses       current first, then former
    phones          national significant number digits (E.164 digits where not US), current first
    emails          lower case, current first
    identifiers     (authority, type, value) that are strong: sorted, upper case, no punctuation
    """

    source_system: str = ""
    mrn: str = ""
    name: StandardName = StandardName()
    former_names: tuple[StandardName, ...] = ()
    newborn: bool = False
    birth_letter: str = ""
    birth_date: str = ""
    birth_year: str = ""
    sex: str = ""
    ssn: str = ""
    ssn_last4: str = ""
    addresses: tuple[StandardAddress, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str, str], ...] = ()
    deceased_date: str = ""
    mothers_maiden_name: str = ""
    removed: tuple[str, ...] = ()


_REPEATED = {"names": Name, "addresses": Address, "telecoms": Telecom, "identifiers": Identifier}
_Kind = TypeVar("_Kind", Name, Address, Telecom, Identifier, PatientRecord)


def patient_record_from_document(document: Mapping[str, object]) -> PatientRecord:
    """Read the stored JSON form back (the inverse of `dataclasses.asdict`); unknown keys are ignored."""
    repeated = {name: _parts(kind, document.get(name)) for name, kind in _REPEATED.items()}
    return _read(PatientRecord, {**document, **repeated})


def _parts(kind: type[_Kind], told: object) -> tuple[_Kind, ...]:
    return tuple([_read(kind, item) for item in told]) if isinstance(told, list) else ()


def _read(kind: type[_Kind], told: Mapping[str, Any]) -> _Kind:
    """By place where nothing is missing, as in what is written now: that takes a third of the time."""
    names, take = _shape(kind)  # type: ignore[arg-type]  # a class is hashable
    try:
        return kind(*take(told))
    except KeyError:
        return kind(**{name: told[name] for name in names if name in told})


@cache
def _shape(kind: type) -> tuple[tuple[str, ...], Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    return names, itemgetter(*names)
