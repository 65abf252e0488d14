"""Unmerge: the merged golden records are two people. As an undo, plus the separation that keeps them apart."""

from __future__ import annotations

from itertools import product
from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import CannotUndo
from mpi.models import MERGES, EventKind, IdentityEvent, Link, PotentialMatchStatus
from mpi.services.act import ActResult, begin, done
from mpi.services.locking import TryAgain, run_act
from mpi.services.reasons import check_reason
from mpi.services.second_person_policy import Approval, require_two, take_back_reasons
from mpi.services.undo import UndoPlan, concerned, plan_undo, undo_locked
from mpi.services.unit import UnitOfWork


def unmerge_golden_records(*, event_uuid: UUID | str, reason_code: str, reason: str, actor: Actor) -> ActResult:
    """Restore both golden records under their EUIDs and keep them apart.

    Raises Forbidden, NotFound, InvalidInput, CannotUndo (naming what stands in the way), SecondPersonNeeded, Busy.
    """
    require(actor, Permission.MERGE)
    check_reason(reason_code, reason)
    return run_act(lambda: unmerge_within(event_uuid=event_uuid, reason_code=reason_code, reason=reason, actor=actor))


def unmerge_within(
    *, event_uuid: UUID | str, reason_code: str, reason: str, actor: Actor, approval: Approval | None = None
) -> ActResult:
    """The same inside the caller's durable transaction; `approval` where another person has proposed it."""
    plan = plan_unmerge(event_uuid)
    unit = begin(actor, plan.golden_ids)
    plan_now = plan_unmerge(event_uuid)
    if plan_now.golden_ids != plan.golden_ids:
        raise TryAgain
    reasons = take_back_reasons(plan_now.event, concerned(unit, plan_now), actor=actor, now=unit.recorded_at)
    require_two(actor, reasons, approval)
    unmerging = unit.event(EventKind.UNMERGE, reason_code=reason_code, reason=reason, undoes=plan.event)
    restored = undo_locked(unit, unmerging, plan_now)
    _separate(unit, unmerging, plan_now, reason_code, reason)
    _answer(unit, unmerging, plan_now)
    unit.audit_golden(
        Action.GOLDEN_UNMERGED,
        restored[0],
        *restored[1:],
        reason_code=reason_code,
        reason=reason,
        detail={"event": str(unmerging.uuid), "undone": str(plan.event.uuid)},
    )
    unit.flush()
    return done(unmerging, "Both golden records stand again and are kept apart.", *restored, undoable=False)


def plan_unmerge(event_uuid: UUID | str) -> UndoPlan:
    """What an unmerge would move, read now. Raises NotFound, CannotUndo."""
    plan = plan_undo(event_uuid)
    if plan.event.kind not in MERGES:
        raise CannotUndo("Only a merge is unmerged; this act is undone instead.")
    return plan


def _separate(unit: UnitOfWork, unmerging: IdentityEvent, plan: UndoPlan, reason_code: str, reason: str) -> None:
    """Every restored record against every record that stays with the survivor.

    A record that was withdrawn meanwhile is restored too: it comes back to whom it had before the merge.
    """
    payload = plan.event.payload
    ended = Link.objects.filter(pk__in=payload["links_ended"]).values("source_record")
    linked = Link.objects.filter(source_record__in=ended, ended_at__isnull=True).values("source_record")
    moved = Link.objects.filter(pk__in=payload["links_opened"], source_record__in=ended)
    withdrawn = dict(moved.exclude(source_record__in=linked).values_list("source_record", "golden_record"))
    givers = {link.golden_record_id for link, _ in plan.moves} | set(withdrawn.values())
    back = {link.source_record_id for link, _ in plan.moves} | withdrawn.keys()
    stayed = unit.members_of(givers) - back
    if back and stayed:
        unit.separate(unmerging, product(back, stayed), reason_code=reason_code, reason=reason)


def _answer(unit: UnitOfWork, unmerging: IdentityEvent, plan: UndoPlan) -> None:
    """The questions between the two that the undo opened again are answered: different people."""
    homes = {home for _, home in plan.moves}
    givers = {link.golden_record_id for link, _ in plan.moves}
    for match in plan.matches.values():
        one, other = match.golden_a_id, match.golden_b_id
        between = (one in homes and other in givers) or (other in homes and one in givers)
        if between and match.status == PotentialMatchStatus.OPEN:
            unit.close_potential_match(unmerging, match, PotentialMatchStatus.DIFFERENT, "unmerged")
