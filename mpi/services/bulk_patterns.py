"""The patterns of all rows that a settled component has, each from a real row with what the load's rows share."""

from __future__ import annotations

from audit.actions import Action
from audit.record import entry_by
from mpi.commands import Actor
from mpi.models import (
    Decision,
    EventKind,
    GoldenRecord,
    GoldenStatus,
    IdentityEvent,
    Link,
    LinkOrigin,
    OutboxEvent,
)
from mpi.services.bulk_copy import Pattern, audit_pattern, history_pattern, pattern_of
from mpi.services.bulk_prepare import Frame

GOLDEN = (
    "id",
    "euid",
    "status",
    "member_count",
    "values",
    "provenance",
    "family_name",
    "given_name",
    "birth_date",
)
EVENT = ("id", "uuid", "golden_record_ids", "payload")
DECISION = ("id", "uuid", "source_record_id", "message_id", "outcome", "grade", "bits", "probability", "evidence")
LINK = (
    "id",
    "source_record_id",
    "golden_record_id",
    "origin",
    "supporting_record_id",
    "decision_id",
    "opened_by_event_id",
)
OUTBOX = ("uuid", "type", "golden_record_id", "euid", "source_record_ids")
AUDIT = ("event_id", "subject_id", "subjects", "detail", "message_id", "salt")
_AUDITED = {
    Action.RECORD_CREATED: "source_record",
    Action.LINK_OPENED: "source_record",
    Action.POTENTIAL_MATCH_OPENED: "potential_match",
    Action.GOLDEN_CREATED: "golden_record",
    Action.GOLDEN_CONFIRMED: "golden_record",
}


def row_patterns(frame: Frame, actor: Actor) -> dict[str, Pattern]:
    """By name, parents before children."""
    golden, link = _golden(frame), _link(frame)
    stamp = {
        "actor_id": actor.id,
        "correlation_id": actor.correlation_id,
        "recorded_at": frame.recorded_at,
    }
    return {
        "golden": pattern_of(golden, GOLDEN),
        "event": pattern_of(_event(frame, actor), EVENT),
        "decision": pattern_of(_decision(frame), DECISION),
        "link": pattern_of(link, LINK),
        "outbox": pattern_of(_outbox(frame), OUTBOX, leave_out=("id",)),
        "golden history": history_pattern(golden, GOLDEN, **stamp),  # type: ignore[arg-type]
        "link history": history_pattern(link, LINK, **stamp),  # type: ignore[arg-type]
    }


def audit_patterns(frame: Frame, actor: Actor) -> dict[Action, Pattern]:
    """By action."""
    return {
        action: audit_pattern(entry_by(actor, action, subject=(kind, "-")), AUDIT, recorded_at=frame.recorded_at)
        for action, kind in _AUDITED.items()
    }


def _golden(frame: Frame) -> GoldenRecord:
    return GoldenRecord(
        id=0, status=GoldenStatus.PROVISIONAL, version=1, created_at=frame.recorded_at, recorded_at=frame.recorded_at
    )


def _event(frame: Frame, actor: Actor) -> IdentityEvent:
    return IdentityEvent(
        id=0,
        kind=EventKind.LINK,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        correlation_id=actor.correlation_id,
        recorded_at=frame.recorded_at,
    )


def _decision(frame: Frame) -> Decision:
    return Decision(id=0, model_version_id=frame.model_id, recorded_at=frame.recorded_at, evidence=b"")


def _link(frame: Frame) -> Link:
    return Link(id=0, origin=LinkOrigin.FIRST, model_version_id=frame.model_id, opened_at=frame.recorded_at)


def _outbox(frame: Frame) -> OutboxEvent:
    return OutboxEvent(version=1, correlation_id=frame.correlation_id, recorded_at=frame.recorded_at)
