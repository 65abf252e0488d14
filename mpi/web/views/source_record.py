"""A source record: as told and standardised, its versions, its link and the decision behind it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mpi import access, codec
from mpi.access import Permission
from mpi.queries import person, potential_matches
from mpi.queries import source_record as reads
from mpi.queries import source_record_versions as record_versions
from mpi.queries.identity_tasks import held_back
from mpi.queries.source_merges import merges_of
from mpi.services.link import link_record
from mpi.services.proposal_acts import ProposedLink, ProposedUnlink
from mpi.services.reasons import REASONS
from mpi.services.second_person_policy import WORDS, link_reasons, unlink_reasons
from mpi.services.unlink import unlink_record
from mpi.services.unmask import unmask_ssn
from mpi.web.forms import EuidForm, ReasonForm, VersionedForm, WordsForm
from mpi.web.forms_versions import VersionsForm
from mpi.web.notices import tell
from mpi.web.pages import ActorRequest, page, posted, require, show, whole_number
from mpi.web.second_person import put_to_another, wants_two

_VERSIONS_SHOWN = 5
"""Versions on the page of the record; a page of their own has all of them."""


@page
@require_safe
def source_record(request: ActorRequest, record_id: int) -> HttpResponse:
    record = access.access_record(request.actor, pk=record_id)
    link = reads.open_link(record)
    decision = (link.decision if link else None) or reads.latest_decision(record)
    why = reads.decision_view(decision) if decision else None
    others = [one.euid for one in why.considered if one.euid] if why else []
    access.audit_shown(request.actor, others, beside=link.golden_record.euid if link else "")
    context = {
        "record": record,
        "link": link,
        "story": reads.story_of(link, REASONS) if link else None,
        "person": person.banner(link.golden_record) if link else None,
        "held_back": held_back([record]),
        "told": reads.lines_told(codec.masked_told(record)),
        "standard": reads.lines_standard(record),
        "versions": record_versions.versions(record, size=_VERSIONS_SHOWN),
        "past_links": reads.past_links(record, REASONS),
        "merges": merges_of(record),
        "decision": why,
        "decision_uuid": decision.uuid if decision else None,
    }
    return show(request, "mpi/source_record.html", context)


@page
@require_safe
def all_versions(request: ActorRequest, record_id: int) -> HttpResponse:
    """Every version with what it changed, and any two of them side by side."""
    record = access.access_record(request.actor, pk=record_id)
    link = reads.open_link(record)
    known = record_versions.numbers_of(record)
    form = VersionsForm(request.GET if "first" in request.GET else None, known=known)
    two = form.cleaned_data if form.is_bound and form.is_valid() else form.initial
    context = {
        "record": record,
        "person": person.banner(link.golden_record) if link else None,
        "versions": record_versions.versions(record, before=whole_number(request.GET.get("before", ""))),
        "several": len(known) > 1,
        "two": record_versions.side_by_side(record, two["first"], two["second"]) if two else None,
        "form": form,
    }
    return show(request, "mpi/source_record_versions.html", context, status=422 if form.errors else 200)


@page
@require_http_methods(["GET", "POST"])
def unlink(request: ActorRequest, record_id: int) -> HttpResponse:
    actor = require(request, Permission.MERGE)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        if wants_two(request):
            return put_to_another(request, ProposedUnlink(record_id), **form.cleaned_data)
        result = unlink_record(record_id=record_id, actor=actor, **form.cleaned_data)
        tell(request, result)
        return redirect("source-record", record_id)
    record = access.access_record(actor, pk=record_id)
    link = reads.open_link(record)
    asked_by = unlink_reasons(record.pk, link.golden_record, actor=actor, now=timezone.now()) if link else ()
    context = {
        "record": record,
        "link": link,
        "person": person.banner(link.golden_record) if link else None,
        "asked_by": [WORDS[code] for code in asked_by],
    }
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
    asked = potential_matches.open_matches(golden) if golden else ()
    access.audit_shown(actor, [match.other.euid for match in asked], beside=golden.euid if golden else "")
    context = {
        "record": record,
        "person": person.banner(golden) if golden else None,
        "open_matches": asked,
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
        if wants_two(request):
            told = form.cleaned_data
            act = ProposedLink(record_id, golden.euid, told["version"])
            return put_to_another(request, act, reason_code=told["reason_code"], reason=told["reason"])
        tell(request, link_record(record_id=record_id, euid=golden.euid, actor=actor, **form.cleaned_data))
        return redirect("source-record", record_id)
    record = access.access_record(actor, pk=record_id)
    now = reads.open_link(record)
    asked_by: tuple[str, ...] = ()
    if now is not None:
        asked_by = link_reasons(record_id, now.golden_record, golden, actor=actor, now=timezone.now())
    context = {
        "record": record,
        "link": now,
        "person": person.banner(now.golden_record) if now else None,
        "golden": golden,
        "home": person.banner(golden),
        "is_there": now is not None and now.golden_record_id == golden.pk,
        "asked_by": [WORDS[code] for code in asked_by],
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
