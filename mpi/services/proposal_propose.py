"""Propose: an act that a second person is to approve before it is carried out.

It is tried first and rolled back: what could not be done cannot be proposed, and the versions of every golden record
that it would change are known and bound.
"""

from __future__ import annotations

from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import golden_subject, require
from mpi.commands import Actor
from mpi.errors import AwaitsSecondPerson, Forbidden, SecondPersonNeeded
from mpi.models import IdentityEvent, IdentityTask, PotentialMatch, Proposal, ProposalAct, ProposalState
from mpi.services.locking import run_act, transaction_time
from mpi.services.overlay import HOW
from mpi.services.proposal_acts import (
    ProposedAct,
    ProposedAnswer,
    ProposedSplit,
    Why,
    parameters_of,
    versions_bound,
)
from mpi.services.reasons import check_note, check_reason, check_words
from mpi.services.second_person_policy import ASKED, Approval


def propose(*, act: ProposedAct, why: Why, actor: Actor) -> Proposal:
    """Ask a second person for an act, because policy does or because the proposer wants one.

    The same proposal sent twice is one. Raises Forbidden, AwaitsSecondPerson (another proposal about the same subject
    waits), Busy, and whatever the act itself would raise. One audit event.
    """
    check_proposer(actor, act, why)
    return run_act(lambda: propose_within(act=act, why=why, actor=actor))


def check_proposer(actor: Actor, act: ProposedAct, why: Why) -> None:
    """Raise Forbidden or InvalidInput unless this actor may propose the act for this reason."""
    require(actor, act.permission)
    if not actor.is_human:
        raise Forbidden("The index itself proposes nothing.")
    if act.kind == ProposalAct.UNDO:
        check_note(why.words)
    elif act.kind == ProposalAct.OVERLAY_SPLIT:
        check_words(why.words, mend=HOW)
    else:
        check_reason(why.code, why.words)


def propose_within(*, act: ProposedAct, why: Why, actor: Actor) -> Proposal:
    """The same inside the caller's durable transaction, for a proposer who was checked."""
    standing = lock_subject(act)
    asked_by, versions = _tried(act, why, actor)
    now = transaction_time()
    if standing is not None and standing.versions == versions:
        if standing.proposer_id == actor.id and standing.act == act.kind:
            return standing
        raise AwaitsSecondPerson(
            f"{standing.proposer_name} has proposed an act on the same subject, which waits for a second person. "
            "Nothing was changed: approve or reject it.",
            extra={"proposal": str(standing.uuid)},
        )
    if standing is not None:
        standing.state, standing.decided_at = ProposalState.STALE, now
        standing.decided_by_id, standing.decided_by_name = actor.id, actor.name
        standing.save(update_fields=["state", "decided_at", "decided_by_id", "decided_by_name"])
    match, task = _task_of(act)
    proposal = Proposal.objects.create(
        act=act.kind,
        subject=act.subject,
        parameters=parameters_of(act),
        versions=versions,
        asked_by=list(asked_by),
        reason_code=why.code,
        reason=why.words,
        potential_match=match,
        identity_task=task,
        proposer_id=actor.id,
        proposer_name=actor.name,
        proposed_at=now,
    )
    tell(proposal, Action.PROPOSAL_MADE, actor=actor, reason=why.words, detail={"asked_by": list(asked_by)})
    return proposal


def lock_subject(act: ProposedAct) -> Proposal | None:
    """Lock the open proposal about the same subject, if there is one. Before any golden record, as an approval does."""
    return Proposal.objects.select_for_update().filter(subject=act.subject, state=ProposalState.OPEN).first()


def tell(proposal: Proposal, action: Action, *, actor: Actor, reason: str, detail: dict[str, object]) -> None:
    """One audit event about a proposal and the golden records that it concerns."""
    record(
        entry_by(
            actor,
            action,
            subject=("proposal", str(proposal.uuid)),
            related=tuple(golden_subject(euid) for euid in proposal.versions),
            reason_code=proposal.reason_code,
            reason_text=reason,
            detail={"act": str(proposal.act), "proposer": proposal.proposer_id, **detail},
        )
    )


def _tried(act: ProposedAct, why: Why, actor: Actor) -> tuple[tuple[str, ...], dict[str, int]]:
    """Why two people are asked, and the versions that the act would change."""
    try:
        return (ASKED,), _trial(act, why, actor, None)
    except SecondPersonNeeded as needed:
        asked_by = needed.extra["asked_by"]
    approval = Approval(proposer_id=actor.id, trial=True)
    return tuple(asked_by if isinstance(asked_by, list) else ()), _trial(act, why, actor, approval)


def _trial(act: ProposedAct, why: Why, actor: Actor, approval: Approval | None) -> dict[str, int]:
    with transaction.atomic():
        event_uuid = act.carry_out(why=why, actor=actor, approval=approval)
        versions = versions_bound(IdentityEvent.objects.get(uuid=event_uuid))
        transaction.set_rollback(True)
    return versions


def _task_of(act: ProposedAct) -> tuple[PotentialMatch | None, IdentityTask | None]:
    """The question that the act would answer, so that its page can say who proposed what."""
    match = PotentialMatch.objects.get(uuid=act.potential_match) if isinstance(act, ProposedAnswer) else None
    task = IdentityTask.objects.get(uuid=act.identity_task) if isinstance(act, ProposedSplit) else None
    return match, task
