"""The answer to an identity task of any type: an overlay by its own service, others are seen to and closed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import NotFound
from mpi.models import IdentityTask, TaskType
from mpi.services.act import begin
from mpi.services.locking import run_act
from mpi.services.overlay import HOW, OverlayAnswer, check_task, decide_overlay
from mpi.services.reasons import check_words
from mpi.services.record_states import close_task


@dataclass(frozen=True, slots=True)
class TaskAnswer:
    """A task that only asked to be seen to; its answer changes no identity, so there is no event to undo."""

    task: IdentityTask
    event_uuid: None = None


def answer_task(
    *, task_uuid: UUID | str, accept: bool, reason: str, actor: Actor, version: int | None = None
) -> OverlayAnswer | TaskAnswer:
    """Accept or reject. Raises Forbidden, NotFound, AlreadyDecided, StaleVersion, InvalidInput (no reason), Busy."""
    require(actor, Permission.REVIEW)
    kind = IdentityTask.objects.filter(uuid=task_uuid).values_list("type", flat=True).first()
    if kind == TaskType.OVERLAY:
        return decide_overlay(task_uuid=task_uuid, accept=accept, reason=reason, actor=actor, version=version)
    check_words(reason, mend=HOW)

    def act() -> TaskAnswer:
        tasks = IdentityTask.objects.select_for_update(of=("self",)).select_related("source_record")
        task = tasks.filter(uuid=task_uuid).first()
        if task is None:
            raise NotFound("There is no identity task under this number.")
        check_task(task, version)
        unit = begin(actor, ())
        close_task(unit, None, task, "accepted" if accept else "rejected")
        told: dict[str, object] = {"accepted": accept, "task": str(task.uuid)}
        unit.audit_record(Action.TASK_RESOLVED, task.source_record, reason=reason, detail=told)
        unit.flush()
        return TaskAnswer(task)

    return run_act(act)
