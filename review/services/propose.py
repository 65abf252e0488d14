"""Ask a second person, as the answer to a task: the answer is proposed, and another steward approves it."""

from __future__ import annotations

from uuid import UUID

from mpi.commands import Actor
from mpi.services.locking import run_act
from mpi.services.proposal_acts import ProposedAnswer, Why
from mpi.services.proposal_propose import check_proposer, lock_subject, propose_within
from mpi.services.resolve import check_answer
from review.basis import read_token
from review.models import Outcome
from review.services import leases
from review.services.answers import Answer, lock_task
from review.services.blind import require_unread


def propose_answer(*, task: UUID, outcome: Outcome, token: str, reason_code: str, comment: str, actor: Actor) -> Answer:
    """Propose an answer to a task; the question stays open and waits for another steward.

    Bound to what was shown, as an answer is. Raises Forbidden, NotFound, InvalidInput, AlreadyDecided,
    ClaimedByAnother, EvidenceChanged, Separated, AwaitsSecondPerson, Busy. One audit event.
    """
    check_answer(outcome, reason_code, comment)
    shown = read_token(token, task=task)
    act = ProposedAnswer(
        potential_match=str(task),
        outcome="same" if outcome == Outcome.SAME else "different",
        version=shown.basis.task_version,
        versions=dict(shown.basis.golden),
    )
    why = Why(reason_code, comment)
    check_proposer(actor, act, why)

    def carry_out() -> Answer:
        lock_subject(act)
        locked = lock_task(task, shown=shown, actor=actor)
        require_unread(locked, actor=actor)
        proposal = propose_within(act=act, why=why, actor=actor)
        leases.end(locked.match, now=locked.now)
        return Answer(decision=proposal.uuid, task=task, outcome=outcome, undoable=True)

    return run_act(carry_out)
