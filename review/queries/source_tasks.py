"""Tasks about the numbers of a source: a merge that contradicts what is known, a number that was given out twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mpi.models import IdentityTask, TaskType
from mpi.queries.identity_tasks import reasons_of

SOURCE_TASKS = (TaskType.SOURCE_MERGE, TaskType.SOURCE_CORRECTION)
_WORDS = {
    TaskType.SOURCE_MERGE: "A merge of two numbers that contradicts what is known",
    TaskType.SOURCE_CORRECTION: "A number that was given out twice",
}
_MOST = 50


@dataclass(frozen=True, slots=True)
class SourceTask:
    """One line of the list, with what closes it."""

    uuid: UUID
    version: int
    words: str
    source: str
    record_id: int
    reasons: tuple[str, ...]
    opened_at: datetime


def source_tasks() -> tuple[SourceTask, ...]:
    """The open ones, the oldest first, at most 50. One query."""
    found = IdentityTask.objects.filter(type__in=SOURCE_TASKS, status="open")
    tasks = found.select_related("source_record__source_system").order_by("pk")[:_MOST]
    return tuple(
        SourceTask(
            uuid=task.uuid,
            version=task.version,
            words=_WORDS[TaskType(task.type)],
            source=task.source_record.source_system.name,
            record_id=task.source_record_id,
            reasons=tuple(reason["words"] for reason in reasons_of(task)),
            opened_at=task.opened_at,
        )
        for task in tasks
    )
