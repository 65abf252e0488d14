"""Take an answer back: a slip. The exact state before, the task open again, the answer marked as overturned."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, CannotUndo
from mpi.models import EventKind, PotentialMatchStatus
from mpi.services.act import begin
from mpi.services.locking import TryAgain, run_act, transaction_time
from mpi.services.second_person_policy import require_two, take_back_reasons
from mpi.services.undo import concerned, plan_undo, undo_locked
from review.models import Deferral, Outcome, ReviewDecision
from review.services.answers import Answer
from review.services.take_back import take_back

_REASON = "Undone at the review desk"


def undo(*, answer: UUID, actor: Actor) -> Answer:
    """Undo one answer of this desk, whoever gave it.

    A final one restores both golden records as they were; the others only open the task again; a reading of the blind
    double review, and a proposal, are taken back by who gave them. Raises Forbidden, NotFound, SecondPersonNeeded,
    CannotUndo (undone before, or a later act of a person stands in the way), AlreadyDecided (a deferred task that was
    answered since), Busy. One audit event.
    """
    access.require(actor, Permission.REVIEW)
    found = ReviewDecision.objects.filter(uuid=answer).first()
    if found is None:
        return take_back(answer=answer, actor=actor)
    if found.event_uuid is None:
        return run_act(lambda: _reopen(found.pk, actor))
    access.require(actor, Permission.MERGE)
    event_uuid = found.event_uuid
    return run_act(lambda: _restore(found.pk, event_uuid, actor))


def _restore(pk: int, event_uuid: UUID, actor: Actor) -> Answer:
    """Undo the identity event and the answer in one transaction."""
    plan = plan_undo(event_uuid)
    unit = begin(actor, plan.golden_ids)
    given = _lock_answer(pk)
    plan_now = plan_undo(event_uuid)
    if plan_now.golden_ids != plan.golden_ids:
        raise TryAgain
    reasons = take_back_reasons(plan_now.event, concerned(unit, plan_now), actor=actor, now=unit.recorded_at)
    require_two(actor, reasons, None)
    undoing = unit.event(EventKind.UNDO, reason_code="slip", reason=_REASON, undoes=plan_now.event)
    restored = undo_locked(unit, undoing, plan_now)
    unit.audit_golden(
        Action.IDENTITY_UNDONE,
        restored[0],
        *restored[1:],
        reason=_REASON,
        detail={
            "event": str(undoing.uuid),
            "undone": str(event_uuid),
            "kind": str(plan_now.event.kind),
            "potential_match": str(given.potential_match.uuid),
        },
    )
    unit.flush()
    return _overturn(given, actor, unit.recorded_at)


def _reopen(pk: int, actor: Actor) -> Answer:
    """Undo an answer that changed nothing in the index."""
    given = _lock_answer(pk)
    now = transaction_time()
    if given.potential_match.status != PotentialMatchStatus.OPEN:
        raise AlreadyDecided("The task was answered since; undo that answer instead.")
    Deferral.objects.filter(decision=given, ended_at__isnull=True).update(ended_at=now)
    record(
        entry_by(
            actor,
            Action.IDENTITY_UNDONE,
            subject=("potential_match", str(given.potential_match.uuid)),
            detail={"answer": str(given.outcome)},
            recorded_at=now,
        )
    )
    return _overturn(given, actor, now)


def _lock_answer(pk: int) -> ReviewDecision:
    given = ReviewDecision.objects.select_for_update(of=("self",)).select_related("potential_match").get(pk=pk)
    if given.overturned_at is not None:
        raise CannotUndo(f"{given.overturned_by or 'Somebody'} has undone this answer already. Nothing was changed.")
    return given


def _overturn(given: ReviewDecision, actor: Actor, now: datetime) -> Answer:
    ReviewDecision.objects.filter(pk=given.pk).update(overturned_at=now, overturned_by=actor.name)
    return Answer(decision=given.uuid, task=given.potential_match.uuid, outcome=Outcome(given.outcome), undoable=False)
