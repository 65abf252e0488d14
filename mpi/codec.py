"""Between the engine's record types and what is stored: protected values are encrypted on the way in.

Stored documents are JSON of the dataclasses. Values of government identifiers never stand in them
in clear: in `told` they are ciphertexts, in `standard` blind indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cache, lru_cache
from operator import attrgetter, itemgetter
from typing import Any

import orjson
from anyascii import anyascii

from matching.records import (
    SSN_AUTHORITY,
    Address,
    Identifier,
    Name,
    PatientRecord,
    StandardAddress,
    StandardName,
    StandardRecord,
    Telecom,
    patient_record_from_document,
)
from mpi import vault
from mpi.models import Decision, GoldenRecord, SourceRecord
from mpi.packing import packed, unpacked

_OFTEN_SAME = 512
"""Bytes below which a decision document has no evidence in it."""
_REPEATED = ("names", "addresses", "telecoms", "identifiers")
PROTECTED_TYPES = frozenset({"SS", "SSN", "ITIN", "TAX", "PPN", "DL", "NI", "MB"})
"""HL7 table 0203 types whose values are encrypted at rest."""


def is_protected(authority: str, kind: str) -> bool:
    """Whether the value of such an identifier must never be stored in clear."""
    return authority == SSN_AUTHORITY or kind.upper() in PROTECTED_TYPES


def told_document(record: PatientRecord, record_uuid: object) -> dict[str, Any]:
    """The record as told, as a JSON document, with protected values encrypted for this source record."""
    return _sealed(plain_record(record), record_uuid)


def sealed_document(plain: dict[str, Any], record_uuid: object) -> bytes:
    """The same written out, of a record in the plain form of `plain_record`, which is changed."""
    return orjson.dumps(_sealed(plain, record_uuid))


def _sealed(plain: dict[str, Any], record_uuid: object) -> dict[str, Any]:
    for part in plain["identifiers"]:
        if is_protected(part["authority"], part["type"]):
            part["value"] = vault.encrypt_text(part["value"], field="identifier", record=str(record_uuid))
    return plain


def plain_record(record: PatientRecord) -> dict[str, Any]:
    """The record as plain JSON: `orjson` reads dictionaries in half the time that slotted dataclasses take."""
    told = _plain(record)
    for name in _REPEATED:
        told[name] = [_plain(part) for part in told[name]]
    return told


def _plain(value: PatientRecord | Name | Address | Telecom | Identifier | StandardRecord) -> dict[str, Any]:
    names, take = _shape(type(value))  # type: ignore[arg-type]  # a class is hashable
    return dict(zip(names, take(value), strict=True))


@cache
def _shape(kind: type) -> tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)


def told_record(source_record: SourceRecord) -> PatientRecord:
    """The record as told, in clear: only for matching and for acts that are allowed to see it."""
    return _revealed(source_record, lambda value: value)


def masked_told(source_record: SourceRecord) -> PatientRecord:
    """The record as told for a page or an answer: of protected values only the last four characters."""
    return _revealed(source_record, mask)


def _revealed(source_record: SourceRecord, show: Any) -> PatientRecord:
    record = patient_record_from_document(source_record.told)
    shown = tuple(_shown(part, source_record, show) for part in record.identifiers)
    return replace(record, identifiers=shown)


def _shown(part: Identifier, source_record: SourceRecord, show: Any) -> Identifier:
    if not vault.is_encrypted(part.value):
        return part
    return replace(part, value=show(vault.decrypt_text(part.value, field="identifier", record=str(source_record.uuid))))


def mask(value: str) -> str:
    """•••-••-8801 for an SSN, •••8801 for another number; shorter values are hidden whole."""
    kept = "".join(char for char in value if char.isalnum())
    if len(kept) < 6:
        return "••••"
    return f"•••-••-{kept[-4:]}" if len(kept) == 9 and kept.isdigit() else f"•••{kept[-4:]}"


def protected_standard(standard: StandardRecord) -> StandardRecord:
    """The standard record with blind indexes instead of protected identifier values: equal stays equal."""
    if not standard.identifiers:
        return standard
    hidden = tuple(
        (authority, kind, vault.blind_index(f"{authority}|{kind}", value).hex())
        if is_protected(authority, kind)
        else (authority, kind, value)
        for authority, kind, value in standard.identifiers
    )
    return replace(standard, identifiers=tuple(sorted(hidden)))


def standard_document(standard: StandardRecord) -> bytes:
    """The (protected) standard record as JSON, without the SSN and its last four."""
    return orjson.dumps(_plain(standard) | {"ssn": "", "ssn_last4": ""})


def ssn_of(standard: StandardRecord) -> str:
    """What is stored of an SSN: nine digits, or the last four alone, or ""."""
    return standard.ssn or standard.ssn_last4


def encrypt_ssn(value: str, record_uuid: object) -> tuple[bytes | None, bytes | None]:
    """(ciphertext, blind index) of a standardised SSN, or (None, None)."""
    if not value:
        return None, None
    return vault.encrypt(value.encode(), field="ssn", record=str(record_uuid)), vault.blind_index("ssn", value)


def decrypt_ssn(cipher: bytes | memoryview | None, record_uuid: object) -> str:
    """The standardised SSN, or "". Raises VaultError."""
    return vault.decrypt(cipher, field="ssn", record=str(record_uuid)).decode() if cipher else ""


def standard_record(source_record: SourceRecord) -> StandardRecord:
    """The stored standard record, with its SSN in clear, in memory only."""
    return standard_from_document(source_record.standard, decrypt_ssn(source_record.ssn_cipher, source_record.uuid))


def stored_standard(
    standard: str | bytes, ssn_cipher: bytes | memoryview | None, record_uuid: object
) -> StandardRecord:
    """As `standard_record`, from the columns as they come from the database (JSON as text)."""
    return standard_from_document(orjson.loads(standard), decrypt_ssn(ssn_cipher, record_uuid))


def standard_from_document(document: Mapping[str, Any], ssn: str) -> StandardRecord:
    """Read the stored JSON form back. By place, not by name: every candidate of every search comes through here."""
    system, mrn, name, former, newborn, letter, date, year, sex, _, _, *parts = _in_order(StandardRecord)(document)
    addresses, phones, emails, identifiers, deceased, mothers_name, removed = parts
    place = _in_order(StandardAddress)
    return StandardRecord(
        system,
        mrn,
        _name(name),
        tuple([_name(one) for one in former]),
        newborn,
        letter,
        date,
        year,
        sex,
        ssn if len(ssn) == 9 else "",
        ssn[-4:],
        tuple([StandardAddress(*place(one)) for one in addresses]),
        tuple(phones),
        tuple(emails),
        tuple([(authority, kind, value) for authority, kind, value in identifiers]),
        deceased,
        mothers_name,
        tuple(removed),
    )


def _name(document: Mapping[str, Any]) -> StandardName:
    given, middle, family, suffix, family_parts = _in_order(StandardName)(document)
    return StandardName(given, middle, family, suffix, tuple(family_parts))


@cache
def _in_order(kind: type) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Reads the members of a stored document in the order of the class's fields."""
    return itemgetter(*(field.name for field in fields(kind)))


