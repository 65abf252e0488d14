"""Messages and jobs: what the index works on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from mpi.access import Permission
from mpi.queries import jobs as job_reads
from mpi.queries import messages as message_reads
from mpi.web.pages import ActorRequest, page, require, show, whole_number


@page
@require_safe
def messages(request: ActorRequest) -> HttpResponse:
    require(request, Permission.MESSAGES)
    state = request.GET.get("state", "")
    found = message_reads.messages(state=state, before=whole_number(request.GET.get("before", "")))
    context = {"counts": message_reads.state_counts(), "state": state, "page": found}
    return show(request, "mpi/messages.html", {**context, "query": f"state={state}" if state else ""})


@page
@require_safe
def message(request: ActorRequest, message_uuid: UUID) -> HttpResponse:
    require(request, Permission.MESSAGES)
    row = message_reads.message(message_uuid)
    context = {
        "message": row,
        "means": message_reads.MEANINGS[row.state],
        "record": message_reads.record_of(row),
        "flaws": tuple(job_reads.message_flaws(row.errors, line=row.line)),
    }
    return show(request, "mpi/message.html", context)


@page
@require_safe
def jobs(request: ActorRequest) -> HttpResponse:
    require(request, Permission.JOBS)
    found = job_reads.jobs(before=whole_number(request.GET.get("before", "")))
    return show(request, "mpi/jobs.html", {"page": found, "query": ""})


@page
@require_safe
def job(request: ActorRequest, job_uuid: UUID) -> HttpResponse:
    require(request, Permission.JOBS)
    progress = job_reads.job(job_uuid)
    context = {
        "progress": progress,
        "left": progress.seconds_left(timezone.now()),
        "flaws": tuple(job_reads.flaws(progress.job)) if progress.errors else (),
    }
    template = "mpi/_job_progress.html" if getattr(request, "htmx", False) else "mpi/job.html"
    return show(request, template, context)


def _safe(cell: str) -> str:
    """OWASP CSV injection: an apostrophe in front keeps a spreadsheet from running the cell."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


class _Line:
    """What csv writes to: hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


@page
@require_safe
def job_errors(request: ActorRequest, job_uuid: UUID) -> HttpResponseBase:
    """Every error of a job as CSV, streamed. No value of a line is in it."""
    require(request, Permission.JOBS)
    progress = job_reads.job(job_uuid)
    writer = csv.writer(_Line())

    def lines() -> Iterator[str]:
        yield writer.writerow(["line", "column", "field", "problem", "mend"])
        for flaw in job_reads.flaws(progress.job, limit=None):
            told = (_safe(text) for text in (flaw.field, flaw.problem, flaw.mend))
            yield writer.writerow([flaw.line or "", flaw.column or "", *told])

    name = f'attachment; filename="errors-{progress.job.uuid}.csv"'
    return StreamingHttpResponse(lines(), content_type="text/csv", headers={"Content-Disposition": name})
