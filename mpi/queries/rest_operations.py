"""Reads of the REST door about the running of the index: messages, jobs and health. No demographics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mpi.models import GoldenRecord, InboundMessage, Job, LineError, Link, MessageState


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What to list; an empty value does not narrow."""

    state: str = ""
    source_system: str = ""
    job: UUID | None = None


def messages(wanted: MessageFilter, *, before: int | None, size: int) -> list[InboundMessage]:
    """Messages without their payload, newest first. One query."""
    found = InboundMessage.objects.defer("payload").select_related("job")
    if wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.source_system:
        found = found.filter(source_system=wanted.source_system)
    if wanted.job is not None:
        found = found.filter(job__uuid=wanted.job)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[: size + 1])


def message(uuid: UUID) -> InboundMessage | None:
    """One message without its payload. One query."""
    return InboundMessage.objects.defer("payload").select_related("job").filter(uuid=uuid).first()


def owner_of(record_id: int | None) -> GoldenRecord | None:
    """The golden record that a source record is linked to now. One query."""
    if record_id is None:
        return None
    link = Link.objects.filter(source_record_id=record_id, ended_at__isnull=True).select_related("golden_record")
    found = link.first()
    return found.golden_record if found else None


def jobs(*, before: int | None, size: int) -> list[Job]:
    """Jobs, newest first. One query."""
    found = Job.objects.all() if before is None else Job.objects.filter(pk__lt=before)
    return list(found.order_by("-pk")[: size + 1])


def job(uuid: UUID) -> Job | None:
    """One job. One query."""
    return Job.objects.filter(uuid=uuid).first()


def job_lines(job_id: int, *, after: int | None, size: int) -> list[InboundMessage]:
    """Messages of a job in the order of its lines. One query."""
    found = InboundMessage.objects.defer("payload").filter(job_id=job_id, pk__gt=after or 0)
    return list(found.order_by("pk")[: size + 1])


@dataclass(frozen=True, slots=True)
class JobError:
    """One thing wrong with one line of a job, whether it never became a message or was rejected later."""

    line: int
    field: str
    problem: str
    mend: str
    column: int | None = None


def job_errors(job_id: int, *, after: tuple[int, int] | None, size: int) -> list[tuple[int, int, JobError]]:
    """Errors by line as (line, place within the line, error), after that key. Two queries of `size` rows each."""
    line, place = after or (0, -1)
    read = LineError.objects.filter(job_id=job_id, line__gte=line).order_by("line", "pk")[: size + 1 + place + 1]
    rejected = InboundMessage.objects.defer("payload").filter(
        job_id=job_id, line__gte=line, state__in=(MessageState.REJECTED, MessageState.DEAD)
    )
    found: dict[int, list[JobError]] = {}
    for row in read:
        told = JobError(row.line, row.field, row.problem, row.mend, row.column)
        found.setdefault(row.line, []).append(told)
    for refused in rejected.order_by("line", "pk")[: size + 1 + place + 1]:
        number = refused.line or 0
        for flaw in refused.errors or [{}]:
            told = JobError(number, flaw.get("field", ""), flaw.get("problem", "was rejected"), flaw.get("mend", ""))
            found.setdefault(number, []).append(told)
    ordered = [(number, index, told) for number in sorted(found) for index, told in enumerate(found[number])]
    return [entry for entry in ordered if entry[:2] > (line, place)][: size + 1]


def oldest_waiting() -> datetime | None:
    """Since when the oldest message waits that no worker has applied. One query over a partial index."""
    waiting = InboundMessage.objects.filter(state__in=(MessageState.RECEIVED, MessageState.QUEUED)).order_by("pk")
    return waiting.values_list("received_at", flat=True).first()
