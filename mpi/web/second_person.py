"""From a page of an act: the act itself, or a proposal of it to a second person."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from mpi.services.proposal_acts import ProposedAct, Why
from mpi.services.proposal_propose import propose
from mpi.web.pages import ActorRequest


def wants_two(request: ActorRequest) -> bool:
    """Whether the button pressed was the one that asks a second person."""
    return "propose" in request.POST


def put_to_another(request: ActorRequest, act: ProposedAct, *, reason_code: str = "", reason: str) -> HttpResponse:
    """Propose the act and go to the proposal."""
    proposal = propose(act=act, why=Why(reason_code, reason), actor=request.actor)
    messages.success(request, "Proposed: another person approves or rejects it. Nothing has changed yet.")
    return redirect("review-proposal", proposal.uuid)
