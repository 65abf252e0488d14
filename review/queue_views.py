"""The queue: what there is to do, taking it and giving it back, and a steward's own views of it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from mpi import access
from mpi.access import Permission
from mpi.errors import AlreadyDecided, InvalidInput
from mpi.models import TaskType
from review.addresses import task_url, url_of
from review.errors import ClaimedByAnother
from review.pages import StewardRequest, show, steward_required
from review.queries.assigned import batch_line
from review.queries.colleagues import colleagues
from review.queries.queue import KIND_WORDS, QueueFilter, queue_page
from review.queries.queue_counts import counts
from review.queries.queue_rows import changed_states
from review.queries.saved_views import saved_views
from review.queries.state import done_line
from review.queue_forms import AssignForm, QueueFilterForm, ShareForm, ViewForm, shown_marks
from review.services.claim import claim as claim_task
from review.services.claim import claim_next
from review.services.release import release as release_task
from review.services.saved_views import forget_view as let_go
from review.services.saved_views import save_view as keep_view
from review.tasks import find_task


@require_GET
@steward_required
def queue(request: StewardRequest) -> HttpResponse:
    """The queue of every type; each person named in it is audited as searched."""
    return queue_shown(request, request.GET)


def queue_shown(
    request: StewardRequest,
    said: Mapping[str, str],
    *,
    assigning: AssignForm | None = None,
    sharing: ShareForm | None = None,
    naming: ViewForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with the forms that were not understood as they were sent."""
    now, actor = timezone.now(), request.actor
    supervises = access.allowed(actor, Permission.SUPERVISE)
    people = colleagues() if supervises else ()
    form = QueueFilterForm(said, people=people)
    wanted = form.wanted()
    page = queue_page(wanted, user_id=actor.id, now=now, after=said.get("after", ""))
    access.audit_search(actor, list(dict.fromkeys(side.euid for row in page.rows for side in row.people)))
    context = {
        "form": form,
        "wanted": wanted,
        "kind_words": KIND_WORDS.get(wanted.kind, ""),
        "page": page,
        "counts": counts(user_id=actor.id, now=now),
        "views": saved_views(user_id=actor.id, query=wanted.query),
        "naming": naming or ViewForm(),
        "supervises": supervises,
        "assigning": assigning or AssignForm(people=people),
        "sharing": sharing or ShareForm(people=people),
        "done": done_line(said.get("done", ""), user_id=actor.id),
        "batch": batch_line(said.get("batch", "")) if supervises else None,
    }
    return show(request, "review/queue.html", context, now=now, status=status)


@require_GET
@steward_required
def overlays(request: StewardRequest) -> HttpResponse:
    """Where suspected overlays were listed apart: old addresses lead to the queue of that type."""
    return to_queue(QueueFilter(kind=TaskType.OVERLAY))


@require_POST
@steward_required
def live(request: StewardRequest) -> HttpResponse:
    """What changed since a page was made: the counts, and the lines that are not as they were. No value of a person."""
    now, actor = timezone.now(), request.actor
    found = counts(user_id=actor.id, now=now)
    context = {
        "counts": found,
        "states": changed_states(shown_marks(request.POST), user_id=actor.id, now=now),
        "wanted": QueueFilterForm(request.POST).wanted(),
        "seen": request.POST.get("seen", "") or found.tasks,
        "is_news": request.POST.get("last") != found.digest,
    }
    return show(request, "review/_live.html", context, now=now)


@require_POST
@steward_required
def next_task(request: StewardRequest) -> HttpResponse:
    """Claim the most urgent task of the filter and show it."""
    wanted = QueueFilterForm(request.POST).wanted()
    found = claim_next(wanted=wanted, actor=request.actor)
    if found is None:
        messages.info(request, "Nothing is waiting that nobody holds. You see what is in the queue.")
        return to_queue(wanted)
    return redirect(within(task_url(found.kind, found.uuid), wanted))


@require_POST
@steward_required
def claim(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """Claim one task of either kind, then show it; the page says so where somebody was quicker."""
    try:
        claim_task(task=uuid, actor=request.actor)
    except (ClaimedByAnother, AlreadyDecided) as refusal:
        messages.warning(request, str(refusal))
    return redirect(within(url_of(find_task(uuid)), QueueFilterForm(request.POST).wanted()))


@require_POST
@steward_required
def release(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """Give a task back."""
    if release_task(task=uuid, actor=request.actor):
        messages.success(request, "The task is back in the queue.")
    return to_queue(QueueFilterForm(request.POST).wanted())


@require_POST
@steward_required
def save_view(request: StewardRequest) -> HttpResponse:
    """Keep the filter that is on under a name."""
    form, wanted = ViewForm(request.POST), QueueFilterForm(request.POST).wanted()
    if form.is_valid():
        try:
            kept = keep_view(name=form.cleaned_data["name"], wanted=wanted, actor=request.actor)
        except InvalidInput as flaw:
            form.add_error("name", str(flaw))
        else:
            messages.success(request, f"Saved as “{kept.name}”.")
            return to_queue(wanted)
    return queue_shown(request, wanted.parts, naming=form, status=422)


@require_POST
@steward_required
def forget_view(request: StewardRequest, number: int) -> HttpResponse:
    """Remove one of one's own views; the filter stays on, so that it can be saved again."""
    gone = let_go(pk=number, actor=request.actor)
    if gone is None:
        return redirect("review-queue")
    messages.success(request, f"The view “{gone.name}” is removed. Its filter is on: save it again to undo this.")
    return redirect(f"{reverse('review-queue')}?{gone.query}")


def to_queue(wanted: QueueFilter, **more: object) -> HttpResponse:
    """Back to the queue as it was filtered."""
    return redirect(within(reverse("review-queue"), wanted, **more))


def within(url: str, wanted: QueueFilter, **more: object) -> str:
    """An address with the filter that the steward works in."""
    query = "&".join([*([wanted.query] if wanted.query else []), *(f"{name}={value}" for name, value in more.items())])
    return f"{url}?{query}" if query else url
