"""`benchmark`: how fast this index is on this machine, on data and in a database made for it and removed after."""

from __future__ import annotations

import json as jsonlib
import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from mpi.management.benchmarks import bulk, ingest, match, pages
from mpi.management.own_home import in_a_home_of_its_own

_WORDS = {
    "match": "questions over HTTP, beside Splink's real-time call on the same candidates",
    "ingest": "a file through the workers, and single records by PUT, into an index that holds many",
    "bulk": "fill an empty index from a file, beside Splink and a bare COPY",
    "pages": "each page's server time, queries and bytes",
}
_PARTS = {"match": match.run, "ingest": ingest.run, "bulk": bulk.run, "pages": pages.run}


class Command(BaseCommand):
    help = "Measure this index on this machine. Makes its own data in an index of its own, and removes both."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parts = parser.add_subparsers(dest="part", required=True)
        for name, words in _WORDS.items():
            part = parts.add_parser(name, help=words)
            part.add_argument("--records", type=int, default=100_000, help="records of the index (default 100,000)")
            part.add_argument("--seed", type=int, default=4_711, help="of the generated population")
            part.add_argument("--processes", type=int, default=os.cpu_count() or 2, help="processes of the bulk load")
            part.add_argument("--no-splink", action="store_true", help="leave out the comparison with Splink")
            part.add_argument("--json", action="store_true", help="print a JSON summary as the last line")
            part.add_argument("--inside", action="store_true", help="measure in this process, in the MPI_HOME it has")

    def handle(self, *, part: str, json: bool, inside: bool, **options: Any) -> None:
        if inside:
            self.stdout.write(jsonlib.dumps(_measure(part, options)))
            return
        told = self._measured(part, options)
        self._report(told)
        if json:
            self.stdout.write(jsonlib.dumps(told))

    def _measured(self, part: str, options: dict[str, Any]) -> dict[str, Any]:
        argv = ["benchmark", part, "--inside"]
        argv += [f"--{name}={options[name]}" for name in ("records", "seed", "processes")]
        argv += ["--no-splink"] if options["no_splink"] else []
        return in_a_home_of_its_own(argv, what="benchmark")

    def _report(self, told: dict[str, Any]) -> None:
        for name, value in told.items():
            if isinstance(value, dict):
                self.stdout.write(f"{name.replace('_', ' ')}")
                for inner, what in value.items():
                    self.stdout.write(f"    {inner.replace('_', ' '):<28} {what}")
            else:
                self.stdout.write(f"{name.replace('_', ' '):<32} {value}")


def _measure(part: str, options: dict[str, Any]) -> dict[str, Any]:
    return _PARTS[part](
        records=options["records"],
        seed=options["seed"],
        folder=settings.MPI_HOME,
        processes=options["processes"],
        with_splink=not options["no_splink"],
    )
