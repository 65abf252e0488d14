"""A person as of a past instant: what the index held then, and what differs from now."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from mpi import access
from mpi.errors import InvalidInput, NotFound
from mpi.models import GoldenRecord
from mpi.queries import person
from mpi.queries.as_of import members_then
from mpi.queries.as_of_page import fields_then, members_since
from mpi.services.as_of import golden_record_as_of
from mpi.web.forms import AsOfForm, typed
from mpi.web.pages import ActorRequest, page, show


@page
@require_safe
def as_of(request: ActorRequest, euid: str) -> HttpResponse:
    """Of exactly this EUID: one that was merged by then says into which. Without an instant, the form alone."""
    form = AsOfForm(request.GET if "at" in request.GET else None)
    found: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        try:
            then = golden_record_as_of(euid=euid, instant=form.cleaned_data["at"], actor=request.actor)
        except (InvalidInput, NotFound) as refusal:
            if not refusal.flaws:
                raise  # there is no such golden record at all
            form.add_error("at", f"{refusal.detail} It {refusal.flaws[0].problem}: {refusal.flaws[0].mend}.")
        else:
            form = AsOfForm(initial={"at": typed(then.instant)})
            members = members_then(then.exact.id, then.instant)
            now = person.members(then.asked)
            found = {
                "golden": then.asked,
                "then": then,
                "fields": fields_then(then.exact, then.asked, members),
                "members": members_since(members, now),
                "person": person.banner(then.asked, now),
            }
    if not found:
        golden: GoldenRecord = access.access_exact_golden_record(request.actor, euid)
        found = {"golden": golden, "person": person.banner(golden, person.members(golden))}
    context = {**found, "form": form, "tab": "as-of"}
    return show(request, "mpi/golden_as_of.html", context, status=422 if form.errors else 200)
