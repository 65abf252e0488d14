"""The patterns of all rows that a settled component has, each from a real row with what the load's rows share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from audit.actions import Action
from audit.record import entry_by
from mpi.commands import Actor
from mpi.models import Decision, GoldenRecord, IdentityEvent, Link, OutboxEvent, PotentialMatch
from mpi.services.bulk_copy import Pattern, audit_pattern, history_pattern, pattern_of
from mpi.services.bulk_frame import Frame
from mpi.services.rows import table_of

GOLDEN = (
    "id",
    "euid",
    "status",
    "version",
    "merged_into_id",
    "member_count",
    "values",
    "provenance",
    "family_name",
    "given_name",
    "birth_date",
    "created_at",
    "recorded_at",
)
EVENT = ("id", "uuid", "kind", "reason_code", "reason", "golden_record_ids", "payload", "recorded_at")
DECISION = (
    "id",
    "uuid",
    "source_record_id",
    "message_id",
    "outcome",
    "grade",
    "bits",
    "probability",
    "evidence",
    "recorded_at",
)
LINK = (
    "id",
    "source_record_id",
    "golden_record_id",
    "origin",
    "supporting_record_id",
    "decision_id",
    "opened_by_event_id",
    "ended_by_event_id",
    "opened_at",
    "ended_at",
)
OUTBOX = (
    "uuid",
    "type",
    "golden_record_id",
    "euid",
    "version",
    "source_record_ids",
    "related_euids",
    "recorded_at",
)
AUDIT = ("event_id", "recorded_at", "subject_id", "subjects", "detail", "message_id", "salt")
_AUDITED = {
    Action.RECORD_CREATED: "source_record",
    Action.LINK_OPENED: "source_record",
    Action.POTENTIAL_MATCH_OPENED: "potential_match",
    Action.POTENTIAL_MATCH_CLOSED: "potential_match",
    Action.GOLDEN_CREATED: "golden_record",
    Action.GOLDEN_UPDATED: "golden_record",
    Action.GOLDEN_CONFIRMED: "golden_record",
    Action.GOLDEN_MERGED: "golden_record",
}


def row_patterns(frame: Frame, actor: Actor) -> dict[str, Pattern]:
    """By name, parents before children."""
    golden, link = GoldenRecord(id=0), Link(id=0, model_version_id=frame.model_id)
    event = IdentityEvent(
        id=0, actor_kind=actor.kind, actor_id=actor.id, actor_name=actor.name, correlation_id=actor.correlation_id
    )
    decision = Decision(id=0, model_version_id=frame.model_id, evidence=b"")
    outbox = OutboxEvent(correlation_id=frame.correlation_id)
    match, every = PotentialMatch(id=0), table_of(PotentialMatch).attributes
    return {
        "golden": pattern_of(golden, GOLDEN),
        "event": pattern_of(event, EVENT),
        "decision": pattern_of(decision, DECISION),
        "link": pattern_of(link, LINK),
        "outbox": pattern_of(outbox, OUTBOX, leave_out=("id",)),
        "golden history": _versions(golden, actor),
        "link history": _versions(link, actor),
        "match": pattern_of(match, every),
        "match history": _versions(match, actor),
    }


def _versions(row: GoldenRecord | Link | PotentialMatch, actor: Actor) -> Pattern:
    return history_pattern(row, actor_id=actor.id, correlation_id=actor.correlation_id)


def audit_patterns(actor: Actor) -> Callable[[Action, tuple[str, str]], str]:
    """Lines of audit events by action and by the code and the words of its reason; each is made once."""

    @cache
    def line(action: Action, why: tuple[str, str]) -> str:
        entry = entry_by(actor, action, subject=(_AUDITED[action], "-"), reason_code=why[0], reason_text=why[1])
        return audit_pattern(entry, AUDIT).line

    return line
