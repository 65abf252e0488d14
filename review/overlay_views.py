"""The pages of suspected overlays: an update of a known number that may speak of another person."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from mpi import access
from mpi.errors import AlreadyDecided, NotFound
from mpi.models import TaskType
from mpi.queries.identity_tasks import open_overlays
from mpi.services.overlay import decide_overlay
from mpi.services.waiting_update import waiting_update
from review.forms import OverlayForm
from review.outlook import looks_like
from review.pages import StewardRequest, show, steward_required
from review.queries.overlays import euids_of, overlay_list, overlay_page

_DONE = {
    True: "Accepted as the same person: the update takes effect now, and what waited behind it follows in order.",
    False: "Rejected as another person: the record stays as it was, and what waited behind is judged anew.",
}


@require_GET
@steward_required
def overlays(request: StewardRequest) -> HttpResponse:
    """The list; each person named in it is audited as searched."""
    now = timezone.now()
    page = overlay_list(now=now, after=request.GET.get("after", ""))
    access.audit_search(request.actor, euids_of(page.rows))
    return show(request, "review/overlays.html", {"page": page, "count": open_overlays()}, now=now)


@require_GET
@steward_required
def overlay(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """One suspected overlay, under its permanent address."""
    return _overlay(request, uuid, OverlayForm())


@require_POST
@steward_required
def decide(request: StewardRequest, uuid: UUID, *, accept: bool) -> HttpResponse:
    """Accept or reject the update. Who comes second sees what was decided."""
    form = OverlayForm(request.POST)
    if not form.is_valid():
        return _overlay(request, uuid, form, status=422)
    try:
        decide_overlay(task_uuid=uuid, accept=accept, reason=form.cleaned_data["reason"], actor=request.actor)
    except AlreadyDecided as refusal:
        return _overlay(request, uuid, form, refusal=refusal, status=refusal.http_status)
    messages.success(request, _DONE[accept])
    return redirect("review-overlay", uuid=uuid)


def _overlay(
    request: StewardRequest, uuid: UUID, form: OverlayForm, *, refusal: AlreadyDecided | None = None, status: int = 200
) -> HttpResponse:
    now, actor = timezone.now(), request.actor
    task = access.access_identity_task(actor, uuid)
    if task.type != TaskType.OVERLAY:
        raise NotFound("There is no suspected overlay under this number.")
    update = waiting_update(task)
    page = overlay_page(task, update, user_id=actor.id, now=now)
    context = {
        "task": page,
        "form": form,
        "refusal": refusal,
        "looks_like": looks_like(update, besides=page.owner, actor=actor) if page.open else (),
        "others": open_overlays(),
    }
    return show(request, "review/overlay.html", context, now=now, status=status)
