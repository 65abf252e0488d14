"""What the export commands share: a file to write, and a JSON line."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from django.core.management.base import BaseCommand

from mpi.commands import system_actor


class ExportCommand(BaseCommand):
    """Writes `--out` through the service that the subclass names."""

    export: ClassVar[Callable[..., int]]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="the CSV file to write (replaced when complete)")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(self, *, out: Path, json: bool, **options: object) -> None:
        name = type(self).__module__.rsplit(".", 1)[-1]
        rows = self.export(out, actor=system_actor(name, source="command"))
        self.stderr.write(f"Wrote {rows:,} rows to {out}.")
        if json:
            self.stdout.write(jsonlib.dumps({"rows": rows, "out": str(out)}))
