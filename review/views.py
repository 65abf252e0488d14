"""The page of a potential match: parse, ask the gate, one service or query, render."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from mpi import access
from mpi.errors import AlreadyDecided, AwaitsSecondPerson, MpiError, SecondPersonNeeded
from mpi.models import PotentialMatch
from mpi.services.reasons import REASONS
from mpi.services.second_person_policy import WORDS, merge_reasons
from review.addresses import task_url, url_of
from review.ahead_views import arrived
from review.errors import ClaimedByAnother, EvidenceChanged
from review.forms import AnswerForm, NoteForm
from review.models import Outcome
from review.outlook import changes, preview
from review.pages import StewardRequest, show, steward_required
from review.queries.second_look import concealed, second_look
from review.queries.state import done_line, fresh_state, task_state
from review.queries.task import task_page
from review.queue_forms import QueueFilterForm
from review.queue_views import to_queue, within
from review.services.answers import Answer
from review.services.claim import claim as claim_task
from review.services.claim import claim_next
from review.services.decide import decide as decide_task
from review.services.defer import defer as defer_task
from review.services.note import add_note
from review.services.undo import undo as undo_answer
from review.tasks import find_task

_REFUSALS = (EvidenceChanged, ClaimedByAnother, AlreadyDecided, SecondPersonNeeded, AwaitsSecondPerson)
"""Refusals after which the task itself is shown again, with what the steward wrote."""


@require_GET
@steward_required
def task(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """One task, under its permanent address."""
    return task_shown(request, uuid)


@require_GET
@steward_required
def state(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """Who holds the task, and whether it changed since the page was made: no value of a person."""
    now = timezone.now()
    found = task_state(uuid, user_id=request.actor.id, now=now, seen=request.GET.get("seen", ""))
    return show(request, "review/_state.html", {"state": found}, now=now)


def answered(
    request: StewardRequest, uuid: UUID, outcome: Outcome, act: Callable[[dict[str, Any]], Answer]
) -> HttpResponse:
    """Answer with what the form says, and go on; shown again where it cannot be taken or somebody was quicker."""
    form = AnswerForm(request.POST, outcome=outcome)
    if not form.is_valid():
        return task_shown(request, uuid, form=form, status=422)
    try:
        answer = act(form.cleaned_data)
    except _REFUSALS as refusal:
        return task_shown(request, uuid, form=form, refusal=refusal)
    return _to_next(request, answer, form)


@require_POST
@steward_required
def decide(request: StewardRequest, uuid: UUID, outcome: Outcome) -> HttpResponse:
    """Same person, or different people."""
    return answered(
        request,
        uuid,
        outcome,
        lambda said: decide_task(
            task=uuid,
            outcome=outcome,
            token=said["basis"],
            reason_code=said["reason_code"],
            comment=said["comment"],
            actor=request.actor,
        ),
    )


@require_POST
@steward_required
def defer(request: StewardRequest, uuid: UUID, outcome: Outcome) -> HttpResponse:
    """Cannot tell, fix at the source, later: the question stays open."""
    return answered(
        request,
        uuid,
        outcome,
        lambda said: defer_task(
            task=uuid,
            outcome=outcome,
            token=said["basis"],
            reason_code=said["reason_code"],
            comment=said["comment"],
            days=said["days"],
            actor=request.actor,
        ),
    )


@require_POST
@steward_required
def undo(request: StewardRequest, answer: UUID) -> HttpResponse:
    """Take an answer back; the task is open again, and claimed by whoever took it back."""
    undone = undo_answer(answer=answer, actor=request.actor)
    messages.success(request, "Undone: everything is as it was, and the task is open again.")
    with suppress(ClaimedByAnother, AlreadyDecided):
        claim_task(task=undone.task, actor=request.actor)
    return redirect("review-task", uuid=undone.task)


@require_POST
@steward_required
def note(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """Write a note."""
    form, task = NoteForm(request.POST), find_task(uuid)
    if form.is_valid():
        add_note(task=uuid, text=form.cleaned_data["text"], actor=request.actor)
    elif isinstance(task, PotentialMatch):
        return task_shown(request, uuid, note_form=form, status=422)
    else:
        messages.error(request, "The note is empty or too long. Nothing was written.")
    return redirect(f"{url_of(task)}#notes")


def task_shown(
    request: StewardRequest,
    uuid: UUID,
    *,
    form: AnswerForm | None = None,
    note_form: NoteForm | None = None,
    refusal: MpiError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a task; after a refusal it says what happened and keeps what the steward wrote."""
    now, actor = timezone.now(), request.actor
    match = access.access_potential_match(actor, uuid)
    page = task_page(match, user_id=actor.id, now=now, reasons=REASONS)
    look = second_look(match, page, user_id=actor.id)
    page = concealed(page, look)
    beside = [one.banner.euid for one in page.household.residents] + [other.other.euid for other in page.others]
    access.audit_shown(actor, beside, beside=f"potential_match:{match.uuid}")
    asked = QueueFilterForm(request.GET).wanted()
    second = merge_reasons(match.golden_a, match.golden_b, actor=actor) if page.open else ()
    context = {
        "task": page,
        "form": form or AnswerForm(initial={"within": asked.query}),
        "note_form": note_form or NoteForm(),
        "refusal": refusal,
        "look": look,
        "second": [WORDS[code] for code in second],
        "changes": changes(refusal) if isinstance(refusal, EvidenceChanged) else (),
        "preview": preview(match, page.numbers, actor) if page.open else None,
        "done": done_line(request.GET.get("done", ""), user_id=actor.id),
        "state": fresh_state(page),
    }
    return show(request, "review/task.html", context, now=now, status=refusal.http_status if refusal else status)


def _to_next(request: StewardRequest, answer: Answer, form: AnswerForm) -> HttpResponse:
    """On to the next task of the same filter, with a quiet line about the one just answered."""
    wanted = form.within_filter()
    found = claim_next(wanted=wanted, actor=request.actor, besides=answer.task)
    if found is None:
        return to_queue(wanted, done=answer.decision)
    address = within(task_url(found.kind, found.uuid), wanted, done=answer.decision)
    loaded, _, seen = request.POST.get("ahead", "").partition(":")
    there = arrived(request, found.uuid, seen, answer, address) if loaded == str(found.uuid) else None
    return there or redirect(address)
