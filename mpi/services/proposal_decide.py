"""Approve, reject or withdraw a proposal. An approval checks everything again and carries the act out, in one
transaction; the event names who approved it, the proposal both."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import (
    AlreadyDecided,
    AlreadyMerged,
    CannotUndo,
    Forbidden,
    InvalidInput,
    MpiError,
    NotFound,
    Related,
    Separated,
    StaleVersion,
    UnderReview,
)
from mpi.models import IdentityEvent, Proposal, ProposalState
from mpi.services.locking import run_act, transaction_time
from mpi.services.proposal_acts import Why, proposed_act, versions_bound
from mpi.services.proposal_propose import tell
from mpi.services.reasons import check_note, check_words
from mpi.services.second_person_policy import Approval

_OVERTAKEN: tuple[type[MpiError], ...] = (AlreadyDecided, AlreadyMerged, CannotUndo, InvalidInput, NotFound)
_OVERTAKEN += (Related, Separated, StaleVersion, UnderReview)
"""What an act says when it cannot be done any more as it was proposed."""
_DECIDED = {
    ProposalState.APPROVED: "approved",
    ProposalState.REJECTED: "rejected",
    ProposalState.WITHDRAWN: "withdrew",
    ProposalState.STALE: "found it out of date,",
}


@dataclass(frozen=True, slots=True)
class Approved:
    """A proposal that was carried out: its number and the identity event, by which the act can be undone."""

    proposal: Proposal
    event_uuid: UUID


def approve_proposal(*, uuid: UUID | str, reason: str, actor: Actor) -> Approved:
    """Stand for what another person proposed: it is carried out, by this actor, if nothing it rests on has changed.

    Else the proposal is closed as stale, and what stands in the way is raised: StaleVersion or what the act itself
    raises. Raises Forbidden (also one's own proposal), NotFound, InvalidInput, AlreadyDecided, Busy.
    """
    check_approver(uuid=uuid, actor=actor, action=Action.PROPOSAL_APPROVED)
    check_note(reason)
    return settled(run_act(lambda: approve_locked(lock_proposal(uuid), reason=reason, actor=actor)))


def settled(outcome: Approved | MpiError) -> Approved:
    """The approval, or what stood in its way, raised now that the transaction which noted it is committed."""
    if isinstance(outcome, MpiError):
        raise outcome
    return outcome


def check_approver(*, uuid: UUID | str, actor: Actor, action: Action) -> None:
    """Raise Forbidden, and write the refusal down, unless the actor may decide on what somebody else proposed."""
    require(actor, Permission.APPROVE)
    proposer = Proposal.objects.filter(uuid=uuid).values_list("proposer_id", flat=True).first()
    if proposer is None:
        raise NotFound("There is no proposal under this number.")
    if actor.is_human and actor.id != proposer:
        return
    with transaction.atomic():
        refused = {"why": "own work" if actor.is_human else "no person"}
        record(entry_by(actor, action, subject=("proposal", str(uuid)), outcome="refused", detail=refused))
    raise Forbidden("You proposed this; another person decides on it. Nothing was changed.")


def lock_proposal(uuid: UUID | str) -> Proposal:
    """Lock an open proposal. It comes before the golden records: nobody locks one while holding those.

    Raises NotFound, AlreadyDecided.
    """
    proposal = Proposal.objects.select_for_update().filter(uuid=uuid).first()
    if proposal is None:
        raise NotFound("There is no proposal under this number.")
    if proposal.state != ProposalState.OPEN:
        how = _DECIDED[ProposalState(proposal.state)]
        raise AlreadyDecided(
            f"{proposal.decided_by_name} {how} before you. Nothing was changed.", extra={"status": str(proposal.state)}
        )
    return proposal


def approve_locked(proposal: Proposal, *, reason: str, actor: Actor) -> Approved | MpiError:
    """The body, on a locked proposal. What stands in the way is returned, so that its note is committed."""
    try:
        with transaction.atomic():
            event = _carried_out(proposal, actor)
    except _OVERTAKEN as overtaken:
        _close(proposal, ProposalState.STALE, actor=actor, reason=overtaken.detail)
        tell(proposal, Action.PROPOSAL_STALE, actor=actor, reason=overtaken.detail, detail={"code": overtaken.code})
        return overtaken
    _close(proposal, ProposalState.APPROVED, actor=actor, reason=reason, event=event)
    tell(proposal, Action.PROPOSAL_APPROVED, actor=actor, reason=reason, detail={"event": str(event.uuid)})
    return Approved(proposal, event.uuid)


def reject_proposal(*, uuid: UUID | str, reason: str, actor: Actor) -> Proposal:
    """Do not do it. Raises Forbidden (also one's own), NotFound, InvalidInput (no reason), AlreadyDecided, Busy."""
    check_approver(uuid=uuid, actor=actor, action=Action.PROPOSAL_REJECTED)
    check_words(reason)
    return run_act(lambda: _closed(uuid, ProposalState.REJECTED, Action.PROPOSAL_REJECTED, reason, actor))


def withdraw_proposal(*, uuid: UUID | str, reason: str, actor: Actor) -> Proposal:
    """The proposer takes it back. Raises Forbidden, NotFound, InvalidInput, AlreadyDecided, Busy."""
    require(actor, Permission.REVIEW)
    check_note(reason)
    return run_act(lambda: _closed(uuid, ProposalState.WITHDRAWN, Action.PROPOSAL_WITHDRAWN, reason, actor))


def _closed(uuid: UUID | str, state: ProposalState, action: Action, reason: str, actor: Actor) -> Proposal:
    proposal = lock_proposal(uuid)
    if state == ProposalState.WITHDRAWN and proposal.proposer_id != actor.id:
        raise Forbidden("Only the proposer withdraws a proposal; you can reject it. Nothing was changed.")
    _close(proposal, state, actor=actor, reason=reason)
    tell(proposal, action, actor=actor, reason=reason, detail={})
    return proposal


def _carried_out(proposal: Proposal, actor: Actor) -> IdentityEvent:
    act = proposed_act(proposal.act, proposal.parameters)
    require(actor, act.permission)
    why = Why(proposal.reason_code, proposal.reason)
    event_uuid = act.carry_out(why=why, actor=actor, approval=Approval(proposal.proposer_id))
    event = IdentityEvent.objects.get(uuid=event_uuid)
    if versions_bound(event) != proposal.versions:
        raise StaleVersion(
            "A golden record has changed since this was proposed; nothing was done. Look again and propose it anew."
        )
    return event


def _close(
    proposal: Proposal, state: ProposalState, *, actor: Actor, reason: str, event: IdentityEvent | None = None
) -> None:
    proposal.state, proposal.decided_at, proposal.event = state, transaction_time(), event
    proposal.decided_by_id, proposal.decided_by_name, proposal.decision_reason = actor.id, actor.name, reason[:500]
    fields = ["state", "decided_at", "event", "decided_by_id", "decided_by_name", "decision_reason"]
    proposal.save(update_fields=fields)
