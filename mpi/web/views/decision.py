"""A stored decision: why a record was linked, or not, as it was at decision time. What the audit log leads to."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from mpi import access
from mpi.access import Permission
from mpi.queries import person
from mpi.queries import source_record as reads
from mpi.web.pages import ActorRequest, page, require, show


@require_GET
@page
def decision(request: ActorRequest, decision_uuid: UUID) -> HttpResponse:
    found = access.access_decision(request.actor, decision_uuid)
    link = reads.open_link(found.source_record)
    view = reads.decision_view(found)
    others = [one.euid for one in view.considered if one.euid]
    access.audit_shown(request.actor, others, beside=link.golden_record.euid if link else "")
    context = {
        "decision": view,
        "record": found.source_record,
        "person": person.banner(link.golden_record) if link else None,
        "uuid": found.uuid,
    }
    return show(request, "mpi/decision.html", context)


@require_GET
@page
def of_message(request: ActorRequest, message_id: int) -> HttpResponseBase:
    """The decision that a message brought about: the audit log knows messages by their key."""
    require(request, Permission.PERSON_READ)
    return redirect("decision", reads.decision_of_message(message_id))
