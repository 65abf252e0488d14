"""Survivorship rules: what chooses each golden value; drafted, compared with the index, approved, activated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from mpi.access import Permission, allowed
from mpi.commands import Actor
from mpi.errors import InvalidInput
from mpi.models import RulesStatus, SurvivorshipPreview, SurvivorshipVersion
from mpi.queries import survivorship as reads
from mpi.services.rules_activate import activate_rules
from mpi.services.rules_approve import approve_rules, reject_rules
from mpi.services.rules_draft import draft_rules
from mpi.services.rules_preview import SampleLine, order_preview, sample_of
from mpi.web.forms_model import ModelActForm
from mpi.web.forms_survivorship import RulesDraftForm
from mpi.web.pages import ActorRequest, page, posted, require, show

_BOTH = require_http_methods(["GET", "POST"])


@page
@require_safe
def overview(request: ActorRequest) -> HttpResponse:
    """The active version."""
    return _shown(request, require(request, Permission.MODEL_READ), None)


@page
@require_safe
def version(request: ActorRequest, name: str) -> HttpResponse:
    """Any version, beside the active one, with what it would change."""
    return _shown(request, require(request, Permission.MODEL_READ), reads.version(name))


def _shown(request: ActorRequest, actor: Actor, chosen: SurvivorshipVersion | None) -> HttpResponse:
    versions = reads.versions()
    active = next((row for row in versions if row.status == RulesStatus.ACTIVE), None)
    row = chosen or active
    may_manage = allowed(actor, Permission.MODEL_MANAGE)
    context: dict[str, object] = {
        "version": row,
        "active": active,
        "versions": versions,
        "rules": reads.field_rules(row, active) if row else (),
        "ranks": reads.ranks(row, active),
        "activations": reads.activations(),
        "may_manage": may_manage,
        "acts": _acts(row) if row and may_manage else (),
        "own": row is not None and row.author_id == actor.id,
    }
    if row is not None and row != active:
        context |= _seen(row, active, actor)
    return show(request, "mpi/survivorship.html", context)


@dataclass(frozen=True, slots=True)
class ChangedField:
    """Of how many golden records a field would be another, and some of them."""

    label: str
    shape: str
    count: int
    sample: tuple[SampleLine, ...]


def _seen(row: SurvivorshipVersion, active: SurvivorshipVersion | None, actor: Actor) -> dict[str, object]:
    """What the newest comparison of a version with the index found, or how far it is."""
    preview = reads.latest_preview(row)
    found = preview is not None and preview.finished_at is not None and not preview.error
    changed = _changed(preview, actor) if preview is not None and found else ()
    is_current = preview is not None and active is not None and preview.against_id == active.pk
    return {"preview": preview, "found": found, "changed": changed, "is_current": is_current}


def _changed(preview: SurvivorshipPreview, actor: Actor) -> tuple[ChangedField, ...]:
    lines = sample_of(preview, actor=actor)
    return tuple(
        ChangedField(label, shape, count, tuple(line for line in lines if line.field == name))
        for name, label, shape, count in reads.changed_fields(preview)
    )


@page
@_BOTH
def draft(request: ActorRequest) -> HttpResponse:
    """A new version, begun with what the active one says."""
    actor = require(request, Permission.MODEL_MANAGE)
    active = reads.active_version()
    form = RulesDraftForm(posted(request), initial=_begun(active), ranks=reads.ranks(active))
    if request.method == "POST" and form.is_valid():
        try:
            made = draft_rules(text=form.text(), justification=form.cleaned_data["justification"], actor=actor)
        except InvalidInput as refusal:
            for flaw in refusal.flaws:
                field = flaw.field.removeprefix("fields.")
                form.add_error(field if field in form.fields else None, f"This {flaw.problem}: {flaw.mend}.")
        else:
            messages.success(
                request, f"Drafted {made.name}. Compare it with the index, then another person approves it."
            )
            return redirect("survivorship-version", made.name)
    return show(request, "mpi/survivorship_draft.html", {"form": form}, status=422 if form.errors else 200)


def _begun(active: SurvivorshipVersion | None) -> dict[str, Any]:
    return {field: ", ".join(told) for field, told in active.document["fields"].items()} if active else {}


@page
@_BOTH
def preview(request: ActorRequest, name: str) -> HttpResponse:
    """Asks a worker for a comparison; its card alone for the refresh, the page of the version without htmx."""
    if request.method == "POST":
        order_preview(name=name, actor=require(request, Permission.MODEL_MANAGE))
        return redirect("survivorship-version", name)
    actor = require(request, Permission.MODEL_READ)
    if not getattr(request, "htmx", False):
        return redirect("survivorship-version", name)
    row = reads.version(name)
    may_manage = allowed(actor, Permission.MODEL_MANAGE)
    context: dict[str, object] = {"version": row, "may_manage": may_manage, **_seen(row, reads.active_version(), actor)}
    return show(request, "mpi/_survivorship_preview.html", context)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a version: its page, its button, the question it asks and what follows."""

    page: str
    button: str
    title: str
    lead: str


