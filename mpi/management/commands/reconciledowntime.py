"""`reconciledowntime`: bring in what was registered and looked at during downtime."""

from __future__ import annotations

import json as jsonlib
import sys
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand

from mpi.commands import system_actor
from mpi.downtime.journal import read_journal
from mpi.management.progress import progress_bar
from mpi.services.downtime_reconcile import BroughtIn, reconcile_downtime


class Command(BaseCommand):
    help = (
        "Bring the journal of a look-up station into the index: registrations through the ordinary door under their "
        "temporary numbers, look-ups into the audit log. Told twice it changes nothing. Exit status 1 when a "
        "registration was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("journal", type=Path, help="the journal that “downtimelookup” has kept")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(self, *, journal: Path, json: bool, **options: object) -> None:
        _, entries = read_journal(journal)
        with progress_bar("Reconciling", len(entries)) as advance:
            actor = system_actor("reconciledowntime", source="command")
            done = reconcile_downtime(journal, actor=actor, advance=advance)
        for one in done.registered:
            self.stdout.write(self._line(one))
        self.stdout.write(
            f"Station {done.head.station}: {len(done.registered) - done.refused} registrations and {done.reads} other "
            f"entries brought in, {done.refused} refused; {done.before} were in already."
        )
        if json:
            told = {
                "entries": done.entries,
                "before": done.before,
                "registered": {one.number: one.euid for one in done.registered if not one.refused},
                "refused": {one.number: one.refused for one in done.registered if one.refused},
            }
            self.stdout.write(jsonlib.dumps(told))
        if done.refused:
            sys.exit(1)

    def _line(self, one: BroughtIn) -> str:
        if one.refused:
            return f"{one.number}  REFUSED  {one.refused}"
        asked = "; a steward is asked about it" if one.is_asked_about else ""
        return f"{one.number}  {one.euid}  {one.outcome}{asked}"
