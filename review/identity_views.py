"""The pages of identity tasks besides overlays: two under one number, a large person, numbers of a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from mpi import access
from mpi.commands import Actor
from mpi.errors import (
    AlreadyDecided,
    AwaitsSecondPerson,
    CannotUndo,
    MpiError,
    SecondPersonNeeded,
    Separated,
    StaleVersion,
)
from mpi.models import TaskType
from mpi.services.conflict import answer_conflict
from mpi.services.identity_task import answer_task
from mpi.services.reopen_task import reopen_task
from review.addresses import task_url, url_of
from review.errors import ClaimedByAnother
from review.forms import AnswerForm, NoteForm
from review.models import Outcome
from review.pages import StewardRequest, show, steward_required
from review.queries.identity_page import IdentityPage, identity_page, read_versions
from review.queries.queue import QueueFilter
from review.queries.state import held_state
from review.queue_forms import QueueFilterForm
from review.queue_views import to_queue, within
from review.services import leases
from review.services.claim import claim_next
from review.services.release import release
from review.services.set_aside import set_aside, take_up
from review.tasks import find_task

_REFUSALS = (AlreadyDecided, AwaitsSecondPerson, ClaimedByAnother, SecondPersonNeeded, Separated, StaleVersion)
_OUTCOMES = {"same": Outcome.SAME, "different": Outcome.DIFFERENT}
_DONE = {
    "same": "The two are one golden record now.",
    "different": "The two are kept apart as different people.",
    "seen": "Closed: somebody has seen to it.",
    "later": "Put off. Open the task to take it up before.",
}


@require_GET
@steward_required
def identity_task(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """One task under its permanent address; a suspected overlay has a page of its own."""
    return _page(request, uuid)


@require_POST
@steward_required
def answer(request: StewardRequest, uuid: UUID, act: str) -> HttpResponse:
    """One person, two people, seen to, later; then on to the next task. A refusal is shown on the task."""
    said = request.POST.copy()
    said.setdefault("comment", said.get("reason", ""))  # the form of an overlay calls it so
    form = AnswerForm(said, outcome=_OUTCOMES.get(act, Outcome.LATER))
    if form.is_valid() and act == "seen" and not form.cleaned_data["comment"].strip():
        form.add_error("comment", "Say in a few words how you know; nothing was decided.")
    if form.errors:
        return _page(request, uuid, form=form, status=422)
    try:
        leases.require_free(find_task(uuid), actor=request.actor, now=timezone.now())
        event = _ACTS[act](uuid, form.cleaned_data, request.actor)
    except _REFUSALS as refusal:
        return _page(request, uuid, form=form, refusal=refusal)
    release(task=uuid, actor=request.actor)
    messages.success(request, _DONE[act], extra_tags=f"undo:{event}" if event else "")
    return _to_next(request, uuid, form.within_filter())


@require_POST
@steward_required
def undo(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """Take the task up again that was set aside, or open it again that was seen to."""
    form = AnswerForm(request.POST)
    form.is_valid()
    try:
        if not take_up(task=uuid, actor=request.actor):
            version, _ = read_versions(form.cleaned_data.get("basis", ""), uuid)
            reopen_task(task_uuid=uuid, version=version, actor=request.actor)
    except CannotUndo as refusal:
        return _page(request, uuid, refusal=refusal)
    messages.success(request, "Undone: the task is back in the queue.")
    return redirect(url_of(find_task(uuid)))


def _to_next(request: StewardRequest, uuid: UUID, wanted: QueueFilter) -> HttpResponse:
    """Claim the most urgent task besides this one and show it; the queue where there is none."""
    found = claim_next(wanted=wanted, actor=request.actor, besides=uuid)
    return redirect(within(task_url(found.kind, found.uuid), wanted)) if found else to_queue(wanted)


def _decide(same: bool) -> Callable[[UUID, Mapping[str, Any], Actor], UUID | None]:
    def act(uuid: UUID, said: Mapping[str, Any], actor: Actor) -> UUID | None:
        version, persons = read_versions(said["basis"], uuid)
        done = answer_conflict(
            task_uuid=uuid,
            same=same,
            version=version,
            versions=persons,
            reason_code=said["reason_code"],
            reason=said["comment"],
            actor=actor,
        )
        return done.event_uuid

    return act


def _seen(uuid: UUID, said: Mapping[str, Any], actor: Actor) -> UUID | None:
    version, _ = read_versions(said["basis"], uuid)
    answer_task(task_uuid=uuid, accept=True, reason=said["comment"], version=version, actor=actor)
    return None


def _later(uuid: UUID, said: Mapping[str, Any], actor: Actor) -> UUID | None:
    version, _ = read_versions(said["basis"], uuid)
    until = timezone.now() + timedelta(days=said["days"])
    set_aside(task=uuid, version=version, until=until, comment=said["comment"], actor=actor)
    return None


_ACTS: Mapping[str, Callable[[UUID, Mapping[str, Any], Actor], UUID | None]] = {
    "same": _decide(True),
    "different": _decide(False),
    "seen": _seen,
    "later": _later,
}


def _page(
    request: StewardRequest,
    uuid: UUID,
    *,
    form: AnswerForm | None = None,
    refusal: MpiError | None = None,
    status: int = 200,
) -> HttpResponse:
    now, actor = timezone.now(), request.actor
    task = access.access_identity_task(actor, uuid)
    if task.type == TaskType.OVERLAY:
        return redirect("review-overlay", uuid=uuid)
    page = identity_page(task, user_id=actor.id, now=now)
    shown = [side.banner.euid for side in (page.left, page.right) if side]
    access.audit_shown(actor, shown[1:], beside=f"task:{task.uuid}")
    context = {
        "task": page,
        "form": form or AnswerForm(initial={"within": QueueFilterForm(request.GET).wanted().query}),
        "note_form": NoteForm(),
        "refusal": refusal,
        "state": _state(page),
    }
    status = refusal.http_status if refusal else status
    return show(request, "review/identity_task.html", context, now=now, status=status)


def _state(page: IdentityPage) -> object:
    address = reverse("review-identity-task", kwargs={"uuid": page.uuid})
    return held_state(page.uuid, page.holding, address=address, is_open=page.open, seen=str(page.version))