_ACTS: Mapping[str, Act] = {
    "approve": Act(
        "survivorship-approve",
        "Approve",
        "Approve these survivorship rules?",
        "You answer for them beside their author: look at what they would change first. Nothing changes yet: they can "
        "be activated from then on.",
    ),
    "reject": Act(
        "survivorship-reject",
        "Reject",
        "Reject these survivorship rules?",
        "They can then never be activated. They stay in the list, with your reason.",
    ),
    "activate": Act(
        "survivorship-activate",
        "Activate",
        "Follow other rules?",
        "From the next batch on golden values are chosen by them, and those of before are made anew.",
    ),
}
_OPEN = {
    RulesStatus.DRAFT: ("approve", "reject"),
    RulesStatus.APPROVED: ("activate",),
    RulesStatus.SUPERSEDED: ("activate",),
}


def _acts(row: SurvivorshipVersion) -> tuple[Act, ...]:
    return tuple(_ACTS[name] for name in _OPEN.get(RulesStatus(row.status), ()))


@page
@_BOTH
def act(request: ActorRequest, name: str, act: str) -> HttpResponse:
    """Asks, with what differs and what would change; then does it."""
    actor = require(request, Permission.MODEL_MANAGE)
    row, active = reads.version(name), reads.active_version()
    form = ModelActForm(posted(request), initial={"seen_active": active.name if active else ""})
    if request.method == "POST" and form.is_valid():
        messages.success(request, _do(act, name, form.cleaned_data, actor))
        return redirect("survivorship-version", name)
    before = {rule.field: rule for rule in reads.field_rules(active)} if active else {}
    ranks_before = {one.system.code: one.rank for one in reads.ranks(active)}
    context = {
        "version": row,
        "active": active,
        "act": _ACTS[act],
        "form": form,
        "rules": [(rule, before.get(rule.field)) for rule in reads.field_rules(row, active) if rule.differs],
        "ranks": [(one, ranks_before[one.system.code]) for one in reads.ranks(row, active) if one.differs],
        "own": row.author_id == actor.id,
        "allowed": _ACTS[act] in _acts(row),
        **_seen(row, active, actor),
    }
    return show(request, "mpi/survivorship_act.html", context, status=422 if form.errors else 200)


def _do(act: str, name: str, told: Mapping[str, Any], actor: Actor) -> str:
    """The act, and what to say of it."""
    if act == "activate":
        activate_rules(name=name, reason=told["reason"], seen_active=told["seen_active"], actor=actor)
        return f"{name} is active. Golden records of before are being made anew."
    row = (approve_rules if act == "approve" else reject_rules)(name=name, reason=told["reason"], actor=actor)
    return f"The survivorship rules {name} are {row.status}."
