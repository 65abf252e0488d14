"""Documents of identity tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from matching.records import PatientRecord
from mpi.euid import grouped
from mpi.interop.rest.documents import Document, number_document, plain_told, record_document
from mpi.models import GoldenRecord, IdentityTask, InboundMessage
from mpi.queries import identity_tasks as reads


def task_lines(tasks: Sequence[IdentityTask]) -> list[Document]:
    """Identity tasks as lines of a list: who and why, no demographics. Three queries."""
    owners, messages = reads.owners_of(tasks), reads.messages_of(tasks)
    behind = reads.waiting_behind(messages.values())
    return [_line(task, owners, messages.get(task.message_id or 0), behind) for task in tasks]


def _line(
    task: IdentityTask, owners: Mapping[int, GoldenRecord], message: InboundMessage | None, behind: Mapping[int, int]
) -> Document:
    owner, other = owners.get(task.source_record_id), owners.get(task.other_record_id or 0)
    return {
        "id": task.uuid,
        "type": task.type,
        "status": task.status,
        "version": task.version,
        "reasons": reads.reasons_of(task),
        "source_record": number_document(task.source_record),
        "euid": grouped(owner.euid) if owner else None,
        "other_source_record": number_document(task.other_record) if task.other_record else None,
        "other_euid": grouped(other.euid) if other else None,
        "message_id": message.uuid if message else None,
        "waiting_behind": behind.get(task.message_id or 0, 0),
        "opened_at": task.opened_at,
        "closed_at": task.closed_at,
    }


def task_document(task: IdentityTask, update: PatientRecord | None) -> Document:
    """One identity task with both tellings. `update` is masked already; None where the task speaks of no message."""
    return {
        **task_lines([task])[0],
        "trusted": record_document(reads.trusted_record(task)),
        "update": plain_told(update) if update else None,
    }


def resolved_document(task: IdentityTask, event_uuid: UUID | None) -> Document:
    """How a task stands after its answer; nothing of the patient, for it is kept for a repeated request. One query."""
    message = reads.messages_of([task]).get(task.message_id or 0)
    return {
        "id": task.uuid,
        "status": task.status,
        "version": task.version,
        "message_id": message.uuid if message else None,
        "event_id": event_uuid,
        "closed_at": task.closed_at,
    }
