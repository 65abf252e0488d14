"""Two numbers of one source are one patient, as the source says; and that taken back."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mpi import access
from mpi.access import Permission
from mpi.errors import NotFound
from mpi.queries import acts as reads
from mpi.queries import person
from mpi.queries.source_merges import numbers_nearby
from mpi.queries.source_record import open_link
from mpi.services.source_merge import merge_source_records
from mpi.services.source_merge_preview import preview_source_merge
from mpi.services.source_unmerge import preview_source_unmerge, unmerge_source_records
from mpi.web.forms import ReasonForm
from mpi.web.forms_source_merge import NumberForm, SourceMergeForm
from mpi.web.notices import tell
from mpi.web.pages import ActorRequest, page, posted, require, show

_BOTH = require_http_methods(["GET", "POST"])


@page
@_BOTH
def choose_number(request: ActorRequest, record_id: int) -> HttpResponse:
    """Into which number of the same source: one of the same or a like person, or one that is typed."""
    actor = require(request, Permission.MERGE)
    record = access.access_record(actor, pk=record_id)
    form = NumberForm(posted(request))
    if request.method == "POST" and form.is_valid():
        code = record.source_system.code
        try:
            other = access.access_record(actor, system=code, mrn=form.cleaned_data["number"].strip())
        except NotFound:
            form.add_error("number", "This source has told nothing under this number. Look for a typing error.")
        else:
            if other.pk != record.pk:
                return redirect("source-merge", record.pk, other.pk)
            form.add_error("number", "This is the number that is to be given up. Name another one.")
    link = open_link(record)
    near = numbers_nearby(record, link.golden_record if link else None)
    access.audit_search(actor, sorted({one.golden_record.euid for one in near}))
    context = {
        "record": record,
        "person": person.banner(link.golden_record) if link else None,
        "near": near,
        "form": form,
    }
    return show(request, "mpi/choose_number.html", context, status=422 if form.errors else 200)


@page
@_BOTH
def merge(request: ActorRequest, record_id: int, survivor_id: int) -> HttpResponse:
    """Shows what will become of both; then gives the number of `record_id` up for the other one."""
    actor = require(request, Permission.MERGE)
    subsumed, survivor = (access.access_record(actor, pk=pk) for pk in (record_id, survivor_id))
    form = SourceMergeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        result = merge_source_records(
            system=subsumed.source_system.code,
            survivor_mrn=survivor.mrn,
            subsumed_mrn=subsumed.mrn,
            reason_code=form.cleaned_data["reason_code"],
            reason=form.cleaned_data["reason"],
            versions=form.versions(),
            actor=actor,
        )
        tell(request, result)
        return redirect("source-record", record_id)
    preview = preview_source_merge(survivor=survivor, subsumed=subsumed, actor=actor)
    changed = reads.changed_values(preview.left, preview.values) if preview.left and preview.stays else ()
    sides = [
        (record, person.banner(golden) if golden else None)
        for record, golden in ((subsumed, preview.left), (survivor, preview.home))
    ]
    context = {"preview": preview, "changed": changed, "sides": sides, "form": form}
    return show(request, "mpi/source_merge.html", context, status=422 if form.errors else 200)


@page
@_BOTH
def unmerge(request: ActorRequest, record_id: int) -> HttpResponse:
    """The source takes it back: the number stands for itself again."""
    actor = require(request, Permission.MERGE)
    record = access.access_record(actor, pk=record_id)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        code = record.source_system.code
        tell(
            request,
            unmerge_source_records(system=code, subsumed_mrn=record.mrn, actor=actor, **form.cleaned_data),
        )
        return redirect("source-record", record_id)
    preview = preview_source_unmerge(record=record, actor=actor)
    for golden in preview.homes:
        access.access_exact_golden_record(actor, golden.euid)
    context = {
        "record": record,
        "preview": preview,
        "homes": [person.banner(golden) for golden in preview.homes],
        "form": form,
    }
    return show(request, "mpi/source_unmerge.html", context, status=422 if form.errors else 200)
