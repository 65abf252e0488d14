"""A golden value that a steward sets by hand, and lifts again."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mpi import access
from mpi.access import Permission
from mpi.errors import InvalidInput
from mpi.queries import person
from mpi.services.override import lift_value, set_value
from mpi.web.forms_override import LiftForm, OverrideForm
from mpi.web.notices import tell
from mpi.web.pages import ActorRequest, page, posted, require, show

_BOTH = require_http_methods(["GET", "POST"])


@page
@_BOTH
def override(request: ActorRequest, euid: str) -> HttpResponse:
    """Shows what each field is now and who tells it; then sets one."""
    actor = require(request, Permission.MERGE)
    golden, _ = access.access_person(actor, euid)
    begun = {"version": golden.version, "field": request.GET.get("field", "")}
    form = OverrideForm(posted(request), initial=begun)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            done = set_value(
                euid=golden.euid,
                field=told["field"],
                value=form.told(),
                reason=told["reason"],
                version=told["version"],
                expires_at=form.until(),
                actor=actor,
            )
        except InvalidInput as refusal:
            for flaw in refusal.flaws:
                place = flaw.field.removeprefix("value.")
                form.add_error(place if place in form.fields else None, f"This {flaw.problem}: {flaw.mend}.")
        else:
            tell(request, done)
            return redirect("golden-record", golden.euid)
    links = person.members(golden)
    context = {"golden": golden, "person": person.banner(golden, links), "fields": person.fields(golden, links)}
    return show(request, "mpi/override.html", {**context, "form": form}, status=422 if form.errors else 200)


@page
@_BOTH
def lift(request: ActorRequest, euid: str, field: str) -> HttpResponse:
    """Says what the source records tell; then lets them."""
    actor = require(request, Permission.MERGE)
    golden, _ = access.access_person(actor, euid)
    form = LiftForm(posted(request), initial={"version": golden.version})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        done = lift_value(euid=golden.euid, field=field, reason=told["reason"], version=told["version"], actor=actor)
        tell(request, done)
        return redirect("golden-record", golden.euid)
    links = person.members(golden)
    found = next((one for one in person.fields(golden, links) if one.key == field), None)
    context = {"golden": golden, "person": person.banner(golden, links), "field": found, "form": form}
    return show(request, "mpi/lift_override.html", context, status=422 if form.errors else 200)
