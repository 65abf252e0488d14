"""Survivorship rules: what chooses each golden value; drafted, activated, and followed by the golden records."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from mpi.access import Permission, allowed
from mpi.errors import InvalidInput
from mpi.models import RulesStatus, SurvivorshipVersion
from mpi.queries import survivorship as reads
from mpi.services.rules_activate import activate_rules
from mpi.services.rules_draft import draft_rules
from mpi.web.forms_model import ModelActForm
from mpi.web.forms_survivorship import RulesDraftForm
from mpi.web.pages import ActorRequest, page, posted, require, show

_BOTH = require_http_methods(["GET", "POST"])


@page
@require_safe
def overview(request: ActorRequest) -> HttpResponse:
    """The active version."""
    require(request, Permission.MODEL_READ)
    return _shown(request, None)


@page
@require_safe
def version(request: ActorRequest, name: str) -> HttpResponse:
    """Any version, beside the active one."""
    require(request, Permission.MODEL_READ)
    return _shown(request, reads.version(name))


def _shown(request: ActorRequest, chosen: SurvivorshipVersion | None) -> HttpResponse:
    versions = reads.versions()
    active = next((row for row in versions if row.status == RulesStatus.ACTIVE), None)
    row = chosen or active
    context = {
        "version": row,
        "active": active,
        "versions": versions,
        "rules": reads.field_rules(row, active) if row else (),
        "activations": reads.activations(),
        "may_manage": allowed(request.actor, Permission.MODEL_MANAGE),
    }
    return show(request, "mpi/survivorship.html", context)


@page
@_BOTH
def draft(request: ActorRequest) -> HttpResponse:
    """A new version, begun with what the active one says."""
    actor = require(request, Permission.MODEL_MANAGE)
    form = RulesDraftForm(posted(request), initial=_begun())
    if request.method == "POST" and form.is_valid():
        try:
            made = draft_rules(text=form.text(), justification=form.cleaned_data["justification"], actor=actor)
        except InvalidInput as refusal:
            for flaw in refusal.flaws:
                field = flaw.field.removeprefix("fields.")
                form.add_error(field if field in form.fields else None, f"This {flaw.problem}: {flaw.mend}.")
        else:
            messages.success(request, f"Drafted {made.name}. Nothing follows it until it is activated.")
            return redirect("survivorship-version", made.name)
    return show(request, "mpi/survivorship_draft.html", {"form": form}, status=422 if form.errors else 200)


def _begun() -> dict[str, Any]:
    active = next((row for row in reads.versions() if row.status == RulesStatus.ACTIVE), None)
    return {field: ", ".join(told) for field, told in active.document["fields"].items()} if active else {}


@page
@_BOTH
def activate(request: ActorRequest, name: str) -> HttpResponse:
    """Asks, with what differs; then switches, and a worker makes the golden records of before anew."""
    actor = require(request, Permission.MODEL_MANAGE)
    row = reads.version(name)
    active = next((one for one in reads.versions() if one.status == RulesStatus.ACTIVE), None)
    form = ModelActForm(posted(request), initial={"seen_active": active.name if active else ""})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        activate_rules(name=name, reason=told["reason"], seen_active=told["seen_active"], actor=actor)
        messages.success(request, f"{name} is active. Golden records of before are being made anew.")
        return redirect("survivorship")
    rules = [rule for rule in reads.field_rules(row, active) if rule.differs]
    before = {rule.field: rule for rule in reads.field_rules(active)} if active else {}
    context = {
        "version": row,
        "active": active,
        "form": form,
        "rules": [(rule, before.get(rule.field)) for rule in rules],
    }
    return show(request, "mpi/survivorship_activate.html", context, status=422 if form.errors else 200)
