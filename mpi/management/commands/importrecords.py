"""`importrecords`: a file of source records into the index."""

from __future__ import annotations

import json as jsonlib
import os
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mpi.commands import Actor, system_actor
from mpi.errors import MpiError
from mpi.management import programs
from mpi.management.progress import progress_bar
from mpi.management.waiting import wait_for_job
from mpi.models import Job
from mpi.services.bulk_engine import ENGINES, require_engine
from mpi.services.bulk_import import apply_late_lines, apply_open_messages, bulk_import, require_no_open_work
from mpi.services.import_file import read_file, register_new_systems, start_import, survey

_SHOWN_ERRORS = 20


class Command(BaseCommand):
    help = (
        "Import CSV (header source_system,mrn,…) or NDJSON (.ndjson). Bad lines are reported with line, column and "
        "mend; the rest is imported. The same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file; UTF-8")
        parser.add_argument("--wait", action="store_true", help="return when every line is applied")
        parser.add_argument(
            "--bulk",
            action="store_true",
            help="load the file at once, many times faster; waits by nature. Lines about persons that the index knows"
            " already are applied one by one after it",
        )
        parser.add_argument(
            "--engine",
            choices=ENGINES,
            default="duckdb",
            help="what predicts for --bulk: duckdb on this machine, or spark (needs Java and the extra “spark”)",
        )
        parser.add_argument(
            "--register-systems", action="store_true", help="register unknown source systems of the file"
        )
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 2, help="for --wait, if none is running")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(
        self,
        *,
        file: Path,
        wait: bool,
        bulk: bool,
        engine: str,
        register_systems: bool,
        workers: int,
        json: bool,
        **options: object,
    ) -> None:
        began = time.monotonic()
        try:
            if bulk:
                summary = self.load(file, engine=engine, register_systems=register_systems, processes=workers)
            else:
                summary = self.run(file, wait=wait, register_systems=register_systems, workers=workers)
        except MpiError as error:
            raise CommandError(_told(error)) from error
        summary["seconds"] = round(time.monotonic() - began, 2)
        self.report(summary)
        if json:
            self.stdout.write(jsonlib.dumps(summary))

    def load(self, file: Path, *, engine: str, register_systems: bool, processes: int) -> dict[str, Any]:
        """The whole file at once. What an interrupted import has left is applied first."""
        actor = system_actor("importrecords", source="command")
        require_engine(engine)
        apply_open_messages()
        require_no_open_work()
        job, total = self._started(file, actor, register_systems=register_systems)
        with progress_bar("Loading", total) as advance:
            report = bulk_import(file, job, actor=actor, advance=advance, processes=processes, engine=engine)
        if report.late:
            self.stderr.write(f"{report.late:,} lines are about persons that the index knows: they go one by one.")
        apply_late_lines(report, job, actor=actor)
        job.refresh_from_db()
        return _summary(job) | {"seconds_by_stage": report.stages}

    def run(self, file: Path, *, wait: bool, register_systems: bool, workers: int) -> dict[str, Any]:
        """Every line as a message, for the workers."""
        actor = system_actor("importrecords", source="command")
        job, total = self._started(file, actor, register_systems=register_systems)
        with ExitStack() as stack:
            if wait and not programs.workers_answer():
                stack.enter_context(programs.worker_pool(workers, say=self.stderr.write))
            with progress_bar("Reading", total) as advance:
                job = read_file(file, job, actor=actor, advance=advance)
            if wait:
                job = wait_for_job(job, actor=actor)
        return _summary(job)

    def _started(self, file: Path, actor: Actor, *, register_systems: bool) -> tuple[Job, int]:
        total, systems = survey(file)
        for code in register_new_systems(systems, actor=actor, always=register_systems):
            self.stderr.write(f"Registered the source system {code} with the lowest rank: survivorship rules raise it.")
        return start_import(file, total=total, actor=actor), total

    def report(self, summary: dict[str, Any]) -> None:
        for error in summary["errors"]:
            self.stderr.write(_line(error))
        more = summary["error_count"] - len(summary["errors"])
        if more > 0:
            self.stderr.write(
                f"… and {more:,} more; all are on the job's page and at /api/v1/jobs/{summary['job']}/errors"
            )
        counts = ", ".join(
            f"{summary[name]:,} {name}" for name in _NAMES[1:] if summary[name] or name in ("unchanged", "rejected")
        )
        self.stderr.write(f"{summary['lines']:,} lines: {counts}.")
        if summary["lines"] and summary["lines"] == summary["unchanged"]:
            self.stderr.write("Nothing changed: the index knew all of it, under the same settings.")


_NAMES = (
    "lines",
    "created",
    "updated",
    "unchanged",
    "stale",
    "quarantined",
    "queued",
    "repeated",
    "doubtful",
    "rejected",
    "dead",
)


def _summary(job: Job) -> dict[str, Any]:
    counts = {name: int(job.counts.get(name, 0)) for name in _NAMES}
    errors = list(job.line_errors.order_by("id").values("line", "column", "field", "problem", "mend")[:_SHOWN_ERRORS])
    return {
        "job": str(job.uuid),
        "status": str(job.status),
        **counts,
        "error_count": job.line_errors.count(),
        "errors": errors,
    }


def _line(error: dict[str, Any]) -> str:
    where = f"line {error['line']}" + (f", column {error['column']}" if error["column"] else "")
    return f"{where}: {error['field']} {error['problem']}. Mend: {error['mend']}."


def _told(error: MpiError) -> str:
    lines = [error.detail]
    lines += [
        _line(
            {
                "line": flaw.line or 1,
                "column": flaw.column,
                "field": flaw.field,
                "problem": flaw.problem,
                "mend": flaw.mend,
            }
        )
        for flaw in error.flaws
    ]
    return "\n".join(lines)
