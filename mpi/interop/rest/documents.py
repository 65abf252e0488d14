"""Facts → JSON documents. Nothing secret leaves through here: an SSN is masked, ciphertexts and indexes stay inside.

Enumerated ids of the database never leave either: golden records are named by EUID, source records by
(source system, MRN), everything else by UUID. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from matching.evidence import read_evidence
from matching.records import PatientRecord
from mpi import codec
from mpi.euid import grouped
from mpi.models import Decision, GoldenRecord, IdentityEvent, Link, PotentialMatch, SourceRecord
from mpi.queries import rest_records
from mpi.queries.as_of import MemberThen, losing_records
from mpi.queries.person import losing_numbers
from mpi.queries.survivorship import FIRST_RULES
from mpi.services.as_of import AsOf
from mpi.services.golden import RULES

Document = dict[str, Any]
_KEPT_INSIDE = frozenset({"index", "key", "record_id", "agreeing"})


def golden_document(golden: GoldenRecord, passed: Sequence[str] = (), *, instant: datetime | None = None) -> Document:
    """A live golden record, or a version of one that stood at an instant. One query where values have lost.

    `passed` are the merged EUIDs on the way to it, the asked one first.
    """
    return {
        "euid": grouped(golden.euid),
        "requested_euid": grouped(passed[0] if passed else golden.euid),
        "merged_into": grouped(golden.euid) if passed else None,
        "status": golden.status,
        "version": golden.version,
        "verified": golden.verified,
        "source_record_count": golden.member_count,
        "values": codec.golden_values(golden),
        "provenance": provenance_document(golden, instant=instant),
        "survivorship_rules": golden.provenance.get(RULES, FIRST_RULES),
        "created_at": golden.created_at,
        "recorded_at": golden.recorded_at,
    }


def golden_then_document(then: AsOf) -> Document:
    """A golden record as it stood at an instant, and how the one that was asked for stands now."""
    return {
        **golden_document(then.row, then.passed, instant=then.instant),
        "as_of": then.instant,
        "status_now": then.asked.status,
        "version_now": then.asked.version,
    }


def person_summary(golden: GoldenRecord) -> Document:
    """A golden record as one line of a list: no provenance."""
    return {
        "euid": grouped(golden.euid),
        "status": golden.status,
        "version": golden.version,
        "source_record_count": golden.member_count,
        "values": codec.golden_values(golden),
    }


def provenance_document(golden: GoldenRecord, *, instant: datetime | None) -> Document:
    """Which source record gave each field, by which rule, and what lost: each with who tells it, an SSN masked."""
    told = {field: source for field, source in golden.provenance.items() if field != RULES}
    losers = {pk for source in told.values() for loser in source["losing"] for pk in loser["record_ids"]}
    records = losing_records(losers, instant)
    numbers = losing_numbers(golden, records)
    return {
        field: _outside(source) | {"losing": [_loser(loser, records, numbers) for loser in source["losing"]]}
        for field, source in told.items()
    }


def _loser(loser: Mapping[str, Any], records: Mapping[int, SourceRecord], numbers: Mapping[int, str]) -> Document:
    told = [records[pk] for pk in loser["record_ids"] if pk in records]
    value = loser["value"] if "value" in loser else next((numbers[record.id] for record in told), None)
    return {"value": value, "source_records": [number_document(record) for record in told]}


def _outside(told: Any) -> Any:
    if isinstance(told, Mapping):
        return {name: _outside(inner) for name, inner in told.items() if name not in _KEPT_INSIDE}
    return [_outside(inner) for inner in told] if isinstance(told, list) else told


def version_document(row: Any) -> Document:
    """One history row of a golden record."""
    return {
        "version": row.version,
        "status": row.status,
        "source_record_count": row.member_count,
        "values": codec.golden_values(row),
        "recorded_at": row.recorded_at,
        "actor_id": row.history_user_id,
        "correlation_id": row.history_correlation_id,
    }


def event_document(event: IdentityEvent, euids: Mapping[int, str]) -> Document:
    """One identity event. `euids` maps the keys of its golden records."""
    undone_by = next(iter(event.undone_by.all()), None)
    return {
        "id": event.uuid,
        "kind": event.kind,
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id,
        "actor_name": event.actor_name,
        "reason_code": event.reason_code,
        "reason": event.reason,
        "euids": [grouped(euids[key]) for key in event.golden_record_ids if key in euids],
        "undoes": event.undoes.uuid if event.undoes else None,
        "undone_by": undone_by.uuid if undone_by else None,
        "correlation_id": event.correlation_id,
        "recorded_at": event.recorded_at,
    }


def number_document(record: SourceRecord) -> Document:
    """How a source record is named outside."""
    return {"source_system": record.source_system.code, "mrn": record.mrn}


def link_document(link: Link) -> Document:
    """One link as seen from its source record or golden record."""
    return {
        "origin": link.origin,
        "by_human": link.by_human,
        "supporting_record": number_document(link.supporting_record) if link.supporting_record else None,
        "model_version": link.model_version.name if link.model_version else None,
        "opened_at": link.opened_at,
    }


def member_document(link: Link) -> Document:
    """A source record of a golden record, with the link that holds it there."""
    record = link.source_record
    return {**record_document(record), "link": link_document(link)}


def member_then_document(member: MemberThen) -> Document:
    """A source record as it was told at an instant, with the link that held it then."""
    return {**record_document(member.record), "link": link_document(member.link)}


def record_document(record: SourceRecord) -> Document:
    """One source record as told, protected numbers masked."""
    return {
        **number_document(record),
        "id": record.uuid,
        "version": record.version,
        "state": record.state,
        "told": told_document(record),
        "effective_at": record.effective_at,
        "recorded_at": record.recorded_at,
    }


def told_document(record: Any) -> Document:
    """What the source told, without the parts that it left empty; protected numbers masked."""
    return plain_told(codec.masked_told(record))


def plain_told(record: PatientRecord) -> Document:
    """A record as told, masked already, without its number and without the parts that are empty."""
    told = asdict(record)
    del told["source_system"], told["mrn"]
    return {name: _without_blanks(value) for name, value in told.items() if value not in ("", None, (), [])}


def _without_blanks(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: inner for name, inner in value.items() if inner not in ("", None)}
    return [_without_blanks(part) for part in value] if isinstance(value, list | tuple) else value


def record_version_document(row: Any) -> Document:
    """One history row of a source record: when and by whom, not the demographics again."""
    return {
        "version": row.version,
        "state": row.state,
        "effective_at": row.effective_at,
        "recorded_at": row.recorded_at,
        "actor_id": row.history_user_id,
        "correlation_id": row.history_correlation_id,
    }


def stored_decision(decision: Decision | None) -> Document | None:
    """A decision as it was at decision time, named by EUIDs and record numbers. Two round trips at most."""
    if decision is None:
        return None
    told = decision_document(codec.decision_evidence(decision))
    return {"id": decision.uuid, "recorded_at": decision.recorded_at, **told}


def decision_document(told: Mapping[str, Any]) -> Document:
    """The engine's document with keys of the database replaced by EUIDs and record numbers. One round trip."""
    considered: Sequence[Mapping[str, Any]] = told.get("considered", ())
    found_by: Mapping[str, Sequence[str]] = told.get("keys", {})
    euids, numbers = rest_records.names_of(
        [*told.get("person_ids", ()), *(item["person_id"] for item in considered)],
        [key for item in considered for key in (item["record_id"], *(r["record_id"] for r in item["refusals"]))],
    )
    return {
        "outcome": told["outcome"],
        "grade": told["grade"],
        "reasons": told["reasons"],
        "model_version": told["model_version"],
        "fits_current": told.get("fits_current"),
        "euids": _grouped(told.get("person_ids", ()), euids),
        "considered": [
            _considered(item, euids, numbers, found_by.get(str(item["person_id"]), ())) for item in considered
        ],
    }


