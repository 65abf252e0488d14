"""Acts on identity. Each shows first what will change, asks why, and can be undone."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from mpi import access
from mpi.access import Permission
from mpi.queries import acts as reads
from mpi.queries import person, potential_matches
from mpi.services.merge import merge_golden_records, preview_merge
from mpi.services.proposal_acts import ProposedMerge, ProposedUndo, ProposedUnmerge
from mpi.services.reasons import REASONS
from mpi.services.retire import retire_golden_record
from mpi.services.second_person_policy import WORDS, merge_reasons
from mpi.services.separate import lift_separation, separate
from mpi.services.take_back import preview_undo, preview_unmerge
from mpi.services.undo import undo_event
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.verify import verify_golden_record
from mpi.web.forms import EuidForm, MergeForm, ReasonForm, VersionedForm, WordsForm
from mpi.web.notices import tell
from mpi.web.pages import ActorRequest, page, posted, require, show
from mpi.web.second_person import put_to_another, wants_two

_BOTH = require_http_methods(["GET", "POST"])


View = TypeVar("View", reads.EventView, reads.SeparationView)


def _shown(request: ActorRequest, view: View) -> View:
    """The people of an act are about to be shown: write down that they were read."""
    for one in view.people:
        access.access_exact_golden_record(request.actor, one.euid)
    return view


@page
@require_safe
def choose_other(request: ActorRequest, euid: str, act: str) -> HttpResponse:
    """Which other golden record: one of the open potential matches, or an EUID typed. `act` is merge or separate."""
    actor = require(request, Permission.MERGE)
    golden, _ = access.access_person(actor, euid)
    form = EuidForm(request.GET if "other" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect(act, golden.euid, form.cleaned_data["other"])
    asked = potential_matches.open_matches(golden)
    access.audit_shown(actor, [match.other.euid for match in asked], beside=golden.euid)
    context = {"golden": golden, "person": person.banner(golden), "open_matches": asked}
    return show(
        request, "mpi/choose_other.html", {**context, "form": form, "act": act}, status=422 if form.errors else 200
    )


@page
@_BOTH
def merge(request: ActorRequest, survivor: str, retired: str) -> HttpResponse:
    actor = require(request, Permission.MERGE)
    form = MergeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        if wants_two(request):
            told = form.act()
            act = ProposedMerge(told["survivor_euid"], told["retired_euid"], form.versions())
            return put_to_another(request, act, reason_code=told["reason_code"], reason=told["reason"])
        result = merge_golden_records(versions=form.versions(), actor=actor, **form.act())
        tell(request, result)
        return redirect("golden-record", result.euids[0])
    sides = [access.access_exact_golden_record(actor, euid) for euid in (survivor, retired)]
    preview = preview_merge(survivor_euid=survivor, retired_euid=retired, actor=actor)
    rows = reads.merge_rows(preview.survivor, preview.retired, preview.values)
    context = {
        "preview": preview,
        "rows": rows,
        "sides": [person.banner(side) for side in sides],
        "asked_by": [WORDS[code] for code in merge_reasons(preview.survivor, preview.retired, actor=actor)],
        "form": form,
    }
    return show(request, "mpi/merge.html", context, status=422 if form.errors else 200)


@page
@_BOTH
def unmerge(request: ActorRequest, event_uuid: UUID) -> HttpResponse:
    """They are two people: everything as before, and a separation so that they stay two."""
    actor = require(request, Permission.MERGE)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        if wants_two(request):
            return put_to_another(request, ProposedUnmerge(str(event_uuid)), **form.cleaned_data)
        result = unmerge_golden_records(event_uuid=event_uuid, actor=actor, **form.cleaned_data)
        tell(request, result)
        return redirect("golden-history", result.euids[0])
    preview = preview_unmerge(event_uuid=event_uuid, actor=actor)
    context = {"preview": preview, "event": _shown(request, reads.event(event_uuid)), "form": form}
    return show(request, "mpi/unmerge.html", context, status=422 if form.errors else 200)


@page
@_BOTH
def undo(request: ActorRequest, event_uuid: UUID) -> HttpResponse:
    """A slip: exactly as before, open questions open again, no separation."""
    actor = require(request, Permission.MERGE)
    form = WordsForm(posted(request))
    if request.method == "POST" and form.is_valid():
        if wants_two(request):
            return put_to_another(request, ProposedUndo(str(event_uuid)), reason=form.cleaned_data["reason"])
        result = undo_event(event_uuid=event_uuid, reason=form.cleaned_data["reason"], actor=actor)
        tell(request, result)
        return redirect("golden-history", result.euids[0]) if result.euids else redirect("dashboard")
    preview = preview_undo(event_uuid=event_uuid, actor=actor)
    context = {"preview": preview, "event": _shown(request, reads.event(event_uuid)), "form": form}
    return show(request, "mpi/undo.html", context, status=422 if form.errors else 200)


@page
@_BOTH
def keep_apart(request: ActorRequest, euid: str, other: str) -> HttpResponse:
    actor = require(request, Permission.MERGE)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        tell(request, separate(euid_a=euid, euid_b=other, actor=actor, **form.cleaned_data))
        return redirect("golden-record", euid)
    golden, _ = access.access_person(actor, euid)
    second, _ = access.access_person(actor, other)
    context = {"golden": golden, "person": person.banner(golden), "other": person.banner(second), "form": form}
    return show(request, "mpi/separate.html", context, status=422 if form.errors else 200)


@page
@_BOTH
def lift(request: ActorRequest, separation_uuid: UUID) -> HttpResponse:
    actor = require(request, Permission.MERGE)
    form = WordsForm(posted(request))
    if request.method == "POST" and form.is_valid():
        result = lift_separation(separation_uuid=separation_uuid, reason=form.cleaned_data["reason"], actor=actor)
        tell(request, result)
        # records that were deleted since belong to nobody
        return redirect("golden-record", result.euids[0]) if result.euids else redirect("dashboard")
    context = {"separation": _shown(request, reads.separation(separation_uuid)), "form": form}
    return show(request, "mpi/lift_separation.html", context, status=422 if form.errors else 200)


@page
@_BOTH
def verify(request: ActorRequest, euid: str) -> HttpResponse:
    """A steward vouches for a provisional golden record."""
    actor = require(request, Permission.MERGE)
    golden, _ = access.access_person(actor, euid)
    form = VersionedForm(posted(request), initial={"version": golden.version})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        reason = ": ".join(part for part in (REASONS[told["reason_code"]], told["reason"]) if part)
        tell(request, verify_golden_record(euid=golden.euid, version=told["version"], reason=reason, actor=actor))
        return redirect(reverse("golden-record", args=[golden.euid]))
    context = {"golden": golden, "person": person.banner(golden), "form": form}
    return show(request, "mpi/verify.html", context, status=422 if form.errors else 200)


@page
@_BOTH
def retire(request: ActorRequest, euid: str) -> HttpResponse:
    """A steward takes a golden record that is no patient out of service."""
    actor = require(request, Permission.MERGE)
    golden, _ = access.access_person(actor, euid)
    form = VersionedForm(posted(request), initial={"version": golden.version})
    if request.method == "POST" and form.is_valid():
        tell(request, retire_golden_record(euid=golden.euid, actor=actor, **form.cleaned_data))
        return redirect(reverse("golden-record", args=[golden.euid]))
    context = {"golden": golden, "person": person.banner(golden), "form": form}
    return show(request, "mpi/retire.html", context, status=422 if form.errors else 200)
