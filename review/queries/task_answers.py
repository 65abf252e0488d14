"""Who answered an identity task, from the audit log: the task itself keeps only when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.actions import Action
from audit.models import AuditEvent
from audit.queries import AuditFilter, matching
from mpi.access import record_subject
from mpi.models import IdentityEvent, IdentityTask


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided, when, and in which words. `event` undoes it, None where it was undone or cannot be."""

    by: str
    mine: bool
    at: datetime
    note: str
    event: UUID | None


def decided(task: IdentityTask, *, user_id: str) -> Decided | None:
    """The answer to a task that is not open any more, None where it closed by itself. Two queries."""
    found = _answer(task)
    if found is None:
        return None
    event = _standing(found)
    return Decided(found.actor_name, found.actor_id == user_id, found.recorded_at, found.reason_text or "", event)


def answer_event(task: IdentityTask) -> UUID | None:
    """The identity event of the answer to a task, as long as it was not undone. Two queries."""
    found = _answer(task)
    return _standing(found) if found is not None else None


def _standing(answer: AuditEvent) -> UUID | None:
    if "event" not in answer.detail:
        return None
    event = UUID(answer.detail["event"])
    return event if IdentityEvent.objects.filter(uuid=event, undone_by__isnull=True).exists() else None


def _answer(task: IdentityTask) -> AuditEvent | None:
    """The last answer to this very task: another task may speak of the same record. One query."""
    wanted = AuditFilter(action=Action.TASK_RESOLVED, subjects=(record_subject(task.source_record.uuid),))
    own = matching(wanted).filter(detail__task=str(task.uuid))
    found: AuditEvent | None = own.order_by("-recorded_at", "-pk").first()
    return found
