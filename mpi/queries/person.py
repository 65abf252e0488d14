"""The golden record page: the banner, demographics with their provenance, members.

Each function is one query (or none) whatever the number of members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from mpi import codec
from mpi.models import GoldenRecord, Link, SourceRecord

LABELS: Mapping[str, tuple[str, str]] = {
    "family_name": ("Family name", "name"),
    "given_name": ("Given name", "name"),
    "middle_name": ("Middle name", "name"),
    "suffix": ("Suffix", "text"),
    "birth_date": ("Born", "date"),
    "sex": ("Sex", "sex"),
    "deceased_date": ("Died", "date"),
    "address": ("Address", "address"),
    "phone": ("Phone", "phone"),
    "email": ("E-mail", "text"),
    "ssn": ("SSN", "ssn"),
    "previous_family_name": ("Previous family name", "name"),
    "mothers_maiden_name": ("Mother's maiden name", "name"),
}
"""Golden field to (label, shape), in the order of the page; a field not named here follows under its own name."""

_OPTIONAL = frozenset({"suffix", "deceased_date", "previous_family_name", "mothers_maiden_name"})
"""Fields that are shown only when known: for most people there is none."""

_RULES = {
    "verified": "checked against a document",
    "agreement": "told by most sources",
    "source_rank": "most trusted source",
    "recency": "newest record",
    "completeness": "most complete",
    "only": "only value told",
    "override": "set by a steward",
    "former": "the others are former names",
    "newborn": "the others are newborn names",
    "record_id": "a tie; the older record stands",
}
"""Criterion of survivorship (see `matching.survivorship.Provenance`) in words."""

_ORIGINS = {
    "first": "first record of this person",
    "engine": "linked by the engine",
    "steward": "linked by a steward",
    "merge": "came with a merge",
    "undo": "restored by an undo",
}


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands on top of every page of a person."""

    euid: str
    status: str
    name: Mapping[str, str]
    birth_date: str
    sex: str
    deceased_date: str
    former_names: tuple[FormerName, ...] = ()


@dataclass(frozen=True, slots=True)
class FormerName:
    """A name the person had or is also known by; `use_words` says which."""

    use_words: str
    name: object


