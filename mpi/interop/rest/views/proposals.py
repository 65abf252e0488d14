"""`proposals`: an act that needs two people is proposed by one and approved by another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from audit.actions import Action
from mpi.access import Permission, access_proposal, audit_search
from mpi.errors import Flaw, InvalidInput
from mpi.euid import grouped
from mpi.interop.rest.acts import ActDoor
from mpi.interop.rest.bodies import checked, euid_in, json_body, versions_in
from mpi.interop.rest.documents import Document
from mpi.interop.rest.door import Door
from mpi.interop.rest.idempotency import Answer
from mpi.interop.rest.operation import IDEMPOTENCY_KEY, operation
from mpi.interop.rest.pagination import page, read_cursor
from mpi.interop.rest.query import CURSOR, LIMIT, Parameter
from mpi.interop.rest.shapes import paged
from mpi.interop.rest.shapes_proposals import ApproveBodyShape, ProposalShape, ProposeBodyShape, RejectBodyShape
from mpi.interop.rest.views.identity import RecordAct
from mpi.models import Proposal, ProposalAct, ProposalState
from mpi.queries.proposals import STATES, ProposalRow, find, listed, rows
from mpi.services.proposal_acts import (
    ProposedAct,
    ProposedAnswer,
    ProposedLink,
    ProposedMerge,
    ProposedSplit,
    ProposedUndo,
    ProposedUnlink,
    ProposedUnmerge,
    Why,
)
from mpi.services.proposal_decide import approve_proposal, reject_proposal, withdraw_proposal
from mpi.services.proposal_propose import propose

_TAG = "proposals"
_NEEDS: Mapping[str, tuple[str, ...]] = {
    ProposalAct.MERGE: ("survivor_euid", "retired_euid", "versions"),
    ProposalAct.SAME_PERSON: ("potential_match_id", "version"),
    ProposalAct.DIFFERENT_PEOPLE: ("potential_match_id", "version"),
    ProposalAct.UNMERGE: ("event_id",),
    ProposalAct.UNDO: ("event_id",),
    ProposalAct.OVERLAY_SPLIT: ("task_id",),
    ProposalAct.LINK: ("source_system", "mrn", "euid"),
    ProposalAct.UNLINK: ("source_system", "mrn"),
}
_MAY: Mapping[str, tuple[str, ...]] = {
    ProposalAct.SAME_PERSON: ("versions",),
    ProposalAct.DIFFERENT_PEOPLE: ("versions",),
    ProposalAct.OVERLAY_SPLIT: ("version", "at"),
    ProposalAct.LINK: ("version",),
}
_ALWAYS = ("act", "reason_code", "reason")


def proposal_documents(found: Sequence[Proposal]) -> list[Document]:
    """Proposals, without demographics. One query for any number."""
    return [_document(proposal, row) for proposal, row in zip(found, rows(found), strict=True)]


def _document(proposal: Proposal, row: ProposalRow) -> Document:
    return {
        "id": row.uuid,
        "act": row.act,
        "state": row.state,
        "asked_by": list(row.asked_by),
        "versions": {grouped(euid): version for euid, version in proposal.versions.items()},
        "current": row.current,
        "reason_code": row.reason_code,
        "reason": row.reason,
        "potential_match_id": row.task,
        "task_id": row.identity_task,
        "proposer": row.proposer_name,
        "proposed_at": row.proposed_at,
        "decided_by": row.decided_by_name or None,
        "decided_at": row.decided_at,
        "decision_reason": row.decision_reason,
        "event_id": row.event,
    }


class Proposals(RecordAct):
    """The list, and a new one."""

    @operation(
        "List proposals",
        tag=_TAG,
        name="list_proposals",
        scope=Permission.REVIEW,
        answers={200: paged(ProposalShape, "Proposal")},
        query=(Parameter("state", "Which ones; open unless told.", "choice", choices=STATES), LIMIT, CURSOR),
        words="The newest first. No demographics.",
    )
    def get(self, request: Request) -> Response:
        """One page; each person concerned is audited as read."""
        limit, key = self.asked.number("limit"), read_cursor(self.asked.text("cursor"), int)
        state = self.asked.text("state") or str(ProposalState.OPEN)
        found = listed(state, before=int(key[0]) if key else None, size=limit)
        shown, following = page(found, limit, lambda proposal: (proposal.pk,))
        euids = dict.fromkeys(euid for proposal in shown for euid in proposal.versions)
        audit_search(self.actor, list(euids), action=Action.PROPOSAL_READ)
        return Response({"items": proposal_documents(shown), "next": following})

    @operation(
        "Propose an act to a second person",
        tag=_TAG,
        name="propose",
        scope=Permission.REVIEW,
        body=ProposeBodyShape,
        answers={201: ProposalShape},
        headers=(IDEMPOTENCY_KEY,),
        words="Where an act answers 409 `second-person-needed`, or where you want another person’s word. The act is "
        "tried and rolled back: what could not be done cannot be proposed. All acts but the answers to a potential "
        "match need the scope `merge` too. Another person, or a client with the scope `proposals.approve`, approves.",
    )
    def post(self, request: Request) -> Response:
        """Propose."""
        told = checked(ProposeBodyShape, json_body(request))
        act = self._act(_fitting(told))
        why = Why(told.get("reason_code", ""), told.get("reason", ""))

        def carry_out() -> Answer:
            made = propose(act=act, why=why, actor=self.actor)
            return Answer(201, proposal_documents([made])[0], location=f"/api/v1/proposals/{made.uuid}")

        return self.carry_out(request, carry_out)

    def _act(self, told: dict[str, Any]) -> ProposedAct:
        kind = told["act"]
        if kind == ProposalAct.MERGE:
            sides = [euid_in(told[name], name) for name in ("survivor_euid", "retired_euid")]
            return ProposedMerge(sides[0], sides[1], versions_in(told["versions"], "versions"))
        if kind in (ProposalAct.UNLINK, ProposalAct.LINK):
            record_id = self.record_id(told["source_system"], told["mrn"])
            if kind == ProposalAct.UNLINK:
                return ProposedUnlink(record_id)
            return ProposedLink(record_id, euid_in(told["euid"], "euid"), told.get("version"))
        return _ACTS[kind](told)


def _answer(told: dict[str, Any]) -> ProposedAct:
    return ProposedAnswer(
        potential_match=str(told["potential_match_id"]),
        outcome="same" if told["act"] == ProposalAct.SAME_PERSON else "different",
        version=told["version"],
        versions=versions_in(told.get("versions", {}), "versions"),
    )


def _split(told: dict[str, Any]) -> ProposedAct:
    at = told["at"].isoformat() if "at" in told else ""
    return ProposedSplit(str(told["task_id"]), told.get("version"), at)


_ACTS: Mapping[str, Callable[[dict[str, Any]], ProposedAct]] = {
    ProposalAct.SAME_PERSON: _answer,
    ProposalAct.DIFFERENT_PEOPLE: _answer,
    ProposalAct.UNMERGE: lambda told: ProposedUnmerge(str(told["event_id"])),
    ProposalAct.UNDO: lambda told: ProposedUndo(str(told["event_id"])),
    ProposalAct.OVERLAY_SPLIT: _split,
}


def _fitting(told: dict[str, Any]) -> dict[str, Any]:
    """The body, if it names what its act needs and nothing else. Raises InvalidInput with every flaw."""
    kind = told["act"]
    flaws = [Flaw(name, "is missing", f"an act “{kind}” needs it") for name in _NEEDS[kind] if name not in told]
    known = (*_ALWAYS, *_NEEDS[kind], *_MAY.get(kind, ()))
    flaws += [Flaw(name, f"says nothing about an act “{kind}”", "leave it out") for name in told if name not in known]
    if flaws:
        raise InvalidInput("The body is not valid; nothing was proposed.", flaws=flaws)
    return told


class ProposalDetail(Door):
    """One proposal."""

    @operation(
        "Read a proposal",
        tag=_TAG,
        name="get_proposal",
        scope=Permission.REVIEW,
        answers={200: ProposalShape},
    )
    def get(self, request: Request, proposal_id: UUID) -> Response:
        """Audited as a read of everybody it concerns."""
        return Response(proposal_documents([access_proposal(self.actor, proposal_id)])[0])


class _Decision(ActDoor):
    """What becomes of one proposal."""

    def answer(self, request: Request, proposal_id: UUID, decide: Callable[[], object]) -> Response:
        """Decide, then tell how the proposal stands."""

        def carry_out() -> Answer:
            decide()
            decided = find(proposal_id)
            return Answer(200, proposal_documents([decided])[0] if decided else None)

        return self.carry_out(request, carry_out)


class ApproveProposal(_Decision):
    """Another one stands for the act."""

    @operation(
        "Approve a proposal",
        tag=_TAG,
        name="approve_proposal",
        scope=Permission.APPROVE,
        body=ApproveBodyShape,
        answers={200: ProposalShape},
        headers=(IDEMPOTENCY_KEY,),
        words="Never one’s own. Everything is checked again and the act is carried out; where something it is bound to "
        "has changed, the proposal is closed as stale and the answer is 409.",
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Approve."""
        reason = checked(ApproveBodyShape, json_body(request)).get("reason", "")
        act = {"uuid": proposal_id, "reason": reason, "actor": self.actor}
        return self.answer(request, proposal_id, lambda: approve_proposal(**act))


class RejectProposal(_Decision):
    """Another one does not."""

    @operation(
        "Reject a proposal",
        tag=_TAG,
        name="reject_proposal",
        scope=Permission.APPROVE,
        body=RejectBodyShape,
        answers={200: ProposalShape},
        headers=(IDEMPOTENCY_KEY,),
        words="Never one’s own: withdraw that.",
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Reject."""
        reason = checked(RejectBodyShape, json_body(request))["reason"]
        act = {"uuid": proposal_id, "reason": reason, "actor": self.actor}
        return self.answer(request, proposal_id, lambda: reject_proposal(**act))


class WithdrawProposal(_Decision):
    """The proposer takes it back."""

    @operation(
        "Withdraw a proposal",
        tag=_TAG,
        name="withdraw_proposal",
        scope=Permission.REVIEW,
        body=ApproveBodyShape,
        answers={200: ProposalShape},
        headers=(IDEMPOTENCY_KEY,),
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Withdraw."""
        reason = checked(ApproveBodyShape, json_body(request)).get("reason", "")
        act = {"uuid": proposal_id, "reason": reason, "actor": self.actor}
        return self.answer(request, proposal_id, lambda: withdraw_proposal(**act))
