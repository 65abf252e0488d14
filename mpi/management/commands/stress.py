"""`stress`: many at once on an index made for it, with held locks and killed processes; then every invariant."""

from __future__ import annotations

import json as jsonlib
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mpi.management.own_home import in_a_home_of_its_own
from mpi.management.progress import progress_bar
from mpi.management.stress.run import Wanted, run
from mpi.management.stress.worker import population, work


class Command(BaseCommand):
    help = (
        "Random acts and messages from many processes, with lock timeouts and kill -9, in an index of its own that is "
        "removed after; then checkindex. Exit status 1 unless it is clean and "
        "every message was applied, or rejected for a reason that the random messages cause by design."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--acts", type=int, default=400, help="acts and messages of all workers (default 400)")
        parser.add_argument("--workers", type=int, default=4, help="processes at once (default 4)")
        parser.add_argument("--records", type=int, help="source records of the population (default: acts / 5)")
        parser.add_argument("--seed", type=int, default=4_711, help="of the population, the acts and the trouble")
        parser.add_argument("--json", action="store_true", help="print a JSON summary as the last line")
        parser.add_argument("--inside", action="store_true", help="run in this process, in the MPI_HOME it has")
        parser.add_argument("--worker", type=int, metavar="NUMBER", help="be one of the workers of a run")

    def handle(
        self,
        *,
        acts: int,
        workers: int,
        records: int | None,
        seed: int,
        json: bool,
        inside: bool,
        worker: int | None,
        **options: Any,
    ) -> None:
        if acts < 1 or workers < 1:
            raise CommandError("--acts and --workers must be at least 1.")
        records = records or max(acts // 5, 100)
        if worker is not None:
            rows = population(records, seed)
            work(number=worker, acts=acts, rows=rows, seed=seed, folder=settings.MPI_HOME)
            return
        if inside:
            wanted = Wanted(acts, workers, records, seed, settings.MPI_HOME)
            with progress_bar("Acting", acts) as advance:
                self.stdout.write(jsonlib.dumps(run(wanted, advance=advance)))
            return
        sizes = (f"--acts={acts}", f"--workers={workers}", f"--records={records}", f"--seed={seed}")
        told = in_a_home_of_its_own(["stress", "--inside", *sizes], what="run")
        self._report(told)
        if json:
            self.stdout.write(jsonlib.dumps(told))
        if not told["ok"]:
            sys.exit(1)

    def _report(self, told: dict[str, Any]) -> None:
        for act, outcomes in told["outcomes"].items():
            counts = ", ".join(f"{name} {count:,}" for name, count in outcomes.items())
            self.stdout.write(f"{act:<16} {counts}")
        for name in (
            "acts", "workers", "seconds", "busy_retried", "locks_held", "killed", "crashed", "deadlocks", "failed",
            "drained", "acknowledged", "applied", "rejected", "lost", "unsettled", "unexpected", "checked_rows",
        ):  # fmt: skip
            self.stdout.write(f"{name.replace('_', ' '):<24} {told[name]:,}")
        for why, count in told["rejections"].items():
            self.stdout.write(f"rejected {count:,}: {why}")
        for words in told["undecided"]:
            self.stdout.write(f"UNDECIDED {words}")
        for name, faults in told["faults"].items():
            self.stdout.write(f"BROKEN {name}")
            for words in faults:
                self.stdout.write(f"    {words}")
        self.stdout.write("Clean, and nothing lost." if told["ok"] else "NOT CLEAN.")
