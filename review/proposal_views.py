"""The pages of the second person: what waits, one proposal with what it would do, and the decision on it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from audit.actions import Action
from mpi import access
from mpi.errors import MpiError
from mpi.models import Proposal, ProposalState
from mpi.queries.proposals import ProposalRow, euids_of, proposals, rows, waiting
from mpi.services.proposal_decide import reject_proposal, withdraw_proposal
from mpi.services.reasons import REASONS
from mpi.services.second_person_policy import WORDS
from review.forms import AnswerForm
from review.models import Outcome
from review.pages import StewardRequest, show, steward_required
from review.proposal_forms import DecisionForm, ProposedOutcome, shown_mark
from review.queries.proposal_preview import outlook
from review.services.approve import approve as approve_proposal
from review.services.propose import propose_answer
from review.views import answered, task_shown

_SHOWN = {"": "Waiting", "decided": "Decided"}


@require_GET
@steward_required
def listing(request: StewardRequest) -> HttpResponse:
    """What waits, or what was decided; everybody named is audited as searched."""
    state = "decided" if request.GET.get("show") == "decided" else ""
    told = request.GET.get("before", "")
    before = int(told) if told.isascii() and told.isdigit() and len(told) < 19 else None
    page = proposals("" if state else ProposalState.OPEN, before=before)
    found = rows(page.rows)
    access.audit_search(request.actor, euids_of(found), action=Action.PROPOSAL_READ)
    context = {
        "rows": found,
        "page": page,
        "state": state,
        "choices": _SHOWN,
        "waiting": waiting(),
        "me": request.actor.id,
    }
    return show(request, "review/proposals.html", context, now=timezone.now())


@require_GET
@steward_required
def detail(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """One proposal, under its permanent address."""
    return _page(request, uuid)


@require_POST
@steward_required
def approve(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """Stand for it: the act is carried out if nothing has changed."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, uuid, form=form, status=422)
    try:
        done = approve_proposal(
            uuid=uuid, reason=form.cleaned_data["reason"], shown_at=form.shown_at(), actor=request.actor
        )
    except MpiError as refusal:
        return _refused(request, uuid, refusal)
    messages.success(request, "Approved and carried out.", extra_tags=f"undo:{done.event_uuid}")
    return redirect("review-proposal", uuid=uuid)


@require_POST
@steward_required
def reject(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """Do not do it."""
    form = DecisionForm(request.POST, needs_words=True)
    if not form.is_valid():
        return _page(request, uuid, form=form, status=422)
    try:
        reject_proposal(uuid=uuid, reason=form.cleaned_data["reason"], actor=request.actor)
    except MpiError as refusal:
        return _refused(request, uuid, refusal)
    messages.success(request, "Rejected: nothing was changed, and the proposer can read why.")
    return redirect("review-proposals")


@require_POST
@steward_required
def withdraw(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """The proposer takes it back."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, uuid, form=form, status=422)
    try:
        withdraw_proposal(uuid=uuid, reason=form.cleaned_data["reason"], actor=request.actor)
    except MpiError as refusal:
        return _refused(request, uuid, refusal)
    messages.success(request, "Withdrawn: nothing was changed.")
    return redirect("review-proposals")


@require_POST
@steward_required
def propose(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """The answer to a task, put to a second person."""
    asked = ProposedOutcome(request.POST)
    if not asked.is_valid():
        form = AnswerForm(request.POST)
        form.add_error(None, "Choose what you propose: same person, or different people. Nothing was proposed.")
        return task_shown(request, uuid, form=form, status=422)
    outcome = Outcome(asked.cleaned_data["proposed"])
    return answered(
        request,
        uuid,
        outcome,
        lambda said: propose_answer(
            task=uuid,
            outcome=outcome,
            token=said["basis"],
            reason_code=said["reason_code"],
            comment=said["comment"],
            actor=request.actor,
        ),
    )


def _refused(request: StewardRequest, uuid: UUID, refusal: MpiError) -> HttpResponse:
    """The proposal again with why; who may not do this at all is told so by the middleware."""
    if refusal.http_status in (403, 404, 503):
        raise refusal
    return _page(request, uuid, refusal=refusal, status=refusal.http_status)


def _page(
    request: StewardRequest,
    uuid: UUID,
    *,
    form: DecisionForm | None = None,
    refusal: MpiError | None = None,
    status: int = 200,
) -> HttpResponse:
    now, actor = timezone.now(), request.actor
    found: Proposal = access.access_proposal(actor, uuid)
    (row,) = rows([found])
    context = {
        "row": row,
        "mine": row.proposer_id == actor.id,
        "may_approve": access.allowed(actor, access.Permission.APPROVE),
        "asked_by": [WORDS[code] for code in row.asked_by],
        "why": _why(row),
        "outlook": outlook(found, actor) if row.open else None,
        "form": form or DecisionForm(initial={"shown": shown_mark(now)}),
        "refusal": refusal,
        "overtaken": row.state == ProposalState.STALE,
    }
    return show(request, "review/proposal.html", context, now=now, status=status)


def _why(row: ProposalRow) -> str:
    return ": ".join(part for part in (REASONS.get(row.reason_code, ""), row.reason) if part)