def seal_evidence(document: Mapping[str, object], decision_uuid: object) -> bytes:
    """A decision document, compressed and encrypted for storage."""
    plain = orjson.dumps(document)
    short = _packed(plain) if len(plain) < _OFTEN_SAME else packed(plain)
    return vault.encrypt(short, field="decision", record=str(decision_uuid))


@lru_cache(maxsize=64)
def _packed(plain: bytes) -> bytes:
    """Decisions that considered nobody are all alike."""
    return packed(plain)


def decision_evidence(decision: Decision) -> dict[str, Any]:
    """The decision document as it was at decision time."""
    plain = vault.decrypt(decision.evidence, field="decision", record=str(decision.uuid))
    return orjson.loads(unpacked(plain))  # type: ignore[no-any-return]


def golden_values(golden: GoldenRecord) -> dict[str, Any]:
    """The survived values for a page or an answer: an SSN as its last four only."""
    shown = dict(golden.values)
    if ssn := shown.get("ssn"):
        shown["ssn"] = mask(vault.decrypt_text(ssn, field="golden-ssn", record=golden.euid))
    return shown


@lru_cache(maxsize=65_536)
def search_name(shown: str) -> str:
    """A name as the search index holds it: ASCII capitals, letters and single spaces only."""
    folded = anyascii(shown).upper()
    return " ".join("".join(char if char.isalpha() else " " for char in folded).split())[:120]
