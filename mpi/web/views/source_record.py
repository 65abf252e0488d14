"""A source record: as told and standardised, its versions, its link and the decision behind it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from mpi import access, codec
from mpi.access import Permission
from mpi.queries import person
from mpi.queries import source_record as reads
from mpi.queries.identity_tasks import held_back
from mpi.queries.source_merges import merges_of
from mpi.services.link import link_record
from mpi.services.unlink import unlink_record
from mpi.services.unmask import unmask_ssn
from mpi.web.forms import EuidForm, ReasonForm, VersionedForm, WordsForm
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
@require_safe
def choose_home(request: ActorRequest, record_id: int) -> HttpResponse:
    """To whom a source record is linked by hand: one of the open potential matches, or an EUID typed."""
    actor = require(request, Permission.MERGE)
    record = access.access_record(actor, pk=record_id)
    form = EuidForm(request.GET if "other" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect("link", record.pk, form.cleaned_data["other"])
    link = reads.open_link(record)
    golden = link.golden_record if link else None
    context = {
        "record": record,
        "person": person.banner(golden) if golden else None,
        "open_matches": person.open_matches(golden) if golden else (),
        "form": form,
    }
    return show(request, "mpi/choose_home.html", context, status=422 if form.errors else 200)


@page
@require_http_methods(["GET", "POST"])
def link(request: ActorRequest, record_id: int, euid: str) -> HttpResponse:
    """The record belongs to another golden record than the engine thought; kept apart from those that it leaves."""
    actor = require(request, Permission.MERGE)
    golden, _ = access.access_person(actor, euid)
    form = VersionedForm(posted(request), initial={"version": golden.version})
    if request.method == "POST" and form.is_valid():
        tell(request, link_record(record_id=record_id, euid=golden.euid, actor=actor, **form.cleaned_data))
        return redirect("source-record", record_id)
    record = access.access_record(actor, pk=record_id)
    now = reads.open_link(record)
    context = {
        "record": record,
        "link": now,
        "person": person.banner(now.golden_record) if now else None,
        "golden": golden,
        "home": person.banner(golden),
        "is_there": now is not None and now.golden_record_id == golden.pk,
        "form": form,
    }
    return show(request, "mpi/link.html", context, status=422 if form.errors else 200)


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
