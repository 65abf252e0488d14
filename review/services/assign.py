"""A supervisor gives tasks of either kind to people, takes them back, and undoes either as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from audit.actions import Action
from audit.uuid7 import uuid7
from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.errors import CannotUndo, InvalidInput, NotFound
from mpi.models import IdentityTask, PotentialMatch
from mpi.services.locking import run_act, transaction_time
from review.models import Assignment
from review.queries.colleagues import colleagues
from review.services import leases
from review.tasks import Task, of_task, write_down

MOST_AT_ONCE = 200
"""Tasks in one act: each is audited by itself."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """What was done. `batch` undoes it; `left_out` were decided meanwhile, or somebody else works on them."""

    batch: UUID
    done: int
    left_out: int


def assign(*, to: Mapping[UUID, str], actor: Actor) -> Assigned:
    """Give each task to the person of a user name, whoever had it before. One durable transaction.

    Left out: what is decided, what somebody else than the assignee has claimed, what they were assigned already.
    Raises Forbidden, NotFound (no such task), InvalidInput (none, too many, or a person who may not review), Busy.
    One audit event a task.
    """
    access.require(actor, Permission.SUPERVISE)
    if not to:
        raise InvalidInput("No task was chosen. Tick the tasks to assign; nothing was changed.")
    names = {colleague.user_id: colleague.name for colleague in colleagues()}
    if any(user_id not in names for user_id in to.values()):
        raise InvalidInput("A person was chosen who may not review, or cannot sign in any more. Nothing was changed.")

    def give(task: Task, batch: UUID, now: datetime) -> bool:
        user_id = to[task.uuid]
        standing = _standing(task)
        held = leases.holder_of(task, now=now)
        if task.status != "open" or (standing and standing.user_id == user_id) or (held and held.user_id != user_id):
            return False
        _end(standing, batch, now)
        _open(task, user_id, names[user_id], batch=batch, actor=actor, now=now)
        return True

    return _with_each(list(to), give)


def withdraw(*, tasks: Sequence[UUID], actor: Actor) -> Assigned:
    """Assign tasks to nobody. Raises as `assign`; one audit event a task."""
    access.require(actor, Permission.SUPERVISE)
    if not tasks:
        raise InvalidInput("No task was chosen. Tick the tasks to take back; nothing was changed.")

    def take_back(task: Task, batch: UUID, now: datetime) -> bool:
        standing = _standing(task)
        if standing is None:
            return False
        _end(standing, batch, now)
        write_down(task, Action.TASK_UNASSIGNED, actor=actor, at=now, detail={"from": standing.user_id})
        return True

    return _with_each(tasks, take_back)


def undo_assignment(*, batch: UUID, actor: Actor) -> Assigned:
    """Undo one act of `assign` or `withdraw`: everybody has what they had before, unless it was changed since.

    Raises Forbidden, CannotUndo (nothing of it stands any more), Busy. One audit event a task.
    """
    access.require(actor, Permission.SUPERVISE)
    of_batch = Assignment.objects.filter(Q(batch=batch) | Q(ended_by_batch=batch)).select_related(*_KINDS)
    tasks = dict.fromkeys(_task_of(row).uuid for row in of_batch)
    outcome = _with_each(list(tasks), lambda task, undoing, now: _restore(task, batch, undoing, actor, now))
    if not outcome.done:
        raise CannotUndo("Nothing of this stands any more. Nothing was changed.")
    return outcome


def _restore(task: Task, batch: UUID, undoing: UUID, actor: Actor, now: datetime) -> bool:
    """Give a task back to whom it was assigned before a batch; False where a later act has changed it."""
    own = Assignment.objects.filter(**of_task(task))
    standing, given = _standing(task), own.filter(batch=batch).first()
    if (standing.pk if standing else None) != (given.pk if given else None):
        return False
    _end(standing, undoing, now)
    before = own.filter(ended_by_batch=batch).first()
    if before is not None:
        _open(task, before.user_id, before.user_name, batch=undoing, actor=actor, now=now)
    elif given is not None:
        write_down(task, Action.TASK_UNASSIGNED, actor=actor, at=now, detail={"from": given.user_id})
    return True


def _task_of(assignment: Assignment) -> Task:
    found = assignment.potential_match or assignment.identity_task
    assert found is not None, "an assignment names one task, by constraint"
    return found


_KINDS = ("potential_match", "identity_task")


def _with_each(uuids: Sequence[UUID], act: Callable[[Task, UUID, datetime], bool]) -> Assigned:
    """Lock the tasks in one order and act on each; what was not changed is counted as left out."""
    if len(uuids) > MOST_AT_ONCE:
        raise InvalidInput(f"At most {MOST_AT_ONCE} tasks at once. Nothing was changed.")

    def whole() -> Assigned:
        batch, tasks = uuid7(), list(_locked(uuids))
        if len(tasks) != len(set(uuids)):
            raise NotFound("There is no task under one of these numbers. Nothing was changed.")
        now = transaction_time()
        done = sum(act(task, batch, now) for task in tasks)
        return Assigned(batch, done, len(tasks) - done)

    return run_act(whole)


def _locked(uuids: Sequence[UUID]) -> Iterable[Task]:
    """The tasks, locked by ascending key, potential matches first. Two queries."""
    matches = PotentialMatch.objects.filter(uuid__in=uuids).order_by("pk")
    yield from matches.select_for_update(of=("self",), no_key=True)
    tasks = IdentityTask.objects.filter(uuid__in=uuids).select_related("source_record").order_by("pk")
    yield from tasks.select_for_update(of=("self",), no_key=True)


def _standing(task: Task) -> Assignment | None:
    return Assignment.objects.filter(**of_task(task), ended_at__isnull=True).first()


def _end(assignment: Assignment | None, batch: UUID, now: datetime) -> None:
    if assignment is not None:
        assignment.ended_at, assignment.ended_by_batch = now, batch
        assignment.save(update_fields=["ended_at", "ended_by_batch"])


def _open(task: Task, user_id: str, name: str, *, batch: UUID, actor: Actor, now: datetime) -> None:
    Assignment.objects.create(
        **of_task(task),
        user_id=user_id,
        user_name=name,
        by_id=actor.id,
        by_name=actor.name,
        batch=batch,
        assigned_at=now,
    )
    write_down(task, Action.TASK_ASSIGNED, actor=actor, at=now, detail={"to": user_id})
