"""The numbers of a person: MRNs of the source systems and other identifiers, each once, protected ones masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpi import codec
from mpi.models import Link


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the person: an MRN of a source system or another identifier, protected ones masked.

    `records` are (key, name of the source system) of the source records that tell it.
    """

    kind: str
    value: str
    records: tuple[tuple[int, str], ...]
    former: bool


_KINDS = {"SS": "SSN", "SSN": "SSN", "MB": "Member number", "DL": "Driving licence", "PPN": "Passport"}


def number_kind(authority: str, kind: str) -> str:
    """What a number is, with who gave it out (HL7 table 0203 types in words where they are common)."""
    word = _KINDS.get(kind.upper(), kind)
    return word if word == "SSN" else f"{word}, {authority}".strip(", ")


def numbers(links: Sequence[Link]) -> tuple[Number, ...]:
    """MRNs and other identifiers as told, each once, protected values masked. No query."""
    found: dict[tuple[str, str, bool], dict[int, str]] = {}
    for link in links:
        record = link.source_record
        system = record.source_system.name
        found.setdefault((f"MRN, {system}", record.mrn, False), {})[record.pk] = system
    for link in links:
        record = link.source_record
        for part in codec.masked_told(record).identifiers:
            key = (number_kind(part.authority, part.type), part.value, part.use == "old")
            found.setdefault(key, {})[record.pk] = record.source_system.name
    return tuple(Number(kind, value, tuple(by.items()), former) for (kind, value, former), by in found.items())