def _considered(
    item: Mapping[str, Any], euids: Mapping[int, str], numbers: Mapping[int, tuple[str, str]], keys: Iterable[str]
) -> Document:
    return {
        "euid": grouped(euids[item["person_id"]]) if item["person_id"] in euids else None,
        "source_record": _number(item["record_id"], numbers),
        "earned": item["earned"],
        "refusals": [
            {
                "source_record": _number(refusal["record_id"], numbers),
                "code": refusal["code"],
                "words": refusal["words"],
            }
            for refusal in item["refusals"]
        ],
        "evidence": evidence_document(item["evidence"], keys),
    }


def _number(record_id: int, numbers: Mapping[int, tuple[str, str]]) -> Document | None:
    found = numbers.get(record_id)
    return {"source_system": found[0], "mrn": found[1]} if found else None


def _grouped(golden_ids: Iterable[int], euids: Mapping[int, str]) -> list[str]:
    return [grouped(euids[key]) for key in golden_ids if key in euids]


def evidence_document(told: Mapping[str, Any], keys: Iterable[str] = ()) -> Document:
    """The evidence of one pair, as it is stored and shown; `keys` are for documents that name none themselves."""
    return read_evidence(told, keys)


def potential_match_line(found: PotentialMatch) -> Document:
    """A potential match as one line of the queue: who and how likely, no demographics."""
    return {
        "id": found.uuid,
        "status": found.status,
        "kind": found.kind,
        "version": found.version,
        "grade": found.grade,
        "match_weight_bits": found.bits,
        "probability": found.probability,
        "risk": found.risk,
        "reasons": found.reasons,
        "golden_records": [
            {"euid": grouped(side.euid), "status": side.status, "version": side.version}
            for side in (found.golden_a, found.golden_b)
        ],
        "opened_at": found.opened_at,
        "closed_at": found.closed_at,
        "closed_reason": found.closed_reason or None,
    }


def opened_match(found: PotentialMatch) -> Document:
    """A potential match as the answer to an upsert names it."""
    return {
        "id": found.uuid,
        "grade": found.grade,
        "probability": found.probability,
        "euids": [grouped(found.golden_a.euid), grouped(found.golden_b.euid)],
    }
