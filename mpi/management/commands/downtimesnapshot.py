"""`downtimesnapshot`: seal a snapshot for the look-up during downtime, or verify one."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mpi.commands import system_actor
from mpi.downtime.book import open_book, snapshot_header
from mpi.management.progress import progress_bar
from mpi.models import LIVE_STATUSES, GoldenRecord
from mpi.services.downtime_snapshot import seal_snapshot


class Command(BaseCommand):
    help = (
        "Write all persons to one encrypted file (AES-256-GCM under a key of its own) from which “downtimelookup” "
        "serves while the index is down, and read it back. Beat does the same every night. The export is audited."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, help="the file to write (replaced when complete)")
        parser.add_argument("--verify", type=Path, help="read this snapshot to its end instead, and say what it holds")
        parser.add_argument("--numbers", type=int, help="temporary numbers to set aside (at most 1,000)")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(
        self, *, out: Path | None, verify: Path | None, numbers: int | None, json: bool, **options: object
    ) -> None:
        if (out is None) == (verify is None):
            raise CommandError("Give either --out or --verify.")
        told = self._verified(verify) if verify else self._sealed(out or Path(), numbers)
        if json:
            self.stdout.write(jsonlib.dumps(told))

    def _sealed(self, out: Path, numbers: int | None) -> dict[str, object]:
        live = GoldenRecord.objects.filter(status__in=LIVE_STATUSES).count()
        with progress_bar("Sealing", live) as advance:
            actor = system_actor("downtimesnapshot", source="command")
            sealed = seal_snapshot(out, actor=actor, numbers=numbers, advance=advance)
        row = sealed.snapshot
        self.stderr.write(
            f"Sealed {row.persons:,} persons and {row.numbers} temporary numbers in {out}, under the key "
            f"“{row.key_name}” of {settings.MPI_DOWNTIME_KEYS_FILE}; read back whole."
        )
        return {"snapshot": str(row.uuid), "persons": row.persons, "numbers": row.numbers, "sha256": row.sha256}

    def _verified(self, path: Path) -> dict[str, object]:
        header = snapshot_header(path)
        with progress_bar("Verifying", 0) as advance:
            book = open_book(path, advance=advance)
        self.stderr.write(
            f"Whole: {book.count:,} persons of {book.manifest.created_at}, {len(book.manifest.numbers)} "
            f"temporary numbers, key “{header['key']}”."
        )
        return {
            "snapshot": book.manifest.uuid,
            "persons": book.count,
            "numbers": len(book.manifest.numbers),
            "created_at": book.manifest.created_at,
        }
