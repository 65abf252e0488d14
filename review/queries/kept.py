"""What became of an answer that was kept and not carried out: a proposal, or a reading of the blind double review."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from mpi.models import Proposal, ProposalState
from review.models import BlindAnswer, Outcome

_WAITS = "Your answer is proposed: another steward approves or rejects it."
_READS = "Your answer is kept: another steward reads the same task without seeing it."


@dataclass(frozen=True, slots=True)
class Kept:
    """`sentence` says why nothing has changed yet."""

    task: UUID
    number: int
    words: str
    user_name: str
    undone: bool
    sentence: str


def kept_answer(uuid: UUID, *, user_id: str) -> Kept | None:
    """The reading or proposal under this number, for whoever gave it; None for others. Two queries at most."""
    reading = BlindAnswer.objects.select_related("potential_match").filter(uuid=uuid, user_id=user_id).first()
    if reading is not None:
        match, outcome, undone = reading.potential_match, reading.outcome, reading.overturned_at is not None
        return Kept(match.uuid, match.pk, Outcome(outcome).label, reading.user_name, undone, _READS)
    found = Proposal.objects.select_related("potential_match").filter(uuid=uuid, proposer_id=user_id).first()
    if found is None or found.potential_match is None:
        return None
    match, undone = found.potential_match, found.state != ProposalState.OPEN
    words = Outcome(found.parameters["outcome"]).label
    return Kept(match.uuid, match.pk, words, found.proposer_name, undone, _WAITS)
