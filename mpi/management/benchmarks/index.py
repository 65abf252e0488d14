"""The index that a benchmark measures: made by a bulk load of generated records, with newcomers left over to send."""

from __future__ import annotations

import csv
import gc
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from audit.seal import seal_all
from mpi.access import SCOPES
from mpi.commands import Actor, system_actor
from mpi.services.bulk_import import apply_late_lines, bulk_import
from mpi.services.clients import create_client
from mpi.services.import_file import register_new_systems, start_import, survey
from mpi.synthetic.draft import COLUMNS
from mpi.synthetic.generate import generate

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class BuiltIndex:
    """The folder of its files, the rows that are not in it yet, a token client, and who built it."""

    folder: Path
    newcomers: tuple[Row, ...]
    token: str
    actor: Actor


def build_index(*, records: int, newcomers: int, seed: int, folder: Path, processes: int) -> BuiltIndex:
    """Load `records` of a generated population; keep the next `newcomers` of it: some are of persons that are known."""
    call_command("migrate", verbosity=0, interactive=False)
    actor = system_actor("benchmark", source="command")
    file = folder / "index.csv"
    population = generate(records + newcomers, seed)
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(record.row for record in islice(population, records))
    rest = tuple(record.as_dict() for record in population)
    total, systems = survey(file)
    register_new_systems(systems | {row["source_system"] for row in rest}, actor=actor)
    job = start_import(file, total=total, actor=actor)
    apply_late_lines(bulk_import(file, job, actor=actor, processes=processes), job, actor=actor)
    _tidy()
    token = create_client(name="benchmark", scopes=list(SCOPES), actor=actor).token
    gc.collect()
    gc.freeze()  # the newcomers are the benchmark's own: who reads a file does not search them for rings
    return BuiltIndex(folder, rest, token, actor)


def _tidy() -> None:
    """As the night would: what a load leaves to the sealer and to autovacuum shall not run into the measurement."""
    seal_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', 'none', false)")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    connection.close()


def write_rows(rows: Sequence[Row], file: Path) -> None:
    """A CSV for `importrecords`."""
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
