"""One source record as told to its standard form. Pure: same record, same result; no text makes it raise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matching.addresses import read_address
from matching.contacts import standard_email, standard_phone
from matching.dates import standard_birth_date, standard_date
from matching.identifiers import standard_identifiers
from matching.names import NO_NAME, ReadName, read_family, read_name
from matching.newborns import birth_letter
from matching.records import (
    FORMER_USES,
    Address,
    Name,
    PatientRecord,
    StandardAddress,
    StandardName,
    StandardRecord,
    Telecom,
)
from matching.text import to_capitals

STANDARDISER_VERSION = "2"
"""Changes whenever a standard value may change: "nothing changed" is true only under one version."""

_SEXES = {"F": "F", "FEMALE": "F", "WOMAN": "F", "M": "M", "MALE": "M", "MAN": "M"}
# HL7 v2 table 0001 and FHIR AdministrativeGender: told, but no evidence of being one person or two.
_SEXES_WITHOUT_EVIDENCE = frozenset({"", "U", "UNKNOWN", "O", "OTHER", "A", "AMBIGUOUS", "N", "NOT APPLICABLE", "UNK"})
_NO_ADDRESS = StandardAddress()


@dataclass(frozen=True, slots=True)
class ExcessiveValues:
    """SHA-256 hex digests of standard values that occur absurdly often and so carry no evidence.

    `ssns` of nine digits, `phones` and `emails` as `StandardRecord` holds them. Frozen in a model version.
    """

    ssns: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()


NOTHING_EXCESSIVE = ExcessiveValues()


def value_digest(value: str) -> str:
    """The digest under which `ExcessiveValues` holds a standard value."""
    return hashlib.sha256(value.encode()).hexdigest()


def standardise(record: PatientRecord, *, excessive: ExcessiveValues = NOTHING_EXCESSIVE) -> StandardRecord:
    """Standardise one record, dropping what carries no evidence. Raises nothing."""
    removed: list[str] = []
    current, former = _names(record.names, removed)
    birth = standard_birth_date(record.birth_date)
    if birth.removed:
        removed.append(f"birth_date: {birth.removed}")
    deceased = standard_date(record.deceased_date).iso if record.deceased_date else ""
    addresses = _addresses(record.addresses, removed)
    numbers = standard_identifiers(record.identifiers, frozenset(address.state for address in addresses))
    removed.extend(numbers.removed)
    ssn, last4 = numbers.ssn, numbers.ssn_last4
    if ssn and excessive.ssns and value_digest(ssn) in excessive.ssns:
        removed.append("ssn: occurs too often")
        ssn = last4 = ""
    phones, emails = _telecoms(record.telecoms, excessive, removed)
    newborn = current.newborn
    return StandardRecord(
        source_system=record.source_system,
        mrn=record.mrn,
        name=current.name,
        former_names=former,
        newborn=newborn is not None,
        birth_letter=(newborn.birth_letter if newborn else "") or _letter_of_order(record),
        birth_date=birth.iso,
        birth_year=birth.year,
        sex=_sex(record.sex, removed) or (newborn.sex if newborn else ""),
        ssn=ssn,
        ssn_last4=last4,
        addresses=addresses,
        phones=phones,
        emails=emails,
        identifiers=numbers.others,
        deceased_date=deceased,
        mothers_maiden_name=" ".join(read_family(record.mothers_maiden_name)[0].words)
        if record.mothers_maiden_name
        else "",
        removed=tuple(dict.fromkeys(removed)),
    )


def current_name(names: Sequence[Name]) -> Name | None:
    """The name that counts as current: official or usual and not ended first, then any that is not former."""
    told = [name for name in names if name.use != "anonymous"]
    for wanted in (_is_current, _is_official, _is_not_former):
        for name in told:
            if wanted(name):
                return name
    return None


def _is_current(name: Name) -> bool:
    return name.use in {"official", "usual"} and not name.end


def _is_official(name: Name) -> bool:
    return name.use in {"official", "usual"}


def _is_not_former(name: Name) -> bool:
    return name.use not in FORMER_USES


def current_address(addresses: Sequence[Address]) -> Address | None:
    """The first address that is not former and not ended."""
    return next((address for address in addresses if not _is_former_address(address)), None)


def _is_former_address(address: Address) -> bool:
    return address.use == "old" or bool(address.end)


def _names(names: Sequence[Name], removed: list[str]) -> tuple[ReadName, tuple[StandardName, ...]]:
    if len(names) == 1 and _is_official(names[0]):
        read = read_name(names[0])
        removed.extend(read.removed)
        return read, ()
    chosen = current_name(names)
    current = read_name(chosen) if chosen else ReadName()
    removed.extend(current.removed)
    former: list[StandardName] = []
    for name in names:
        if name is chosen:
            continue
        if name.use == "anonymous":
            removed.append("name: anonymous")
            continue
        standard = read_name(name).name
        if standard not in (NO_NAME, current.name) and standard not in former:
            former.append(standard)
    return current, tuple(former)


def _addresses(told: Sequence[Address], removed: list[str]) -> tuple[StandardAddress, ...]:
    standard: list[StandardAddress] = []
    ordered: Iterable[Address] = told if len(told) < 2 else sorted(told, key=_is_former_address)
    for address in ordered:
        read = read_address(address)
        if read.removed:
            removed.append(read.removed)
        if read.address != _NO_ADDRESS and read.address not in standard:
            standard.append(read.address)
    return tuple(standard)


def _telecoms(
    told: Sequence[Telecom], excessive: ExcessiveValues, removed: list[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(phones, e-mails), those not former first; a value that occurs too often goes."""
    phones: list[str] = []
    emails: list[str] = []
    former = [telecom for telecom in told if telecom.use == "old"]
    for telecom in [telecom for telecom in told if telecom.use != "old"] + former if former else told:
        if telecom.kind == "phone":
            (value, why), kept, too_many = standard_phone(telecom.value), phones, excessive.phones
        else:
            (value, why), kept, too_many = standard_email(telecom.value), emails, excessive.emails
        if value and too_many and value_digest(value) in too_many:
            value, why = "", "occurs too often"
        if why:
            removed.append(f"{telecom.kind}: {why}")
        if value and value not in kept:
            kept.append(value)
    return tuple(phones), tuple(emails)


def _sex(told: str, removed: list[str]) -> str:
    text = told if told in _SEXES else to_capitals(told)
    standard = _SEXES.get(text, "")
    if not standard and text not in _SEXES_WITHOUT_EVIDENCE:
        removed.append("sex: not understood")
    return standard


def _letter_of_order(record: PatientRecord) -> str:
    """An order of birth counts for a multiple birth, or when it is not the first: many systems write 1 for all."""
    order = record.birth_order
    if order is None or record.multiple_birth is False or (record.multiple_birth is None and order < 2):
        return ""
    return birth_letter(str(order))
