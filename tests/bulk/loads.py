"""Loads of generated files for the tests of the bulk path."""

from __future__ import annotations

from pathlib import Path

import mpi.celery  # noqa: F401  # names the broker
from mpi.commands import Actor
from mpi.models import InboundMessage, Job
from mpi.services.bulk_import import BulkReport, apply_late_lines, bulk_import
from mpi.services.import_file import finish_job, read_file, register_new_systems, start_import, survey
from mpi.services.ingest import ingest

HEADER = "source_system,mrn,given_name,family_name,birth_date,sex,ssn,phone\n"


def started(path: Path, actor: Actor) -> Job:
    total, systems = survey(path)
    register_new_systems(systems, actor=actor)
    return start_import(path, total=total, actor=actor)


def load_in_bulk(path: Path, actor: Actor) -> tuple[Job, BulkReport]:
    job = started(path, actor)
    report = bulk_import(path, job, actor=actor)
    apply_late_lines(report, job, actor=actor)
    job.refresh_from_db()
    return job, report


def load_online(path: Path, actor: Actor) -> Job:
    """All lines in one batch: a batch is a unit of work, as a bulk load is one."""
    job = read_file(path, started(path, actor), actor=actor, advance=lambda _: None)
    ingest(message_ids=list(InboundMessage.objects.filter(job=job).order_by("pk").values_list("pk", flat=True)))
    finish_job(job.pk, actor)
    job.refresh_from_db()
    return job
