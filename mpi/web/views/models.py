"""Linkage models: all versions, one of them, what it would change; approve, reject, activate, roll back, import."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from mpi.access import Permission
from mpi.models import LinkageModelVersion, ModelStatus
from mpi.queries import linkage
from mpi.services.model_activate import Outlook, activate_model, outlook
from mpi.services.model_approve import approve_model, reject_model
from mpi.services.model_compare import compare_versions, set_beside
from mpi.services.model_draft import export_model, import_model
from mpi.services.model_records import indexed_records
from mpi.services.model_rollback import roll_back_model, version_before
from mpi.web.forms_model import ModelActForm, ModelImportForm
from mpi.web.pages import ActorRequest, page, posted, require, show

_BOTH = require_http_methods(["GET", "POST"])


@page
@require_safe
def matching(request: ActorRequest) -> HttpResponse:
    """The active model with its weights, and all versions."""
    require(request, Permission.MODEL_READ)
    version = linkage.active_version()
    model = linkage.model_of(version) if version else None
    context = {
        "version": version,
        "model": model,
        "tables": linkage.weight_tables(model) if model else (),
        "versions": linkage.versions(),
        "notice": linkage.retrain_notice(indexed_records()),
        "activations": linkage.activations(limit=10),
    }
    return show(request, "mpi/matching.html", context)


@page
@require_safe
def model(request: ActorRequest, name: str) -> HttpResponse:
    """One version: weights, thresholds, policy, training, who drafted and approved it."""
    require(request, Permission.MODEL_READ)
    version = linkage.version(name)
    found = linkage.model_of(version)
    context = {
        "version": version,
        "model": found,
        "tables": linkage.weight_tables(found),
        "training": linkage.account_lines(found.training),
        "evaluation": linkage.account_lines(found.evaluation),
        "acts": _acts(version),
    }
    return show(request, "mpi/model.html", context)


@page
@require_safe
def compare(request: ActorRequest, name: str) -> HttpResponse:
    """What the version says differently from the active one, or from `?other=`; `?count=` what that would change.

    To count takes seconds on a large index, so it is asked for.
    """
    actor = require(request, Permission.MODEL_READ)
    look = compare_versions if request.GET.get("count") else set_beside
    found = look(name=name, other=request.GET.get("other", ""), actor=actor)
    context = {"found": found, "versions": linkage.versions(), "acts": _acts(found.version)}
    return show(request, "mpi/model_compare.html", context)


@page
@require_safe
def document(request: ActorRequest, name: str) -> HttpResponse:
    """The document as a file. Audited."""
    text = json.dumps(export_model(name=name, actor=require(request, Permission.MODEL_READ)), indent=1)
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    return HttpResponse(text, content_type="application/json", headers=headers)


@page
@_BOTH
def bring(request: ActorRequest) -> HttpResponse:
    """A document becomes a draft, or is refused with the reason and the place."""
    actor = require(request, Permission.MODEL_MANAGE)
    form = ModelImportForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        version = import_model(text=form.cleaned_data["document"], actor=actor)
        messages.success(request, f"Drafted {version.name}. Another person has to approve it.")
        return redirect("model", version.name)
    return show(request, "mpi/model_import.html", {"form": form}, status=422 if form.errors else 200)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a version: the name of its page, its button, the question it asks."""

    page: str
    button: str
    title: str
    lead: str


_ACTS = {
    "approve": Act(
        "model-approve",
        "Approve",
        "Approve this linkage model?",
        "You answer for it beside its author: look at what it changes first. Nothing changes yet: it can be "
        "activated from then on.",
    ),
    "reject": Act(
        "model-reject",
        "Reject",
        "Reject this linkage model?",
        "It can then never be activated. It stays in the list, with your reason.",
    ),
    "activate": Act(
        "model-activate",
        "Activate",
        "Compare records by this linkage model?",
        "From the next batch on every record is compared by it. Links that stand stay, until a rematch looks at them.",
    ),
    "rollback": Act(
        "model-rollback",
        "Roll back",
        "Go back to this linkage model?",
        "It was active before. From the next batch on every record is compared by it again.",
    ),
}
_OPEN = {
    ModelStatus.DRAFT: ("approve", "reject"),
    ModelStatus.APPROVED: ("activate",),
    ModelStatus.SUPERSEDED: ("rollback",),
}


def _acts(version: LinkageModelVersion) -> tuple[Act, ...]:
    return tuple(_ACTS[name] for name in _OPEN.get(ModelStatus(version.status), ()))


@page
@_BOTH
def act(request: ActorRequest, name: str, act: str) -> HttpResponse:
    """Asks, with what would follow; then does it."""
    actor = require(request, Permission.MODEL_MANAGE)
    version = linkage.version(name)
    form = ModelActForm(posted(request), initial={"seen_active": _active_name()})
    if request.method == "POST" and form.is_valid():
        reason, seen = form.cleaned_data["reason"], form.cleaned_data["seen_active"]
        if act in ("approve", "reject"):
            done = (approve_model if act == "approve" else reject_model)(name=name, reason=reason, actor=actor)
        else:
            switch = activate_model if act == "activate" else roll_back_model
            done = switch(name=name, reason=reason, actor=actor, seen_active=seen)
        messages.success(request, done.message)
        return redirect("model", name)
    ahead: Outlook | None = None
    if act in ("activate", "rollback"):
        ahead = outlook(name=name, actor=actor)
    context = {
        "version": version,
        "act": _ACTS[act],
        "form": form,
        "ahead": ahead,
        "is_open": ahead is None or ahead.is_open or (act == "rollback" and _is_before(version)),
        "own": version.author_id == actor.id,
        "allowed": _ACTS[act] in _acts(version),
    }
    return show(request, "mpi/model_act.html", context, status=422 if form.errors else 200)


def _active_name() -> str:
    active = linkage.active_version()
    return active.name if active else ""


def _is_before(version: LinkageModelVersion) -> bool:
    before = version_before()
    return before is not None and before.pk == version.pk
