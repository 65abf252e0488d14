"""Rematch runs: the list, one run with its difference, and the acts on it, each asked for once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mpi.access import Permission
from mpi.models import RematchRun, RematchStatus
from mpi.queries import rematch as reads
from mpi.services.rematch import order_preview
from mpi.services.rematch_apply import approve_rematch, start_applying
from mpi.services.rematch_undo import start_undoing
from mpi.web.forms import MpiForm, WordsForm
from mpi.web.forms_rematch import OrderForm
from mpi.web.pages import ActorRequest, page, posted, require, show, whole_number

_BOTH = require_http_methods(["GET", "POST"])


@page
@_BOTH
def rematches(request: ActorRequest) -> HttpResponse:
    """All runs, newest first, and a form that orders another comparison."""
    actor = require(request, Permission.MODEL_READ)
    form = OrderForm(posted(request), models=reads.eligible_models())
    if request.method == "POST":
        require(request, Permission.MODEL_MANAGE)
        if form.is_valid():
            told = form.cleaned_data
            run = order_preview(model_name=told["model"], actor=actor, words=told["note"])
            messages.success(request, "The comparison is ordered. Nothing of the index changes by it.")
            return redirect("rematch", run.uuid)
    found = reads.runs(before=whole_number(request.GET.get("before", "")))
    older = found[-1].pk if len(found) == reads.PAGE_SIZE else None
    context = {"runs": [reads.run_line(run) for run in found], "older": older, "form": form}
    return show(request, "mpi/rematches.html", context, status=422 if form.errors else 200)


@page
@require_safe
def rematch(request: ActorRequest, run_uuid: UUID) -> HttpResponse:
    """One run: how far it is, what differs by kind and grade, and every change."""
    actor = require(request, Permission.MODEL_READ)
    run = reads.run_of(run_uuid)
    wanted = {name: request.GET.get(name, "") for name in ("kind", "grade", "state")}
    after = whole_number(request.GET.get("after", "")) or 0
    rows, more = reads.changes(run, **wanted, after=after)
    context = {
        "progress": reads.progress(run, timezone.now()),
        "run": run,
        "difference": reads.difference(run),
        "grades": reads.GRADES,
        "states": reads.state_counts(run),
        "skipped": reads.skipped(run),
        "refused": reads.refused(run),
        "rows": rows,
        "more": more,
        "after": after,
        "wanted": wanted,
        "heading": reads.heading(wanted),
        "query": "&".join(f"{name}={value}" for name, value in wanted.items() if value and value.isascii()),
        "acts": [act for act in _ACTS.values() if run.status in act.open_to],
        "own": run.started_by == actor.id,
    }
    template = "mpi/_rematch_run.html" if getattr(request, "htmx", False) else "mpi/rematch.html"
    return show(request, template, context)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a run: its name in the address, its button, the question, what it means, when it is open."""

    name: str
    button: str
    title: str
    changes: tuple[str, ...]
    open_to: tuple[str, ...]
    form: type[MpiForm]
    do: Callable[[ActorRequest, RematchRun, MpiForm], str]


def _approve(request: ActorRequest, run: RematchRun, _form: MpiForm) -> str:
    approve_rematch(run_uuid=run.uuid, actor=request.actor)
    return "Approved. Nothing has changed yet: the run can be applied now."


def _apply(request: ActorRequest, run: RematchRun, _form: MpiForm) -> str:
    start_applying(run_uuid=run.uuid, actor=request.actor)
    return "The workers apply it, change by change. You can leave this page and come back."


def _undo(request: ActorRequest, run: RematchRun, form: MpiForm) -> str:
    start_undoing(run_uuid=run.uuid, reason=form.cleaned_data["reason"], actor=request.actor)
    return "The workers undo it, the last change first. You can leave this page and come back."


_ACTS = {
    "approve": Act(
        "approve",
        "Approve",
        "Approve this rematch?",
        (
            "You say that you have looked at the difference; nothing changes yet",
            "Anyone who may manage models can then apply it",
            "It is written into the audit log",
        ),
        (RematchStatus.PREVIEWED,),
        MpiForm,
        _approve,
    ),
    "apply": Act(
        "apply",
        "Apply",
        "Apply this rematch?",
        (
            "Golden records are joined and split, potential matches open and close, as the difference shows",
            "A change whose facts no longer stand is skipped and says why; human decisions always stand",
            "Subscribers are told of every change, on both sides of a split too",
            "The whole run can be undone",
        ),
        (RematchStatus.APPROVED, RematchStatus.APPLYING),
        MpiForm,
        _apply,
    ),
    "undo": Act(
        "undo",
        "Undo the run",
        "Undo the whole rematch?",
        (
            "Every change that was applied is undone, the last first: links, golden records and questions as before",
            "What a person has decided since stays, and is named",
            "Subscribers are told of every change",
        ),
        (RematchStatus.APPLIED, RematchStatus.APPLYING, RematchStatus.UNDONE),
        WordsForm,
        _undo,
    ),
}


@page
@_BOTH
def rematch_act(request: ActorRequest, run_uuid: UUID, act: str) -> HttpResponse:
    """Approve, apply or undo: what it means, and a button."""
    actor = require(request, Permission.MODEL_MANAGE)
    asked, run = _ACTS[act], reads.run_of(run_uuid)
    form = asked.form(posted(request))
    if request.method == "POST" and form.is_valid():
        messages.success(request, asked.do(request, run, form))
        return redirect("rematch", run.uuid)
    context = {
        "act": asked,
        "run": run,
        "form": form,
        "difference": reads.difference(run),
        "grades": reads.GRADES,
        "states": reads.state_counts(run),
        "is_open": run.status in asked.open_to,
        "own": act == "approve" and run.started_by == actor.id,
        "inactive": act == "apply" and run.model_version.status != "active",
    }
    return show(request, "mpi/rematch_act.html", context, status=422 if form.errors else 200)
