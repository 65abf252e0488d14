"""Take back what was kept and not carried out: a proposal, or a reading of the blind double review."""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from mpi.commands import Actor
from mpi.errors import CannotUndo, Forbidden, NotFound
from mpi.models import PotentialMatch, PotentialMatchStatus, Proposal
from mpi.services.locking import run_act, transaction_time
from mpi.services.proposal_decide import withdraw_proposal
from review.models import BlindAnswer, Outcome
from review.services.answers import Answer

_REASON = "Taken back at the review desk"


def take_back(*, answer: UUID, actor: Actor) -> Answer:
    """Withdraw a proposal, or take a reading back as long as nobody has read after it; one's own only.

    Raises NotFound, Forbidden (another's), CannotUndo, AlreadyDecided, Busy. One audit event.
    """
    proposal = Proposal.objects.select_related("potential_match").filter(uuid=answer).first()
    if proposal is None or proposal.potential_match is None:
        return run_act(lambda: _take_back_reading(answer, actor))
    withdraw_proposal(uuid=answer, reason=_REASON, actor=actor)
    outcome = Outcome(proposal.parameters["outcome"])
    return Answer(decision=answer, task=proposal.potential_match.uuid, outcome=outcome, undoable=False)


def _take_back_reading(answer: UUID, actor: Actor) -> Answer:
    seen = BlindAnswer.objects.filter(uuid=answer).values_list("potential_match", flat=True).first()
    if seen is None:
        raise NotFound("There is no answer under this number.")
    match = PotentialMatch.objects.select_for_update(no_key=True).get(pk=seen)
    given = BlindAnswer.objects.get(uuid=answer)
    if given.user_id != actor.id:
        raise Forbidden("Only the reader takes an answer back before it is carried out. Nothing was changed.")
    same = BlindAnswer.objects.filter(potential_match=match, basis_hash=given.basis_hash, overturned_at__isnull=True)
    if given.overturned_at is not None:
        raise CannotUndo("You have taken this answer back already. Nothing was changed.")
    if match.status != PotentialMatchStatus.OPEN or same.filter(round__gt=given.round).exists():
        raise CannotUndo("Another steward has read the task since: your answer stands beside theirs.")
    now = transaction_time()
    BlindAnswer.objects.filter(pk=given.pk).update(overturned_at=now)
    record(
        entry_by(
            actor,
            Action.BLIND_TAKEN_BACK,
            subject=("potential_match", str(match.uuid)),
            detail={"round": given.round},
            recorded_at=now,
        )
    )
    return Answer(decision=given.uuid, task=match.uuid, outcome=Outcome(given.outcome), undoable=False)
