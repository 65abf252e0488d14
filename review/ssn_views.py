"""Show the whole SSN of one side of a task: an act of its own, with a reason, audited by its service."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from mpi import access
from mpi.errors import NotFound
from mpi.services.unmask import unmask_ssn
from review.forms import UnmaskForm
from review.pages import StewardRequest, show, steward_required
from review.queries.people import ssn_record


@require_POST
@steward_required
def show_ssn(request: StewardRequest, uuid: UUID, side: str) -> HttpResponse:
    """The number that survived on one side, once: within the page where htmx asks, else on a page of its own."""
    actor, form = request.actor, UnmaskForm(request.POST)
    match = access.access_potential_match(actor, uuid)
    record_id = ssn_record(match.golden_a if side == "a" else match.golden_b)
    if record_id is None:
        raise NotFound("No source record of this side tells an SSN.")
    shown = ""
    if form.is_valid():
        shown = unmask_ssn(record_id=record_id, reason=form.cleaned_data["reason"], actor=actor)
    part = getattr(request, "htmx", False)
    template = ("review/_ssn_shown.html" if shown else "review/_ssn_again.html") if part else "review/ssn.html"
    context = {"task": {"uuid": uuid, "number": match.pk}, "side": side, "shown": shown, "ssn_form": form}
    # A part is put in its place by htmx only where the answer is 200.
    return show(request, template, context, now=timezone.now(), status=200 if shown or part else 422)
