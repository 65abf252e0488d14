"""The pages of suspected overlays: an update of a known number that may speak of another person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from mpi import access
from mpi.errors import (
    AlreadyDecided,
    AwaitsSecondPerson,
    CannotUndo,
    InvalidInput,
    MpiError,
    NotFound,
    Separated,
    StaleVersion,
)
from mpi.models import TaskType
from mpi.queries.identity_tasks import open_overlays
from mpi.queries.proposals import split_proposed
from mpi.services.overlay import decide_overlay
from mpi.services.overlay_split import split_overlay
from mpi.services.proposal_acts import ProposedSplit, Why
from mpi.services.proposal_propose import propose
from mpi.services.second_person_policy import split_reasons
from mpi.services.undo import undo_event
from mpi.services.waiting_update import waiting_update
from review.errors import ClaimedByAnother
from review.forms import AnswerForm, OverlayForm, OverlayUndoForm
from review.outlook import looks_like
from review.pages import StewardRequest, show, steward_required
from review.queries.holding import holding
from review.queries.identity_page import bound_to, set_aside_now
from review.queries.overlays import overlay_page
from review.queries.state import held_state
from review.queries.task_answers import answer_event
from review.services import leases
from review.services.release import release
from review.tasks import find_task

_DONE = {
    True: "Accepted as the same person: the update takes effect now, and what waited behind it follows in order.",
    False: "Rejected as another person: the record is as it was, and what waited behind is judged anew.",
}
_SPLIT = (
    "Split: from then on the number is another person's. What was told before stays with the golden record that it "
    "had. Ask the source to give the first patient a number again."
)
_PROPOSED = "The split is proposed: it waits under Proposals for another person, and nothing has changed yet."
_UNDONE = "Undone: the answer is taken back, and the question is open again."


@require_GET
@steward_required
def overlay(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """One suspected overlay, under its permanent address."""
    return _overlay(request, uuid, OverlayForm())


@require_POST
@steward_required
def decide(request: StewardRequest, uuid: UUID, *, accept: bool) -> HttpResponse:
    """Accept or reject the update. Who comes second sees what was decided."""

    def answer(said: dict[str, Any]) -> None:
        decide_overlay(
            task_uuid=uuid, accept=accept, reason=said["reason"], version=said["version"], actor=request.actor
        )

    return _carry_out(request, uuid, answer, _DONE[accept])


@require_POST
@steward_required
def split(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """From a time on the number is another person's: where policy asks two people, this proposes it."""
    if split_reasons():
        return _propose_split(request, uuid)

    def answer(said: dict[str, Any]) -> None:
        split_overlay(
            task_uuid=uuid, at=said["at"], reason=said["reason"], version=said["version"], actor=request.actor
        )

    return _carry_out(request, uuid, answer, _SPLIT)


def _propose_split(request: StewardRequest, uuid: UUID) -> HttpResponse:
    def answer(said: dict[str, Any]) -> None:
        act = ProposedSplit(str(uuid), said["version"], said["at"].isoformat() if said["at"] else "")
        propose(act=act, why=Why("", said["reason"]), actor=request.actor)

    return _carry_out(request, uuid, answer, _PROPOSED)


@require_POST
@steward_required
def undo(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """Take the answer back, as long as nothing later contradicts."""
    task = access.access_identity_task(request.actor, uuid)
    event = answer_event(task)
    if event is None:
        raise NotFound("This task has no answer that could be undone.")
    form = OverlayUndoForm(request.POST)
    if not form.is_valid():
        return _overlay(request, uuid, OverlayForm(), undoing=form, status=422)
    try:
        if form.cleaned_data["event"] != event:
            raise StaleVersion("Somebody has answered this anew since you looked; nothing was undone.")
        undo_event(event_uuid=event, reason=form.cleaned_data["reason"], actor=request.actor)
    except (CannotUndo, StaleVersion) as refusal:
        return _overlay(request, uuid, OverlayForm(), refusal=refusal, status=refusal.http_status)
    messages.success(request, _UNDONE)
    return redirect("review-overlay", uuid=uuid)


def _carry_out(
    request: StewardRequest, uuid: UUID, answer: Callable[[dict[str, Any]], None], words: str
) -> HttpResponse:
    """Answer by what the form says and go back to the task; a refusal is shown there."""
    form = OverlayForm(request.POST)
    if not form.is_valid():
        return _overlay(request, uuid, form, status=422)
    try:
        leases.require_free(find_task(uuid), actor=request.actor, now=timezone.now())
        answer(form.cleaned_data)
    except InvalidInput as error:
        for flaw in error.flaws:
            form.add_error(flaw.field if flaw.field in form.fields else None, f"{flaw.problem}: {flaw.mend}")
        return _overlay(request, uuid, form, status=error.http_status)
    except (AlreadyDecided, AwaitsSecondPerson, ClaimedByAnother, Separated, StaleVersion) as refusal:
        return _overlay(request, uuid, form, refusal=refusal, status=refusal.http_status)
    release(task=uuid, actor=request.actor)
    messages.success(request, words)
    return redirect("review-overlay", uuid=uuid)


def _overlay(
    request: StewardRequest,
    uuid: UUID,
    form: OverlayForm,
    *,
    undoing: OverlayUndoForm | None = None,
    refusal: MpiError | None = None,
    status: int = 200,
) -> HttpResponse:
    now, actor = timezone.now(), request.actor
    task = access.access_identity_task(actor, uuid)
    if task.type != TaskType.OVERLAY:
        raise NotFound("There is no suspected overlay under this number.")
    update = waiting_update(task)
    page = overlay_page(task, update, user_id=actor.id, now=now)
    if not form.is_bound:
        form = OverlayForm(version=task.version)
    context = {
        "task": page,
        "form": form,
        "undoing": undoing or OverlayUndoForm(event=page.decided.event if page.decided else None),
        "refusal": refusal,
        "aside": set_aside_now(task, now=now),
        "basis": bound_to(task),
        "later": AnswerForm(),
        "state": held_state(
            task.uuid,
            holding(task, user_id=actor.id, now=now),
            address=reverse("review-overlay", kwargs={"uuid": task.uuid}),
            is_open=page.open,
            seen=str(task.version),
        ),
        "looks_like": looks_like(update, besides=page.owner, actor=actor) if page.open else (),
        "others": open_overlays(),
        "by_two": bool(split_reasons()),
        "proposed": split_proposed(task) if page.open else None,
    }
    return show(request, "review/overlay.html", context, now=now, status=status)
