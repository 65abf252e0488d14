"""Who looked at a person: from the audit log, for those who may read it. That one asked is written down as well."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from audit import queries
from audit.actions import Action
from audit.readers import readers, reading
from audit.record import entry_by, record
from mpi import access
from mpi.access import Permission
from mpi.errors import InvalidInput
from mpi.queries import person
from mpi.queries.audit_subjects import every_euid
from mpi.web.pages import ActorRequest, page, require, show
from mpi.web.views.golden import framed


@page
@require_safe
def who_looked(request: ActorRequest, euid: str) -> HttpResponse:
    """Under every EUID that merges connect with this one: whoever looked before a merge has seen this person, too."""
    actor = require(request, Permission.AUDIT_READ)
    golden = access.access_exact_golden_record(actor, euid)
    subjects = tuple(access.golden_subject(one) for one in every_euid(golden.euid))
    try:
        found = queries.page(reading(subjects), request.GET.get("after") or None)
    except queries.BadCursor as error:
        raise InvalidInput("This page of the log cannot be found any more. Open the person again.") from error
    with transaction.atomic():
        record(entry_by(actor, Action.WHO_LOOKED_READ, subject=subjects[0], detail={"events": len(found.events)}))
    context = {
        **framed(golden, person.members(golden), "who-looked"),
        "readers": readers(subjects),
        "page": found,
        "other_euids": [ident for _, ident in subjects[1:]],
    }
    return show(request, "mpi/golden_who_looked.html", context)
