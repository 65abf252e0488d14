"""Answers that keep the question open: cannot tell, to be fixed at the source, later."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from mpi import access
from mpi.access import Permission, golden_subject
from mpi.commands import Actor
from mpi.errors import InvalidInput
from mpi.services.locking import run_act
from review.basis import read_token
from review.models import FINAL_OUTCOMES, Deferral, Outcome
from review.services.answers import Answer, LockedTask, keep_answer, lock_task

SOURCE_DAYS = 10
"""How long a source is given to correct its record before the task comes back by itself."""
MOST_DAYS = 30


def defer(
    *, task: UUID, outcome: Outcome, token: str, reason_code: str, comment: str, days: int, actor: Actor
) -> Answer:
    """Answer without changing the index.

    `cannot-tell` leaves the task to the other stewards; `fix-at-source` sets it aside for SOURCE_DAYS, `later`
    for `days` (1 to MOST_DAYS), or until its evidence changes. Raises Forbidden, NotFound, InvalidInput,
    AlreadyDecided, ClaimedByAnother, EvidenceChanged, Busy. One audit event.
    """
    access.require(actor, Permission.REVIEW)
    if outcome in FINAL_OUTCOMES:
        raise InvalidInput("This answer decides the question; it cannot set it aside.")
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"A task can be put off by 1 to {MOST_DAYS} days. Nothing was changed.")
    shown = read_token(token, task=task)

    def act() -> Answer:
        locked = lock_task(task, shown=shown, actor=actor)
        kept = keep_answer(locked, outcome, reason_code=reason_code, comment=comment, actor=actor)
        aside = {Outcome.FIX_AT_SOURCE: SOURCE_DAYS, Outcome.LATER: days}.get(outcome)
        if aside is not None:
            Deferral.objects.create(
                potential_match=locked.match,
                decision=kept,
                version=locked.match.version,
                until=locked.now + timedelta(days=aside),
            )
        _write_down(locked, outcome, reason_code=reason_code, comment=comment, actor=actor)
        return Answer(decision=kept.uuid, task=task, outcome=outcome, undoable=True)

    return run_act(act)


def _write_down(task: LockedTask, outcome: Outcome, *, reason_code: str, comment: str, actor: Actor) -> None:
    match = task.match
    record(
        entry_by(
            actor,
            Action.POTENTIAL_MATCH_ANSWERED,
            subject=("potential_match", str(match.uuid)),
            related=(golden_subject(match.golden_a.euid), golden_subject(match.golden_b.euid)),
            reason_code=reason_code,
            reason_text=comment,
            detail={"answer": str(outcome), "status": "open"},
            recorded_at=task.now,
        )
    )
