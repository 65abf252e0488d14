"""A source record: as told and standardised, its versions, its link and the decision behind it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mpi import access, codec
from mpi.access import Permission
from mpi.queries import person
from mpi.queries import source_record as reads
from mpi.queries.identity_tasks import held_back
from mpi.queries.source_merges import merges_of
from mpi.services.unlink import unlink_record
from mpi.services.unmask import unmask_ssn
from mpi.web.forms import ReasonForm, WordsForm
from mpi.web.notices import tell
from mpi.web.pages import ActorRequest, page, posted, require, show


@page
def source_record(request: ActorRequest, record_id: int) -> HttpResponse:
    record = access.access_record(request.actor, pk=record_id)
    link = reads.open_link(record)
    decision = (link.decision if link else None) or reads.latest_decision(record)
    context = {
        "record": record,
        "link": link,
        "person": person.banner(link.golden_record) if link else None,
        "held_back": held_back([record]),
        "told": reads.lines_told(codec.masked_told(record)),
        "standard": reads.lines_standard(record),
        "versions": reads.versions(record),
        "past_links": reads.past_links(record),
        "merges": merges_of(record),
        "decision": reads.decision_view(decision) if decision else None,
    }
    return show(request, "mpi/source_record.html", context)


@page
@require_http_methods(["GET", "POST"])
def unlink(request: ActorRequest, record_id: int) -> HttpResponse:
    actor = require(request, Permission.MERGE)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        result = unlink_record(record_id=record_id, actor=actor, **form.cleaned_data)
        tell(request, result)
        return redirect("source-record", record_id)
    record = access.access_record(actor, pk=record_id)
    link = reads.open_link(record)
    context = {"record": record, "link": link, "person": person.banner(link.golden_record) if link else None}
    return show(request, "mpi/unlink.html", {**context, "form": form}, status=422 if form.errors else 200)


@page
@require_http_methods(["GET", "POST"])
def unmask(request: ActorRequest, record_id: int) -> HttpResponse:
    """Show a whole SSN once, after a reason; the act is audited by the service."""
    actor = require(request, Permission.UNMASK)
    form = WordsForm(posted(request))
    shown = ""
    if request.method == "POST" and form.is_valid():
        shown = unmask_ssn(record_id=record_id, reason=form.cleaned_data["reason"], actor=actor)
        messages.warning(request, "That you looked at this number was recorded, with your reason.")
    record = access.access_record(actor, pk=record_id)
    link = reads.open_link(record)
    context = {"record": record, "person": person.banner(link.golden_record) if link else None, "shown": shown}
    return show(request, "mpi/unmask.html", {**context, "form": form}, status=422 if form.errors else 200)
