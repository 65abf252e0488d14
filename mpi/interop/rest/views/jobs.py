"""`jobs`: long work, its progress and what went wrong in which line."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission
from mpi.errors import NotFound
from mpi.interop.rest.documents_operations import error_document, job_document, line_document
from mpi.interop.rest.door import Door
from mpi.interop.rest.operation import operation
from mpi.interop.rest.pagination import page, read_cursor
from mpi.interop.rest.query import CURSOR, LIMIT
from mpi.interop.rest.shapes import paged
from mpi.interop.rest.shapes_operations import JobErrorShape, JobLineShape, JobShape
from mpi.models import Job, JobStatus
from mpi.queries import rest_operations
from mpi.services.import_file import progress

_TAG = "jobs"


def known_job(uuid: UUID) -> Job:
    """One job. Raises NotFound."""
    found = rest_operations.job(uuid)
    if found is None:
        raise NotFound("There is no job under this number.")
    return found


def _live_counts(job: Job) -> Counter[str]:
    """Those of a finished job are final; else what the reading counted and what the messages tell now."""
    counts = Counter(job.counts)
    if job.status in (JobStatus.READING, JobStatus.RUNNING):
        counts.update(progress(job))
    return counts


class Jobs(Door):
    """All jobs."""

    @operation(
        "List jobs",
        tag=_TAG,
        name="list_jobs",
        scope=Permission.JOBS,
        answers={200: paged(JobShape, "Job")},
        query=(LIMIT, CURSOR),
        words="Newest first; `counts` are those the job wrote itself, read one for the live ones.",
    )
    def get(self, request: Request) -> Response:
        """One page."""
        limit, before = self.asked.number("limit"), read_cursor(self.asked.text("cursor"), int)
        found = rest_operations.jobs(before=int(before[0]) if before else None, size=limit)
        rows, following = page(found, limit, lambda job: (job.pk,))
        return Response({"items": [job_document(job, job.counts) for job in rows], "next": following})


class JobDetail(Door):
    """One job."""

    @operation("Read a job", tag=_TAG, name="get_job", scope=Permission.JOBS, answers={200: JobShape})
    def get(self, request: Request, job_id: UUID) -> Response:
        """With live counts."""
        job = known_job(job_id)
        return Response(job_document(job, _live_counts(job)))


class JobLines(Door):
    """What became of each line."""

    @operation(
        "List the lines of a job with their outcome",
        tag=_TAG,
        name="list_job_lines",
        scope=Permission.JOBS,
        answers={200: paged(JobLineShape, "JobLine")},
        query=(LIMIT, CURSOR),
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """One page, in the order of the lines."""
        job, limit = known_job(job_id), self.asked.number("limit")
        after = read_cursor(self.asked.text("cursor"), int)
        found = rest_operations.job_lines(job.pk, after=int(after[0]) if after else None, size=limit)
        rows, following = page(found, limit, lambda message: (message.pk,))
        return Response({"items": [line_document(message) for message in rows], "next": following})


class JobErrors(Door):
    """What went wrong."""

    @operation(
        "List the errors of a job by line",
        tag=_TAG,
        name="list_job_errors",
        scope=Permission.JOBS,
        answers={200: paged(JobErrorShape, "JobError")},
        query=(LIMIT, CURSOR),
        words="Which line, which field, what is wrong and how to mend it. The other lines were taken.",
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """One page, by line."""
        job, limit = known_job(job_id), self.asked.number("limit")
        key = read_cursor(self.asked.text("cursor"), int, int)
        after = (int(key[0]), int(key[1])) if key else None
        rows, following = page(
            rest_operations.job_errors(job.pk, after=after, size=limit), limit, lambda entry: entry[:2]
        )
        return Response({"items": [error_document(error) for _, _, error in rows], "next": following})
