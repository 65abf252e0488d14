"""A task of the desk is a potential match or an identity task: the one place that tells them apart."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import record_subject
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, NotFound
from mpi.models import IdentityTask, PotentialMatch

Task = PotentialMatch | IdentityTask
"""Both have `uuid`, `version`, `status` ("open" while they wait) and `opened_at`."""


def find_task(uuid: UUID, *, to_change: bool = False) -> Task:
    """The task under a permanent address, locked where it is `to_change`. At most two queries. Raises NotFound."""
    matches = PotentialMatch.objects.filter(uuid=uuid)
    tasks = IdentityTask.objects.filter(uuid=uuid).select_related("source_record")
    if to_change:
        matches = matches.select_for_update(no_key=True)
        tasks = tasks.select_for_update(of=("self",), no_key=True)
    found: Task | None = matches.first() or tasks.first()
    if found is None:
        raise NotFound("There is no task under this number.")
    return found


def field_of(task: Task) -> str:
    """The column by which the tables of the desk name a task of this kind."""
    return "potential_match" if isinstance(task, PotentialMatch) else "identity_task"


def of_task(task: Task) -> dict[str, Task]:
    """What to filter or create rows of the desk with."""
    return {field_of(task): task}


def require_open(task: Task, words: str) -> None:
    """Raise AlreadyDecided, with what is not done, unless the task waits for an answer."""
    if task.status != "open":
        raise AlreadyDecided(f"This task is decided. {words}")


def write_down(
    task: Task, action: Action, *, actor: Actor, at: datetime, reason: str = "", detail: dict[str, object] | None = None
) -> None:
    """One audit event about a task: a potential match by its UUID, an identity task by its source record."""
    told = dict(detail or {})
    if isinstance(task, PotentialMatch):
        subject = ("potential_match", str(task.uuid))
    else:
        subject = record_subject(task.source_record.uuid)
        told["task"] = str(task.uuid)
    record(entry_by(actor, action, subject=subject, reason_text=reason, detail=told, recorded_at=at))