@dataclass(frozen=True, slots=True)
class LosingValue:
    """A value that another one was preferred to, and who still says it."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class GoldenField:
    """One survived value: who says it, why it won, what lost. `value` is None when nobody knows it.

    `told_at` is when the record that gave it was last told: the source's own time where it gave one, else ours.
    Of a value that a steward has set also `by` whom, for what `reason`, and `until` when, None for ever.
    """

    key: str
    label: str
    shape: str
    value: Any
    source: str
    record_id: int | None
    rule: str
    agreeing: int
    reason: str
    losing: tuple[LosingValue, ...]
    is_override: bool = False
    by: str = ""
    until: datetime | None = None
    told_at: datetime | None = None


def banner(golden: GoldenRecord, members: Sequence[Link] = ()) -> Banner:
    """The banner; former names come from the members as told. No query."""
    values = golden.values
    return Banner(
        euid=golden.euid,
        status=golden.status,
        name=_name_of(values),
        birth_date=str(values.get("birth_date") or ""),
        sex=str(values.get("sex") or ""),
        deceased_date=str(values.get("deceased_date") or ""),
        former_names=tuple(_former_names(values, members)),
    )


def _name_of(values: Mapping[str, Any]) -> dict[str, str]:
    parts = {"family": "family_name", "given": "given_name", "middle": "middle_name", "suffix": "suffix"}
    return {part: str(values.get(key) or "") for part, key in parts.items()}


_USES = {"maiden": "Born", "old": "Formerly", "alias": "Also", "nickname": "Known as", "usual": "Known as"}


def _former_names(values: Mapping[str, Any], members: Iterable[Link]) -> Iterable[FormerName]:
    seen = {(str(values.get("family_name") or "").upper(), str(values.get("given_name") or "").upper())}
    for link in members:
        for name in link.source_record.told.get("names", ()):
            use = _USES.get(name.get("use", ""))
            family = name.get("family") or str(values.get("family_name") or "")
            given = name.get("given") or str(values.get("given_name") or "")
            key = (family.upper(), given.upper())
            if use and key not in seen:
                seen.add(key)
                yield FormerName(use, {**name, "family": family, "given": given})


def members(golden: GoldenRecord) -> list[Link]:
    """The open links with their records, systems and decisions, trusted systems first. One query."""
    found = _open_links().filter(golden_record=golden)
    return list(found.order_by("source_record__source_system__rank", "source_record_id"))


def _open_links() -> QuerySet[Link, Link]:
    related = ("source_record__source_system__authority", "decision", "model_version")
    return (
        Link.objects.filter(ended_at__isnull=True)
        .select_related(*related)
        .defer("decision__evidence", "model_version__document")
    )


def origin_words(link: Link) -> str:
    """Why the link stands, in words."""
    return _ORIGINS.get(link.origin, link.origin)


def fields(golden: GoldenRecord, links: Sequence[Link]) -> tuple[GoldenField, ...]:
    """The survived values in page order. No query."""
    return fields_of(golden, {link.source_record_id: link.source_record for link in links})


def fields_of(golden: GoldenRecord, records: Mapping[int, SourceRecord]) -> tuple[GoldenField, ...]:
    """The same, of a golden record or a version of one; `records` are its members, or versions of them, by key."""
    numbers = losing_numbers(golden, records)
    values = codec.golden_values(golden)
    others = [key for key in values if key not in LABELS]
    return tuple(
        _field(key, values.get(key), golden.provenance.get(key) or {}, records, numbers)
        for key in (*LABELS, *others)
        if values.get(key) or key not in _OPTIONAL
    )


def losing_numbers(golden: GoldenRecord, records: Mapping[int, SourceRecord]) -> dict[int, str]:
    """SSNs that did not survive, masked, by the key of the record that tells each. No query."""
    losing = (golden.provenance.get("ssn") or {}).get("losing") or ()
    told = [records[pk] for loser in losing for pk in loser["record_ids"] if pk in records]
    return {record.id: codec.mask(codec.decrypt_ssn(record.ssn_cipher, record.uuid)) for record in told}


def _field(
    key: str,
    value: Any,
    provenance: Mapping[str, Any],
    records: Mapping[int, SourceRecord],
    numbers: Mapping[int, str],
) -> GoldenField:
    label, shape = LABELS.get(key, (key.replace("_", " ").capitalize(), "text"))
    record_id = provenance.get("record_id")
    giver = records.get(record_id or 0)
    override = provenance.get("override") or {}
    systems = {pk: record.source_system.name for pk, record in records.items()}
    return GoldenField(
        key=key,
        label=label,
        shape=shape,
        value=value or None,
        source=giver.source_system.name if giver else str(provenance.get("source_system") or ""),
        record_id=record_id,
        rule=_RULES.get(provenance.get("criterion", ""), ""),
        agreeing=len(provenance.get("agreeing") or ()),
        reason=str(override.get("reason", "")),
        is_override=provenance.get("criterion") == "override",
        by=str(override.get("by", "")),
        until=datetime.fromisoformat(override["until"]) if override.get("until") else None,
        told_at=(giver.effective_at or giver.recorded_at) if giver else None,
        losing=tuple(
            LosingValue(_losing_value(loser, shape, numbers), _sources(loser.get("record_ids") or (), systems))
            for loser in provenance.get("losing") or ()
        ),
    )


def _sources(record_ids: Iterable[int], systems: Mapping[int, str]) -> str:
    return ", ".join(dict.fromkeys(systems[record_id] for record_id in record_ids if record_id in systems))


def _losing_value(loser: Mapping[str, Any], shape: str, numbers: Mapping[int, str]) -> Any:
    """What lost; of an SSN the last four. One that a steward's took the place of is told by no losing record."""
    if shape != "ssn":
        return loser.get("value")
    return next((numbers[pk] for pk in loser.get("record_ids") or () if pk in numbers), "another number")


def merged_into_this(golden: GoldenRecord) -> tuple[str, ...]:
    """EUIDs that lead here. One query."""
    return tuple(GoldenRecord.objects.filter(merged_into=golden).order_by("pk").values_list("euid", flat=True))
