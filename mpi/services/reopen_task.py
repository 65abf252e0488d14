"""A task that was seen to and closed is opened again: the undo of an answer that changed no identity."""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import CannotUndo, NotFound
from mpi.models import IdentityTask, TaskType
from mpi.services.act import begin
from mpi.services.locking import run_act


def reopen_task(*, task_uuid: UUID | str, version: int, actor: Actor) -> IdentityTask:
    """Open it again as it was. `version` is the one that was shown.

    Raises Forbidden, NotFound, CannotUndo (an overlay, whose answer is an identity event; a task that is open, was
    opened anew, or changed since it was shown), Busy. One audit event.
    """
    require(actor, Permission.REVIEW)

    def act() -> IdentityTask:
        tasks = IdentityTask.objects.select_for_update(of=("self",)).select_related("source_record")
        task = tasks.filter(uuid=task_uuid).first()
        if task is None:
            raise NotFound("There is no identity task under this number.")
        _require_closed(task, version)
        unit = begin(actor, ())
        task.status, task.closed_at, task.version = "open", None, task.version + 1
        unit.change(task)
        unit.audit_record(Action.TASK_REOPENED, task.source_record, detail={"task": str(task.uuid)})
        unit.flush()
        return task

    return run_act(act)


def _require_closed(task: IdentityTask, version: int) -> None:
    if task.type == TaskType.OVERLAY:
        raise CannotUndo("The answer to a suspected overlay is undone as an act of its own. Nothing was changed.")
    if task.status == "open" or task.version != version:
        raise CannotUndo("The task has changed since you looked. Nothing was changed.")
    double = {"type": task.type, "source_record": task.source_record_id, "other_record": task.other_record_id}
    if IdentityTask.objects.filter(**double, status="open").exists():
        raise CannotUndo("The same question was asked anew meanwhile: answer that one. Nothing was changed.")
