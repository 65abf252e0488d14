"""Loads of generated files for the tests of the bulk path."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from django.conf import settings

import mpi.celery  # noqa: F401  # names the broker
from mpi.commands import Actor
from mpi.models import InboundMessage, Job
from mpi.services.bulk_import import BulkReport, apply_late_lines, bulk_import
from mpi.services.import_file import LINES_A_COMMIT, finish_job, read_file, register_new_systems, start_import, survey
from mpi.services.ingest import ingest

HEADER = "source_system,mrn,given_name,family_name,birth_date,sex,ssn,phone\n"


def started(path: Path, actor: Actor) -> Job:
    total, systems = survey(path)
    register_new_systems(systems, actor=actor)
    return start_import(path, total=total, actor=actor)


def load_in_bulk(path: Path, actor: Actor, *, engine: str = "duckdb") -> tuple[Job, BulkReport]:
    job = started(path, actor)
    report = bulk_import(path, job, actor=actor, engine=engine)
    apply_late_lines(report, job, actor=actor)
    job.refresh_from_db()
    return job, report


def load_online(path: Path, actor: Actor) -> Job:
    """As the workers take it: batch after batch, in the order of the file."""
    job = read_file(path, started(path, actor), actor=actor, advance=lambda _: None)
    told = InboundMessage.objects.filter(job=job).order_by("pk").values_list("pk", flat=True)
    messages = iter(list(told))
    while part := list(islice(messages, LINES_A_COMMIT)):
        for first in range(0, len(part), settings.INGEST_BATCH):
            ingest(message_ids=part[first : first + settings.INGEST_BATCH])
    finish_job(job.pk, actor)
    job.refresh_from_db()
    return job
