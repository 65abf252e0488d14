"""A person as of a past instant: what the index held then, and what differs from now.

The slider moves between the moments at which something was recorded; it is a range input of a plain form, and with
htmx it shows each moment while it moves. Date and time can be typed as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from mpi import access
from mpi.access import Permission
from mpi.errors import InvalidInput, NotFound
from mpi.queries import person
from mpi.queries.as_of import members_then
from mpi.queries.as_of_page import fields_then, members_since
from mpi.queries.moments import Moment, moment_at, moments
from mpi.services.as_of import golden_record_as_of
from mpi.web.forms_as_of import AsOfForm, StepForm, typed
from mpi.web.pages import ActorRequest, page, require, show
from mpi.web.plots_moments import track
from mpi.web.views.golden import framed


@page
@require_safe
def as_of(request: ActorRequest, euid: str) -> HttpResponse:
    """Of exactly this EUID: one that was merged by then says into which. Without an instant, the forms alone."""
    require(request, Permission.PERSON_READ)
    known = moments(euid)
    form, asked = AsOfForm(), StepForm(steps=len(known), initial={"step": len(known)})
    found: dict[str, Any] = {}
    instant: datetime | None = None
    if "at" in request.GET:
        form = AsOfForm(request.GET)
        instant = form.cleaned_data["at"] if form.is_valid() else None
    elif "step" in request.GET:
        asked = StepForm(request.GET, steps=len(known))
        instant = known[asked.cleaned_data["step"] - 1].recorded_at if asked.is_valid() else None
    if instant is not None:
        found = _then(request, euid, instant, form)
    if not found:
        golden = access.access_exact_golden_record(request.actor, euid)
        found = framed(golden, person.members(golden), "as-of")
    context = {**found, **_slider(asked, known, instant if "then" in found else None)}
    context |= {"form": AsOfForm(initial={"at": typed(instant)}) if "then" in found and instant else form}
    if getattr(request, "htmx", False) and "then" in found:
        return show(request, "mpi/_then.html", context)
    return show(request, "mpi/golden_as_of.html", context, status=422 if form.errors or asked.errors else 200)


def _then(request: ActorRequest, euid: str, instant: datetime, form: forms.Form) -> dict[str, Any]:
    """What stood at the instant, audited; nothing, and an error in the form, for one that cannot be shown."""
    try:
        then = golden_record_as_of(euid=euid, instant=instant, actor=request.actor)
    except (InvalidInput, NotFound) as refusal:
        if not refusal.flaws:
            raise  # there is no such golden record at all
        form.add_error("at", f"{refusal.detail} It {refusal.flaws[0].problem}: {refusal.flaws[0].mend}.")
        return {}
    members = members_then(then.exact.id, then.instant)
    now = person.members(then.asked)
    return {
        **framed(then.asked, now, "as-of"),
        "then": then,
        "fields": fields_then(then.exact, then.asked, members),
        "members": members_since(members, now),
    }


def _slider(asked: StepForm, known: Sequence[Moment], instant: datetime | None) -> dict[str, Any]:
    """The slider at the moment that is shown, or at the newest; `earlier` and `later` are the moments beside it."""
    shown = moment_at(known, instant) if instant else None
    if shown and not asked.errors:
        asked = StepForm(steps=len(known), initial={"step": shown.number})
    return {
        "slider": asked,
        "moments": known,
        "track": track(known, shown),
        "shown": shown,
        "earlier": known[shown.number - 2] if shown and shown.number > 1 else None,
        "later": known[shown.number] if shown and shown.number < len(known) else None,
    }
