"""Approve a proposal at the desk: carried out, and kept as an answer where it was the answer to a task."""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from mpi.commands import Actor
from mpi.errors import MpiError
from mpi.models import PotentialMatch, Proposal
from mpi.services.locking import lock_golden_records, run_act, transaction_time
from mpi.services.proposal_decide import Approved, approve_locked, check_approver, lock_proposal, settled
from mpi.services.reasons import MOST_CHARACTERS, check_note
from review.basis import basis_of
from review.models import Outcome
from review.services.answers import LockedTask, keep_answer


def approve(*, uuid: UUID, reason: str, shown_at: float, actor: Actor) -> Approved:
    """As `mpi.services.proposal_decide.approve_proposal`, same errors.

    `shown_at` is when the page was made, in seconds since the epoch. The answer is kept under the name of who approves
    it, with the words of both.
    """
    check_approver(uuid=uuid, actor=actor, action=Action.PROPOSAL_APPROVED)
    check_note(reason)

    def act() -> Approved | MpiError:
        proposal = lock_proposal(uuid)
        task = _locked_task(proposal, shown_at)
        outcome = approve_locked(proposal, reason=reason, actor=actor)
        if task is not None and isinstance(outcome, Approved):
            keep_answer(
                task,
                Outcome.SAME if proposal.parameters["outcome"] == "same" else Outcome.DIFFERENT,
                reason_code=proposal.reason_code,
                comment=_words(proposal, reason),
                actor=actor,
                event_uuid=outcome.event_uuid,
            )
        return outcome

    return settled(run_act(act))


def _locked_task(proposal: Proposal, shown_at: float) -> LockedTask | None:
    """The question as it stands before the act, which changes what it rests on."""
    if proposal.potential_match_id is None:
        return None
    match = PotentialMatch.objects.select_related("model_version").get(pk=proposal.potential_match_id)
    golden = lock_golden_records({match.golden_a_id, match.golden_b_id})
    match.golden_a, match.golden_b = golden[match.golden_a_id], golden[match.golden_b_id]
    now = transaction_time()
    return LockedTask(match, basis_of(match), max(now.timestamp() - shown_at, 0.0), now)


def _words(proposal: Proposal, reason: str) -> str:
    told = [f"proposed by {proposal.proposer_name}", proposal.reason, reason]
    return "; ".join(part for part in told if part)[:MOST_CHARACTERS]
