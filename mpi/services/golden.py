"""Golden demographics: always recomputed from the open links and the steward's overrides, never patched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from matching.records import PatientRecord, StandardRecord, patient_record_from_document
from matching.survivorship import (
    FieldValue,
    Member,
    Override,
    Provenance,
    Survived,
    SurvivorshipRules,
    member_values,
    survive,
)
from mpi import codec, vault
from mpi.models import GoldenOverride, GoldenRecord, GoldenStatus, Link, SourceRecord, SourceSystem
from mpi.services.active_rules import active_rules
from mpi.services.override_value import opened as opened_value
from mpi.services.parse import all_systems
from mpi.services.rows import fetch, instance, stored, table_of

RULES = "rules"
"""Beside the fields, the provenance of a golden record names the version of the rules under this."""
_STANDING = (
    "SELECT source_record_id, golden_record_id FROM mpi_link "
    "WHERE golden_record_id = ANY(%s::bigint[]) AND ended_at IS NULL AND id <> ALL(%s::bigint[])"
)
_OVERRIDES = (
    f"SELECT {table_of(GoldenOverride).selected} FROM mpi_golden_override t "  # noqa: S608  # names of our own models
    "WHERE t.golden_record_id = ANY(%s::bigint[]) AND t.ended_at IS NULL "
    "AND (t.expires_at IS NULL OR t.expires_at > coalesce(%s::timestamptz, clock_timestamp())) ORDER BY t.id"
)


class Surviving(Protocol):
    """What of a golden record is made from its members. A bulk load has rows of its own for it."""

    euid: str
    status: str
    verified: bool
    member_count: int
    values: dict[str, Any]
    provenance: dict[str, Any]
    family_name: str
    given_name: str
    birth_date: str


@dataclass(slots=True)
class Heard:
    """What a transaction has read before it recomputes.

    told       what source records tell, by key
    standards  the standard records of more of them, by key, as they stand
    systems    every source system, by key
    rules      the survivorship rules in force
    links      the open links of golden records that it has locked, as they stood then, by key of the golden record
    """

    told: dict[int, tuple[PatientRecord, StandardRecord]] = field(default_factory=dict, repr=False)
    standards: dict[int, StandardRecord] = field(default_factory=dict, repr=False)
    systems: dict[int, SourceSystem] = field(default_factory=dict)
    rules: SurvivorshipRules | None = None
    links: dict[int, list[Link]] = field(default_factory=dict)


def recompute(
    golden_records: Sequence[GoldenRecord],
    *,
    opened: Iterable[Link],
    ended: set[int],
    records: Mapping[int, SourceRecord],
    heard: Heard | None = None,
    created: Collection[int] = (),
    rules: SurvivorshipRules | None = None,
    heirs: Mapping[int, GoldenRecord] | None = None,
    now: datetime | None = None,
) -> Iterator[tuple[GoldenRecord, set[str]]]:
    """Bring values, provenance, member count and status of locked golden records up to date, in memory.

    `opened` are links of this transaction that are not written yet, `ended` the keys of those that are
    ended but not written, `records` source records as they will be written, `heard` what this transaction has read of
    them already, `created` golden records that this transaction makes, `rules` those to choose by, the active ones if
    none are given, `heirs` the golden records whose overrides go over to that of the key (a preview), `now` the time
    at which overrides must be in force, that of the transaction: one that ends while it is at work counts. Yields each
    golden record with the names of what changed. Cost: one query for the rules and two for any number of golden
    records, none for created ones; one more for the systems and one for the links that are not heard of.
    """
    keys = [golden.pk for golden in golden_records if golden.pk not in created]
    heard = heard or Heard()
    owner = _standing(keys, ended, heard.links)
    owner |= {link.source_record_id: link.golden_record_id for link in opened if link.ended_at is None}
    members = _members(owner, records, heard.standards.keys())
    euids = {golden.pk: golden.euid for golden in golden_records if golden.pk not in created}
    overrides = _overrides(euids, heirs, now=now)
    rules = rules or heard.rules or active_rules()
    systems = heard.systems or {system.pk: system for system in all_systems().values()}
    for golden in golden_records:
        before = (golden.values, golden.provenance, golden.status)
        own = [
            _member(record, systems[record.source_system_id], rules, _told(record, heard))
            for record in members[golden.pk]
        ]
        settle(golden, own, rules, overrides[golden.pk])
        yield golden, changes(before, golden)


def settle(
    golden: Surviving, members: Sequence[Member], rules: SurvivorshipRules, overrides: Sequence[Override] = ()
) -> None:
    """Put the survived values, their provenance, the member count and the status into the golden record."""
    golden.member_count = len(members)
    if members:
        _put(golden, survive(members, rules, overrides))
        golden.provenance[RULES] = rules.version
    _put_status(golden, {member.source_system for member in members})


def _standing(golden_ids: Sequence[int], ended: set[int], heard: Mapping[int, list[Link]]) -> dict[int, int]:
    """The golden record of each source record that had a link before this transaction and still has it."""
    unheard = [pk for pk in golden_ids if pk not in heard]
    owner: dict[int, int] = dict(fetch(_STANDING, unheard, list(ended))) if unheard else {}
    known = (link for pk in golden_ids for link in heard.get(pk, ()))
    return owner | {link.source_record_id: link.golden_record_id for link in known if link.pk not in ended}


def _members(
    owner: Mapping[int, int], records: Mapping[int, SourceRecord], heard: Collection[int]
) -> dict[int, list[SourceRecord]]:
    """Of those `heard` of, what is heard is not read again."""
    unknown = owner.keys() - records.keys()
    known = {**stored(SourceRecord, [pk for pk in unknown if pk not in heard]), **records}
    known |= stored(SourceRecord, [pk for pk in unknown if pk in heard], but=("standard", "ssn_cipher"))
    members: dict[int, list[SourceRecord]] = defaultdict(list)
    for record_id, golden_id in owner.items():
        members[golden_id].append(known[record_id])
    return members


def _told(record: SourceRecord, heard: Heard) -> tuple[PatientRecord, StandardRecord]:
    if (told := heard.told.get(record.pk)) is not None:
        return told
    standard = heard.standards.get(record.pk) or codec.standard_record(record)
    return patient_record_from_document(record.told), standard


def _overrides(
    euids: Mapping[int, str], heirs: Mapping[int, GoldenRecord] | None = None, *, now: datetime | None = None
) -> dict[int, list[Override]]:
    """Overrides in force of golden records by key, whose EUIDs are told; an SSN in clear, in memory only."""
    found: dict[int, list[Override]] = defaultdict(list)
    if heirs:
        found = _overrides({**euids, **{other.pk: other.euid for other in heirs.values()}}, now=now)
        for key, other in heirs.items():
            own = {override.field for override in found[key]}
            found[key] += [override for override in found[other.pk] if override.field not in own]
        return found
    for told in fetch(_OVERRIDES, list(euids), now) if euids else ():
        row = instance(GoldenOverride, told)
        until = row.expires_at.astimezone(UTC).isoformat() if row.expires_at else ""
        value = opened_value(row.field, row.value, euids[row.golden_record_id])
        found[row.golden_record_id].append(Override(row.field, value, row.reason, row.actor_id, until))
    return found


def _member(
    record: SourceRecord, system: SourceSystem, rules: SurvivorshipRules, told: tuple[PatientRecord, StandardRecord]
) -> Member:
    """One source record as survivorship sees it; its SSN in clear, in memory only."""
    patient, standard = told
    values = member_values(patient, standard)
    values.pop("ssn", None)
    if standard.ssn and record.ssn_index:
        values["ssn"] = FieldValue(value=standard.ssn, key=bytes(record.ssn_index).hex())
    moment = record.effective_at or record.recorded_at
    return Member(
        record_id=record.pk,
        source_system=system.code,
        mrn=record.mrn,
        rank=rules.rank_of(system.code, system.rank),
        updated_at=moment.astimezone(UTC).isoformat(),
        values=values,
        verified=frozenset(patient.verified.split()),
    )


def _put(golden: Surviving, survived: Survived) -> None:
    values: dict[str, Any] = dict(survived.values)
    provenance: dict[str, Any] = {}
    shared: dict[int, dict[str, Any]] = {}  # most fields have their provenance in common
    for name, source in survived.provenance.items():
        if id(source) not in shared:
            shared[id(source)] = _provenance(source)
        provenance[name] = shared[id(source)]
    if "ssn" in values:
        values["ssn"], provenance["ssn"] = _sealed_ssn(golden, str(values["ssn"]), provenance["ssn"])
    golden.values = values
    golden.provenance = provenance
    golden.family_name = codec.search_name(str(values.get("family_name", "")))
    golden.given_name = codec.search_name(str(values.get("given_name", "")))
    golden.birth_date = str(values.get("birth_date", ""))[:10]


def _provenance(source: Provenance) -> dict[str, Any]:
    """As JSON holds it. The usual one is told by hand: `orjson` needs seven times as long for a dataclass."""
    if source.losing or source.override is not None:
        return orjson.loads(orjson.dumps(source))  # type: ignore[no-any-return]
    return {
        "record_id": source.record_id,
        "source_system": source.source_system,
        "mrn": source.mrn,
        "criterion": source.criterion,
        "agreeing": list(source.agreeing),
        "losing": [],
        "override": None,
    }


def _sealed_ssn(golden: Surviving, ssn: str, source: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The SSN encrypted for this golden record; the old ciphertext stays while the number is the same."""
    index = vault.blind_index("ssn", ssn).hex()
    source = {**source, "index": index, "losing": [_without_value(losing) for losing in source.get("losing", ())]}
    if source.get("override"):
        source["override"] = _without_value(source["override"])
    if golden.provenance.get("ssn", {}).get("index") == index:
        return golden.values["ssn"], source
    return vault.encrypt_text(ssn, field="golden-ssn", record=golden.euid), source


def _without_value(losing: dict[str, Any]) -> dict[str, Any]:
    return {name: told for name, told in losing.items() if name not in {"value", "key"}}


def _put_status(golden: Surviving, systems: set[str]) -> None:
    """Provisional until a second source agrees or a steward verified it; retired without members."""
    if golden.status == GoldenStatus.MERGED:
        return
    if not systems:
        golden.status = GoldenStatus.RETIRED
    elif golden.verified or len(systems) > 1:
        golden.status = GoldenStatus.CONFIRMED
    else:
        golden.status = GoldenStatus.PROVISIONAL


def changes(before: tuple[dict[str, Any], dict[str, Any], str], golden: Surviving) -> set[str]:
    """What is another than before. That other rules chose the same, from the same, is no change to be told."""
    values, provenance, status = before
    changed = {name for name in values.keys() | golden.values.keys() if values.get(name) != golden.values.get(name)}
    if status != golden.status:
        changed.add("status")
    if {**provenance, RULES: ""} != {**golden.provenance, RULES: ""}:
        changed.add("provenance")
    return changed
