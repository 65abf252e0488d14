"""A batch by a door: many records at once, stored as one job and applied by the workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, require
from mpi.commands import Actor, UpsertRecord
from mpi.errors import Flaw, MpiError
from mpi.mapping import Mapped
from mpi.models import Job, JobStatus, LineError
from mpi.services.dispatch import hint
from mpi.services.parse import all_systems, known_system
from mpi.services.receive import Draft, command_payload, receive_many

Line = tuple[int, Mapped | MpiError]
"""A line's number (from 1), and its record or what is wrong with it."""


def receive_batch(*, lines: Iterable[Line], name: str, actor: Actor) -> Job:
    """Store every good line as a message and every bad one as a line error; the workers do the rest.

    Good lines are committed in chunks, each before the workers are told of it: nothing that was taken
    is lost. The sweep closes the job when all are dealt with. Raises Forbidden, Busy.
    """
    require(actor, Permission.RECORD_WRITE)
    job = _start(name, actor)
    systems, counts = all_systems(), Counter[str]()
    for chunk in _chunks(lines, settings.INGEST_BATCH):
        drafts, errors = [], []
        for number, told in chunk:
            try:
                drafts.append(_draft(number, told, actor, set(systems)))
            except MpiError as error:
                counts["rejected"] += 1
                errors += _line_errors(job, number, error)
        LineError.objects.bulk_create(errors)
        if drafts:
            receipts = receive_many(drafts, actor=actor, job=job)
            hint([receipt.message_id for receipt in receipts])
        counts["lines"] += len(chunk)
    job.total, job.counts, job.status = counts["lines"], dict(counts), JobStatus.RUNNING
    job.save(update_fields=["total", "counts", "status"])
    return job


def _start(name: str, actor: Actor) -> Job:
    with transaction.atomic(durable=True):
        job = Job.objects.create(
            kind="batch",
            name=name,
            status=JobStatus.READING,
            actor_id=actor.id,
            actor_name=actor.name,
            correlation_id=actor.correlation_id,
            started_at=timezone.now(),
        )
        record(entry_by(actor, Action.JOB_STARTED, subject=("job", str(job.uuid)), detail={"kind": job.kind}))
    return job


def _chunks(lines: Iterable[Line], size: int) -> Iterator[Sequence[Line]]:
    rest = iter(lines)
    while chunk := list(islice(rest, size)):
        yield chunk


def _draft(number: int, told: Mapped | MpiError, actor: Actor, systems: set[str]) -> Draft:
    """The message of one line. Raises the line's own error, or UnknownSystem."""
    if isinstance(told, MpiError):
        raise told
    code, mrn = told.record.source_system, told.record.mrn
    if code not in systems:
        known_system(code, {})
    payload = command_payload(UpsertRecord(told.record, told.source_time))
    return Draft(actor.source, payload, code, mrn, line=number, source_time=told.source_time)


def _line_errors(job: Job, number: int, error: MpiError) -> list[LineError]:
    flaws = error.flaws or (Flaw("", error.detail),)
    return [
        LineError(
            job=job,
            line=number,
            column=flaw.column,
            field=flaw.field[:64],
            problem=flaw.problem[:300],
            mend=flaw.mend[:300],
        )
        for flaw in flaws
    ]
