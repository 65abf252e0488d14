"""Same person, or different people: the answer that changes the index."""

from __future__ import annotations

from uuid import UUID

from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.services.locking import run_act
from mpi.services.resolve import check_answer, resolve_locked
from review.basis import read_token
from review.models import Outcome
from review.services.answers import Answer, keep_answer, lock_task
from review.services.blind import read_blind


def decide(*, task: UUID, outcome: Outcome, token: str, reason_code: str, comment: str, actor: Actor) -> Answer:
    """Answer a task for good: a merge (the older golden record stays) or a separation; undoable.

    One durable transaction: access, locks, re-check of everything that was shown, the act, the row of the answer.
    `token` is the basis the page was made from. Raises Forbidden, NotFound, InvalidInput, AlreadyDecided,
    ClaimedByAnother, EvidenceChanged, Separated, SecondPersonNeeded, AwaitsSecondPerson, Busy. Audited once, by the act
    itself. The answer to a task of the blind double review is kept, and carried out when a second reader agrees.
    """
    access.require(actor, Permission.REVIEW)
    check_answer(outcome, reason_code, comment)
    shown = read_token(token, task=task)

    def act() -> Answer:
        locked = lock_task(task, shown=shown, actor=actor)
        reading = read_blind(locked, outcome, reason_code=reason_code, comment=comment, actor=actor)
        if reading is not None and not reading.decides:
            return Answer(decision=reading.answer.uuid, task=task, outcome=outcome, undoable=True)
        done = resolve_locked(
            uuid=task,
            outcome="same" if outcome == Outcome.SAME else "different",
            version=locked.basis.task_version,
            versions=locked.basis.golden,
            reason_code=reason_code,
            reason=comment,
            actor=actor,
        )
        kept = keep_answer(
            locked,
            outcome,
            reason_code=reason_code,
            comment=comment,
            actor=actor,
            event_uuid=done.event_uuid,
        )
        return Answer(decision=kept.uuid, task=task, outcome=outcome, undoable=done.undoable)

    return run_act(act)
