"""A supervisor gives tasks to people: the ticked ones to one, or the most urgent ones in turn among several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from mpi import access
from mpi.access import Permission
from mpi.errors import CannotUndo, InvalidInput
from review.pages import StewardRequest, show, steward_required
from review.queries.colleagues import Colleague, colleagues, dealt
from review.queries.queue import QueueFilter, free_tasks
from review.queries.queue_types import KIND_WORDS
from review.queue_forms import AssignForm, QueueFilterForm, ShareForm, dealt_pairs
from review.queue_views import queue_shown, to_queue
from review.services.assign import Assigned, assign, undo_assignment, withdraw


@dataclass(frozen=True, slots=True)
class Share:
    """What one person would get. `kinds` counts it by type, in words."""

    name: str
    load: int
    more: int
    kinds: tuple[tuple[str, int], ...]

    @property
    def then(self) -> int:
        """How much they have afterwards."""
        return self.load + self.more


@require_POST
@steward_required
def assign_ticked(request: StewardRequest) -> HttpResponse:
    """Give the ticked tasks to one person, or take them back."""
    access.require(request.actor, Permission.SUPERVISE)
    wanted = QueueFilterForm(request.POST).wanted()
    form = AssignForm(request.POST, people=colleagues())
    if not form.is_valid():
        return queue_shown(request, wanted.parts, assigning=form, status=422)
    tasks, to = form.cleaned_data["task"], form.cleaned_data["to"]
    if to:
        return _done(request, wanted, lambda: assign(to=dict.fromkeys(tasks, to), actor=request.actor), "assigned")
    return _done(request, wanted, lambda: withdraw(tasks=tasks, actor=request.actor), "taken back")


@require_POST
@steward_required
def share(request: StewardRequest) -> HttpResponse:
    """Who would get what, if the most urgent free tasks of the filter were dealt out in turn. Changes nothing."""
    actor, now = request.actor, timezone.now()
    access.require(actor, Permission.SUPERVISE)
    wanted, people = QueueFilterForm(request.POST).wanted(), colleagues()
    form = ShareForm(request.POST, people=people)
    if not form.is_valid():
        return queue_shown(request, wanted.parts, sharing=form, status=422)
    chosen = [colleague for colleague in people if colleague.user_id in form.cleaned_data["person"]]
    tasks = free_tasks(wanted, user_id=actor.id, now=now, limit=form.cleaned_data["number"])
    takers = dealt(tasks, chosen)
    pairs = list(zip(tasks, takers, strict=True))
    context = {
        "wanted": wanted,
        "number": len(tasks),
        "asked": form.cleaned_data["number"],
        "pairs": [f"{task.uuid} {taker.user_id}" for task, taker in pairs],
        "shares": [_share(one, [task.kind for task, taker in pairs if taker == one]) for one in chosen],
    }
    return show(request, "review/share.html", context, now=now)


@require_POST
@steward_required
def share_out(request: StewardRequest) -> HttpResponse:
    """Deal the tasks out exactly as the page showed; what changed since is left out and said."""
    access.require(request.actor, Permission.SUPERVISE)
    wanted, pairs = QueueFilterForm(request.POST).wanted(), dealt_pairs(request.POST)
    return _done(request, wanted, lambda: assign(to=pairs, actor=request.actor), "assigned")


@require_POST
@steward_required
def undo_batch(request: StewardRequest, batch: UUID) -> HttpResponse:
    """Everybody has what they had before."""
    wanted = QueueFilterForm(request.POST).wanted()
    try:
        undone = undo_assignment(batch=batch, actor=request.actor)
    except CannotUndo as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"Undone for {undone.done} task{'' if undone.done == 1 else 's'}.{_rest(undone)}")
    return to_queue(wanted)


def _done(request: StewardRequest, wanted: QueueFilter, act: Callable[[], Assigned], words: str) -> HttpResponse:
    """Carry out; the queue then says what was done, with the batch by which it is undone."""
    try:
        outcome = act()
    except InvalidInput as flaw:
        messages.error(request, str(flaw))
        return to_queue(wanted)
    if not outcome.done:
        messages.warning(request, f"No task was {words}.{_rest(outcome)}")
        return to_queue(wanted)
    if outcome.left_out:
        messages.warning(request, _rest(outcome).strip())
    return to_queue(wanted, batch=outcome.batch)


def _rest(outcome: Assigned) -> str:
    if not outcome.left_out:
        return ""
    return f" {outcome.left_out} left as they were: decided meanwhile, held by somebody else, or so already."


def _share(colleague: Colleague, kinds: list[str]) -> Share:
    counted = Counter(kinds)
    words = tuple((KIND_WORDS[kind], counted[kind]) for kind in KIND_WORDS if counted[kind])
    return Share(colleague.name, colleague.load, len(kinds), words)
