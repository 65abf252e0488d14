"""`manage.py generatepatients`: a synthetic population as an import file with its truth."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mpi.synthetic.files import write_population
from mpi.synthetic.generate import generate
from mpi.synthetic.prevalence import prevalence_hash


class Command(BaseCommand):
    help = "Write realistic synthetic patient records of several source systems, with a truth file."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--records", type=_count, required=True, help="how many records to write")
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes (default 1)")
        parser.add_argument("--out", type=Path, required=True, help="the import file to write")
        parser.add_argument("--truth", type=Path, required=True, help="CSV of source_system,mrn,person_id to write")
        parser.add_argument("--format", choices=("csv", "ndjson"), default="csv", help="of the import file")
        parser.add_argument("--systems", type=int, default=4, help="number of source systems, 1 to 99 (default 4)")
        parser.add_argument("--json", action="store_true", help="print a JSON summary as the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        total = options["records"]
        try:
            with _progress(total) as advance:
                written = write_population(
                    generate(total, options["seed"], options["systems"]),
                    out=options["out"],
                    truth=options["truth"],
                    file_format=options["format"],
                    advance=advance,
                )
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - started
        self.stdout.write(
            f"Wrote {written.records} records of {written.persons} persons in {seconds:.1f} s: "
            + ", ".join(f"{code} {count}" for code, count in written.records_by_system.items())
        )
        if options["json"]:
            summary = {
                "records": written.records,
                "persons": written.persons,
                "records_by_system": written.records_by_system,
                "prevalence_sha256": prevalence_hash(),
                "seconds": round(seconds, 2),
            }
            self.stdout.write(json.dumps(summary))


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError as error:
        raise ArgumentTypeError("must be a whole number") from error
    if count < 0:
        raise ArgumentTypeError("must not be negative")
    return count


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error where that is a terminal; silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    columns = (TextColumn("Generating patients"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("records", total=total)
        yield lambda count: progress.advance(task, count)
