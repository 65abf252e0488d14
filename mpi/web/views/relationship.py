"""Relationships of a person: one is recorded after a look at what it changes; one is ended."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mpi import access
from mpi.access import Permission
from mpi.queries import person
from mpi.queries.relationships import RelationshipView, relationship
from mpi.services.relationship import preview_relate, relate, unrelate
from mpi.web.forms import WordsForm
from mpi.web.forms_relationship import RelateForm
from mpi.web.notices import tell
from mpi.web.pages import ActorRequest, page, posted, require, show

_BOTH = require_http_methods(["GET", "POST"])


@page
@_BOTH
def relate_to(request: ActorRequest, euid: str) -> HttpResponse:
    """First who and what, then what it will change, then the act: each by POST."""
    actor = require(request, Permission.REGISTER)
    golden, _ = access.access_person(actor, euid)
    form = RelateForm(posted(request))
    context = {"golden": golden, "person": person.banner(golden), "form": form}
    if not form.is_valid():
        return show(request, "mpi/relate.html", context, status=422 if form.errors else 200)
    other, _ = access.access_person(actor, form.cleaned_data["other"])
    told = form.told(golden.euid)
    if form.cleaned_data["confirmed"]:
        tell(request, relate(**told, reason=form.cleaned_data["reason"], actor=actor))
        return redirect("golden-record", golden.euid)
    preview = preview_relate(**told, actor=actor)
    sides = {"first": person.banner(preview.first), "second": person.banner(preview.second)}
    context |= {"preview": preview, "other": person.banner(other), **sides}
    return show(request, "mpi/relate_preview.html", context)


@page
@_BOTH
def end(request: ActorRequest, relationship_uuid: UUID) -> HttpResponse:
    actor = require(request, Permission.MERGE)
    form = WordsForm(posted(request))
    if request.method == "POST" and form.is_valid():
        result = unrelate(relationship_uuid=relationship_uuid, reason=form.cleaned_data["reason"], actor=actor)
        tell(request, result)
        return redirect("golden-record", result.euids[0]) if result.euids else redirect("dashboard")
    context = {"relationship": _shown(request, relationship(relationship_uuid)), "form": form}
    return show(request, "mpi/unrelate.html", context, status=422 if form.errors else 200)


def _shown(request: ActorRequest, view: RelationshipView) -> RelationshipView:
    """Both are about to be shown: write down that they were read."""
    for one in view.people:
        access.access_exact_golden_record(request.actor, one.euid)
    return view
