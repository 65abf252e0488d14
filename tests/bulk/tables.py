"""Every table of the index as comparable rows: ids and times aside, the same facts in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
from django.db import models

from audit.models import AuditEvent, PendingEvent
from mpi import codec, vault
from mpi.models import (
    BlockingKey,
    Decision,
    GoldenRecord,
    IdentityEvent,
    IdentityTask,
    InboundMessage,
    Link,
    OutboxEvent,
    PotentialMatch,
    Separation,
    SourceRecord,
)

Row = tuple[str, ...]
Names = dict[tuple[str, int], str]
"""(kind, key) -> the name that the thing has in either index: system|MRN, or that of its first record."""


def snapshot() -> dict[str, Counter[Row]]:
    """Table -> how often each row occurs."""
    names = _names()
    tables: dict[str, Counter[Row]] = {}
    for model, told in _TOLD.items():
        tables[model._meta.db_table] = Counter(_row(told(row, names)) for row in model.objects.all().iterator())
    for model in (SourceRecord, GoldenRecord, Link, PotentialMatch):
        history = model.history.model
        rows = history.objects.all().iterator()
        tables[history._meta.db_table] = Counter(_row(_history(model, row, names)) for row in rows)
    return tables


def _row(told: dict[str, Any]) -> Row:
    return tuple(
        f"{name}={orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str).decode()}"
        for name, value in told.items()
    )


def _names() -> Names:
    names: Names = {}
    for record in SourceRecord.objects.select_related("source_system"):
        names["record", record.pk] = f"{record.source_system.code}|{record.mrn}"
        names["record uuid", str(record.uuid)] = names["record", record.pk]  # type: ignore[index]
        names["message", record.message_id] = names["record", record.pk]
    members: dict[int, list[str]] = {}
    for link in Link.objects.order_by("source_record_id"):
        members.setdefault(link.golden_record_id, []).append(names["record", link.source_record_id])
        names["link", link.pk] = names["record", link.source_record_id]
    for golden in GoldenRecord.objects.all():
        names["golden", golden.pk] = names["euid", golden.euid] = members[golden.pk][0]  # type: ignore[index]
    for decision in Decision.objects.all():
        names["decision", decision.pk] = names["record", decision.source_record_id]
    for match in PotentialMatch.objects.all():
        pair = sorted((names["golden", match.golden_a_id], names["golden", match.golden_b_id]))
        names["match", match.pk] = names["match uuid", str(match.uuid)] = "&".join(pair)  # type: ignore[index]
    for event in IdentityEvent.objects.all():
        opened = event.payload["links_opened"]
        names["event", event.pk] = names["link", opened[0]]
    return names


def _message(row: InboundMessage, names: Names) -> dict[str, Any]:
    return {
        "channel": row.channel,
        "system": row.source_system,
        "payload": vault.decrypt(row.payload, field="message", record=str(row.uuid)).decode(),
        "hash": bytes(row.payload_hash).hex(),
        "order": [row.order_key, row.other_order_key],
        "state": [row.state, row.outcome, row.errors, row.attempts, row.line, row.source_time],
        "control": [row.control_id, row.actor_id],
        "decision": names.get(("decision", row.decision_id)),
        "record": names.get(("record", row.source_record_id)),
        "times": [row.received_at is not None, row.applied_at is not None],
    }


def _record(row: Any, names: Names) -> dict[str, Any]:
    return {
        "record": names["record", row.id],
        "version": [row.version, row.state],
        "told": codec.told_record(row),
        "standard": row.standard,
        "ssn": [codec.decrypt_ssn(row.ssn_cipher, row.uuid), row.ssn_index and bytes(row.ssn_index).hex()],
        "settings": [row.standardiser, row.settings_hash, bytes(row.payload_hash).hex(), row.effective_at],
        "message": names["message", row.message_id],
    }


def _golden(row: Any, names: Names) -> dict[str, Any]:
    provenance = {name: _named_ids(source, names) for name, source in row.provenance.items()}
    return {
        "golden": names["golden", row.id],
        "status": [row.status, row.version, row.verified, row.member_count, row.merged_into_id],
        "values": codec.golden_values(row),
        "provenance": provenance,
        "search": [row.family_name, row.given_name, row.birth_date],
    }


def _named_ids(document: Any, names: Names) -> Any:
    """Record ids of a provenance or decision document by name."""
    if isinstance(document, list):
        return [_named_ids(part, names) for part in document]
    if not isinstance(document, dict):
        return document
    told = {}
    for name, value in document.items():
        if name == "record_id" and value is not None:
            told[name] = names["record", value]
        elif name in {"agreeing", "record_ids"}:
            told[name] = sorted(names["record", one] for one in value)
        elif name == "person_id":
            told[name] = names["golden", value]
        elif name == "person_ids":
            told[name] = sorted(names["golden", one] for one in value)
        elif name == "keys":
            told[name] = {names["golden", int(one)]: rules for one, rules in value.items()}
        else:
            told[name] = _named_ids(value, names)
    return told


def _link(row: Any, names: Names) -> dict[str, Any]:
    return {
        "record": names["record", row.source_record_id],
        "golden": names["golden", row.golden_record_id],
        "origin": [row.origin, row.by_human, row.model_version_id],
        "supporting": names.get(("record", row.supporting_record_id)),
        "decision": names.get(("decision", row.decision_id)),
        "events": [names["event", row.opened_by_event_id], row.ended_by_event_id, row.ended_at],
    }


def _decision(row: Decision, names: Names) -> dict[str, Any]:
    return {
        "record": names["record", row.source_record_id],
        "message": names["message", row.message_id],
        "said": [row.outcome, row.grade, row.bits, row.probability, row.model_version_id],
        "evidence": _named_ids(codec.decision_evidence(row), names),
    }


def _event(row: IdentityEvent, names: Names) -> dict[str, Any]:
    payload = row.payload
    return {
        "event": names["event", row.pk],
        "kind": [row.kind, row.actor_kind, row.actor_id, row.actor_name, row.reason_code, row.reason, row.undoes_id],
        "golden": [names["golden", pk] for pk in row.golden_record_ids],
        "links": [[names["link", pk] for pk in payload[name]] for name in ("links_opened", "links_ended")],
        "states": {names["golden", int(pk)]: states for pk, states in payload["golden_records"].items()},
        "matches": {
            names["match", int(pk)]: {when: _match_state(state, names) for when, state in states.items()}
            for pk, states in payload["potential_matches"].items()
        },
        "rest": sorted(payload),
    }


def _match_state(state: dict[str, Any], names: Names) -> dict[str, Any]:
    told = {name: names["golden", state[name]] for name in ("golden_a_id", "golden_b_id") if name in state}
    return state | told


def _match(row: Any, names: Names) -> dict[str, Any]:
    return {
        "golden": [names["golden", row.golden_a_id], names["golden", row.golden_b_id]],
        "records": [names["record", row.record_a_id], names["record", row.record_b_id]],
        "said": [row.kind, row.status, row.version, row.grade, row.bits, row.probability, row.risk, row.reasons],
        "decision": names["decision", row.decision_id],
        "closed": [row.closed_at, row.closed_reason, row.resolved_by_event_id],
    }


def _outbox(row: OutboxEvent, names: Names) -> dict[str, Any]:
    return {
        "type": row.type,
        "golden": [names["golden", row.golden_record_id], names["euid", row.euid], row.version],
        "records": sorted(names["record", pk] for pk in row.source_record_ids),
        "related": row.related_euids,
    }


def _audit(row: AuditEvent, names: Names) -> dict[str, Any]:
    detail = dict(row.detail)
    if "decision" in detail and row.action == "link.opened":
        detail["decision"] = names["decision", detail["decision"]]
    return {
        "action": [row.action, row.outcome, row.subject_type],
        "actor": [row.actor_kind, row.actor_id, row.actor_name, row.purpose, row.source, row.network_address],
        "subjects": [_subject(subject, names) for subject in row.subjects],
        "reason": [row.reason_code, row.reason_text, row.before, row.after],
        "detail": detail,
        "message": names.get(("message", row.message_id)),
    }


def _subject(subject: str, names: Names) -> str:
    kind, _, identity = subject.partition(":")
    spoken = {"source_record": "record uuid", "golden_record": "euid", "potential_match": "match uuid"}.get(kind, kind)
    return f"{kind}:{names.get((spoken, identity), 'another')}"  # type: ignore[arg-type]


def _history(model: type[models.Model], row: Any, names: Names) -> dict[str, Any]:
    told = {SourceRecord: _record, GoldenRecord: _golden, Link: _link, PotentialMatch: _match}[model](row, names)
    return told | {"history": [row.history_type, row.history_user_id, row.history_change_reason]}


_TOLD: dict[type[models.Model], Callable[[Any, Names], dict[str, Any]]] = {
    InboundMessage: _message,
    SourceRecord: _record,
    BlockingKey: lambda row, names: {"key": [row.key, names["record", row.source_record_id]]},
    GoldenRecord: _golden,
    Link: _link,
    Decision: _decision,
    IdentityEvent: _event,
    PotentialMatch: _match,
    OutboxEvent: _outbox,
    AuditEvent: _audit,
    PendingEvent: lambda row, names: {"pending": True},
    IdentityTask: lambda row, names: {"task": row.type},
    Separation: lambda row, names: {"separation": row.reason_code},
}
