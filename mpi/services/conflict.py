"""An identifier conflict is answered: the two who hold one number are one person, or two."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import NotFound
from mpi.models import EventKind, IdentityTask, Link, TaskType
from mpi.services.act import ActResult, begin, check_sides
from mpi.services.locking import TryAgain, run_act
from mpi.services.merge import merge_locked
from mpi.services.overlay import check_task
from mpi.services.reasons import check_reason
from mpi.services.record_states import close_task
from mpi.services.separate import separate_locked


def answer_conflict(
    *,
    task_uuid: UUID | str,
    same: bool,
    version: int,
    versions: Mapping[str, int],
    reason_code: str,
    reason: str,
    actor: Actor,
) -> ActResult:
    """Merge the two golden records (the older one stays) or keep them apart, and close the task; one undoable act.

    `version` is the task's as the caller saw it, `versions` those of both golden records, by EUID. Raises Forbidden,
    NotFound, InvalidInput, AlreadyDecided, StaleVersion, Separated, SecondPersonNeeded, Busy.
    """
    require(actor, Permission.REVIEW)
    require(actor, Permission.MERGE)
    check_reason(reason_code, reason)
    return run_act(lambda: _answer(task_uuid, same, version, versions, (reason_code, reason), actor))


def _answer(
    task_uuid: UUID | str, same: bool, version: int, versions: Mapping[str, int], why: tuple[str, str], actor: Actor
) -> ActResult:
    asked = IdentityTask.objects.filter(uuid=task_uuid, type=TaskType.IDENTIFIER_CONFLICT).first()
    if asked is None:
        raise NotFound("There is no identifier conflict under this number.")
    check_task(asked, version)
    holders = _holders(asked)
    unit = begin(actor, holders)
    tasks = IdentityTask.objects.select_for_update(of=("self",)).select_related("source_record")
    task = tasks.get(pk=asked.pk)
    check_task(task, version)
    if _holders(task) != holders:
        raise TryAgain
    check_sides([unit.golden_records[pk] for pk in holders], versions)
    event = unit.event(EventKind.MERGE if same else EventKind.SEPARATE, reason_code=why[0], reason=why[1])
    older, newer = sorted(holders)
    if same:
        result = merge_locked(unit, event, survivor_id=older, retired_id=newer, versions=versions)
    else:
        result = separate_locked(unit, event, one_id=older, other_id=newer)
    close_task(unit, event, task, "accepted" if same else "rejected")
    told: dict[str, object] = {"accepted": same, "task": str(task.uuid), "event": str(event.uuid)}
    unit.audit_record(Action.TASK_RESOLVED, task.source_record, reason=why[1], detail=told)
    unit.flush()
    return result


def _holders(task: IdentityTask) -> list[int]:
    """The golden records of both records, in their order. Raises NotFound where they are not two any more."""
    links = Link.objects.filter(
        source_record__in=[task.source_record_id, task.other_record_id], ended_at__isnull=True
    ).values_list("golden_record_id", flat=True)
    found = sorted(set(links))
    if len(found) != 2:
        raise NotFound("The two records do not belong to two persons any more; there is nothing to decide.")
    return found
