"""The VIP mark of a person: a supervisor sets it with a reason, and lifts it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from mpi import access
from mpi.access import Permission
from mpi.queries import person
from mpi.queries.vip import vip_marks
from mpi.services.vip import lift_vip, mark_vip
from mpi.web.forms import WordsForm
from mpi.web.pages import ActorRequest, page, posted, require, show


@page
@require_http_methods(["GET", "POST"])
def vip(request: ActorRequest, euid: str) -> HttpResponse:
    """Who marked the person and why; then marks, or lifts the mark that this golden record bears."""
    actor = require(request, Permission.SUPERVISE)
    golden, _ = access.access_person(actor, euid)
    form = WordsForm(posted(request))
    if request.method == "POST" and form.is_valid():
        act, done = (lift_vip, "The mark is lifted.") if "lift" in request.POST else (mark_vip, "Marked as VIP.")
        act(euid=golden.euid, reason=form.cleaned_data["reason"], actor=actor)
        messages.success(request, done)
        return redirect("golden-record", golden.euid)
    marks = vip_marks(golden.pk)
    context = {
        "golden": golden,
        "person": person.banner(golden),
        "marks": marks,
        "own": any(mark.euid == golden.euid for mark in marks),
        "form": form,
    }
    return show(request, "mpi/vip.html", context, status=422 if form.errors else 200)
