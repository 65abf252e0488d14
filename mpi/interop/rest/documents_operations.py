"""Documents of acts, messages, jobs and audit events."""

from __future__ import annotations

from collections.abc import Mapping

from audit.queries import LoggedEvent
from audit.standing import Standing
from mpi.euid import grouped
from mpi.interop.rest.documents import Document
from mpi.models import GoldenRecord, InboundMessage, Job
from mpi.queries.rest_operations import JobError
from mpi.services.act import ActResult


def act_document(result: ActResult) -> Document:
    """What an identity act did, and whether it can be undone."""
    return {
        "event_id": result.event_uuid,
        "kind": result.kind,
        "euids": [grouped(euid) for euid in result.euids],
        "undoable": result.undoable,
        "message": result.message,
    }


def message_line(message: InboundMessage) -> Document:
    """A message without its payload: what came, and what became of it."""
    return {
        "id": message.uuid,
        "channel": message.channel,
        "source_system": message.source_system or None,
        "control_id": message.control_id or None,
        "state": message.state,
        "outcome": message.outcome or None,
        "errors": message.errors or [],
        "attempts": message.attempts,
        "job_id": message.job.uuid if message.job else None,
        "line": message.line,
        "source_time": message.source_time,
        "received_at": message.received_at,
        "applied_at": message.applied_at,
        "correlation_id": message.correlation_id,
    }


def message_document(message: InboundMessage, owner: GoldenRecord | None, number: Document | None) -> Document:
    """One message with the source record it changed and the golden record that holds it now."""
    return {**message_line(message), "source_record": number, "euid": grouped(owner.euid) if owner else None}


def job_document(job: Job, counts: Mapping[str, int]) -> Document:
    """One job with its counts: by state while messages wait, by outcome once they are applied."""
    return {
        "id": job.uuid,
        "kind": job.kind,
        "name": job.name,
        "status": job.status,
        "total": job.total,
        "counts": dict(counts),
        "error": job.error or None,
        "actor_id": job.actor_id,
        "correlation_id": job.correlation_id,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def line_document(message: InboundMessage) -> Document:
    """The outcome of one line of a job."""
    return {
        "line": message.line,
        "message_id": message.uuid,
        "state": message.state,
        "outcome": message.outcome or None,
        "errors": message.errors or [],
    }


def error_document(error: JobError) -> Document:
    """One thing wrong with one line."""
    return {
        "line": error.line,
        "column": error.column,
        "field": error.field or None,
        "problem": error.problem,
        "mend": error.mend or None,
    }


def audit_document(logged: LoggedEvent) -> Document:
    """One audit event with its place in the sealed log."""
    event = logged.event
    return {
        "id": event.event_id,
        "seq": logged.seq,
        "recorded_at": event.recorded_at,
        "action": event.action,
        "words": logged.words,
        "outcome": event.outcome,
        "actor_kind": event.actor_kind,
        "actor_id": event.actor_id,
        "actor_name": event.actor_name,
        "purpose": event.purpose,
        "source": event.source,
        "network_address": event.network_address or None,
        "subjects": event.subjects,
        "reason_code": event.reason_code or None,
        "reason": event.reason_text or None,
        "before": event.before,
        "after": event.after,
        "detail": event.detail,
        "correlation_id": event.correlation_id,
    }


def standing_document(found: Standing) -> Document:
    """How the audit log stands, for monitors."""
    state = found.state
    age, checkpoint = state.oldest_pending_age_s, state.last_checkpoint
    return {
        "status": found.verdict,
        "problem": found.problem or None,
        "sealed": state.sealed,
        "pending": state.pending,
        "oldest_pending_s": None if age is None else int(age),
        "published": found.published,
        "signed_at": checkpoint.signed_at if checkpoint else None,
    }
