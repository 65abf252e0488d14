"""`checkindex`: is everything true of this index that must be? Exit status 1 when it is not."""

from __future__ import annotations

import json as jsonlib
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from mpi.commands import system_actor
from mpi.management.progress import progress_bar
from mpi.queries.invariants import EXAMPLES, INVARIANTS, Checked
from mpi.services.check import check_and_note


class Command(BaseCommand):
    help = (
        "Check what must be true of the index: links, golden records, separations, keys, history, audit and messages. "
        "Reads one picture of the index while it is in use; names rows by EUID and uuid, never a patient's data. "
        "Exit status 1 when something is not true, or when there is nothing to check."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [invariant.name for invariant in INVARIANTS]
        parser.add_argument(
            "--only", action="append", default=[], choices=names, metavar="NAME", help=f"one of {', '.join(names)}"
        )
        parser.add_argument("--examples", type=int, default=EXAMPLES, help="rows to name for each fault")
        parser.add_argument("--json", action="store_true", help="print a JSON summary as the last line")

    def handle(self, *, only: list[str], examples: int, json: bool, **options: object) -> None:
        actor = system_actor("checkindex", source="command")
        with progress_bar("Checking", len(set(only)) or len(INVARIANTS)) as advance:
            report = check_and_note(actor=actor, only=only, examples=max(examples, 1), advance=advance)
        for one in report.checked:
            self._tell(one)
        if report.is_clean:
            self.stdout.write(f"All {len(report.checked)} invariants hold.")
        else:
            self.stdout.write(f"{len(report.broken)} of {len(report.checked)} invariants do not hold.")
        if json:
            self.stdout.write(jsonlib.dumps(report.as_document()))
        if not report.is_clean:
            sys.exit(1)

    def _tell(self, one: Checked) -> None:
        invariant, looked = one.invariant, one.looked
        sign = "holds" if one.holds else "BROKEN"
        self.stdout.write(f"{sign:<7} {invariant.name:<18} {looked.rows:>9,} rows {one.seconds:7.2f} s")
        self.stdout.write(f"        {invariant.sentence}")
        for fault in looked.faults:
            named = f": {', '.join(fault.examples)}" if fault.examples else ""
            self.stdout.write(f"        - {fault.count:,} × {fault.words}{named}")
