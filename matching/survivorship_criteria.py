"""The criteria of survivorship: each keeps, of the values told for one field, those that it prefers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from matching.survivorship_values import FieldValue


@dataclass(frozen=True, slots=True)
class Member:
    """One linked source record. `rank` is that of its source system, lower is more trusted; `updated_at` ISO, UTC.

    `verified` names the fields that were checked against a document at this source.
    """

    record_id: int
    source_system: str
    mrn: str
    rank: int
    updated_at: str
    values: Mapping[str, FieldValue]
    verified: frozenset[str] = frozenset()


class Told(NamedTuple):
    """One member's value of the field at hand. A named tuple: thirty are made for each golden record."""

    member: Member
    told: FieldValue
    key: str
    field: str


def _verified(told: list[Told]) -> list[Told]:
    return [one for one in told if one.field in one.member.verified] or told


def _agreement(told: list[Told]) -> list[Told]:
    """The value told by most source systems, then by most records."""
    systems: dict[str, set[str]] = {}
    records: dict[str, int] = {}
    for one in told:
        systems.setdefault(one.key, set()).add(one.member.source_system)
        records[one.key] = records.get(one.key, 0) + 1
    if len(systems) == 1:
        return told
    best = max((len(systems[key]), records[key]) for key in systems)
    return [one for one in told if (len(systems[one.key]), records[one.key]) == best]


def _source_rank(told: list[Told]) -> list[Told]:
    best = min(one.member.rank for one in told)
    return [one for one in told if one.member.rank == best]


def _recency(told: list[Told]) -> list[Told]:
    newest = max(one.member.updated_at for one in told)
    return [one for one in told if one.member.updated_at == newest]


def _completeness(told: list[Told]) -> list[Told]:
    best = max(_parts_told(one) for one in told)
    return [one for one in told if _parts_told(one) == best]


def _parts_told(one: Told) -> int:
    """How much a value tells: parts of an address, a whole date over a year, a name over an initial."""
    value = one.told.value
    if isinstance(value, Mapping):
        return sum(1 for part in value.values() if part)
    if one.field in {"birth_date", "deceased_date"}:
        return len(value)
    return 1 if len(one.key) > 1 else 0


THIN_OUT: dict[str, Callable[[list[Told]], list[Told]]] = {
    "verified": _verified,
    "agreement": _agreement,
    "source_rank": _source_rank,
    "recency": _recency,
    "completeness": _completeness,
}
"""Criterion by its name in the rules."""
