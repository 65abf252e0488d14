"""The audit page: who saw or changed what; CSV for people, NDJSON that proves itself offline."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit import export, queries
from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission
from mpi.errors import InvalidInput
from mpi.web.audit_filter import AuditFilterForm
from mpi.web.pages import ActorRequest, page, require, show

_EXPORTS: dict[str, tuple[Callable[[queries.AuditFilter], Iterator[str]], str]] = {
    "csv": (export.csv_lines, "text/csv; charset=utf-8"),
    "ndjson": (export.ndjson_lines, "application/x-ndjson"),
}


@page
@require_safe
def audit_log(request: ActorRequest) -> HttpResponse:
    actor = require(request, Permission.AUDIT_READ)
    form = AuditFilterForm(request.GET)
    if not form.is_valid():
        return show(request, "audit/log.html", {"form": form}, status=422)
    try:
        found = queries.page(form.wanted(), request.GET.get("after") or None)
    except queries.BadCursor as error:
        raise InvalidInput("This page of the log cannot be found any more. Open the audit page again.") from error
    with transaction.atomic():
        record(entry_by(actor, Action.AUDIT_READ, detail={"events": len(found.events)}))
    context = {"form": form, "page": found, "state": queries.log_state(), "query": form.as_query()}
    return show(request, "audit/log.html", context)


@page
@require_safe
def audit_export(request: ActorRequest, form: str) -> HttpResponseBase:
    """The same filter as the page, as a file. The export is written down before its first line leaves."""
    actor = require(request, Permission.AUDIT_EXPORT)
    asked = AuditFilterForm(request.GET)
    if not asked.is_valid():
        raise InvalidInput("The filter of the export is not valid. Correct it on the audit page first.")
    lines, kind = _EXPORTS[form]
    with transaction.atomic():
        record(entry_by(actor, Action.EXPORT_AUDIT, detail={"form": form, "filtered": not asked.wanted().is_empty}))
    name = f'attachment; filename="audit-{timezone.now():%Y%m%dT%H%M%SZ}.{form}"'
    return StreamingHttpResponse(lines(asked.wanted()), content_type=kind, headers={"Content-Disposition": name})
