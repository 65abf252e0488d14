"""`benchmark bulk`: a generated file into an empty index of its own, beside Splink and a bare COPY of the same records.

Everything happens in a folder of its own with an embedded PostgreSQL of its own, which is removed at the end: no
index of the operator is touched. Runs in the process whose MPI_HOME is that folder.
"""

from __future__ import annotations

import gc
import io
import os
import resource
import time
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from matching.model_document import load_default
from matching.splink_bridge import block_records, bulk_connection, load_records, predict_and_cluster
from matching.standardise import standardise
from mpi import codec
from mpi.commands import system_actor
from mpi.management.benchmarks.machine import machine, peak_memory, postmaster
from mpi.management.benchmarks.watching import watched_waits
from mpi.mapping import record_from_flat
from mpi.models import GoldenRecord, InboundMessage, Link, PotentialMatch, SourceRecord
from mpi.services.bulk_import import apply_late_lines, bulk_import
from mpi.services.import_file import register_new_systems, start_import, survey
from mpi.services.import_lines import read_lines
from mpi.services.rows import raw_connection
from mpi.synthetic.files import write_population
from mpi.synthetic.generate import generate

_LOOK_S = 2.0
_LOOK_AT_WAITS_S = 0.5
"""To look costs the machine: at memory 50 ms for a million records, at waits half of one; the load has both cores."""
_COUNTED = (InboundMessage, SourceRecord, GoldenRecord, Link, PotentialMatch)


def run(*, records: int, seed: int, folder: Path, processes: int, with_splink: bool) -> dict[str, Any]:
    """Measure, and answer what was measured."""
    call_command("migrate", verbosity=0, interactive=False)
    file = folder / "records.csv"
    write_population(generate(records, seed), out=file, truth=folder / "truth.csv")
    told: dict[str, Any] = {"benchmark": "bulk", "records": records, "seed": seed, "machine": machine()}
    told |= _load(file, processes)
    told["records_per_s"] = round(records / told["seconds"])
    told["rows"] = {model._meta.db_table: model.objects.count() for model in _COUNTED}
    told["database_mb"] = _database_mb()
    told["bare_copy_seconds"] = _bare_copy()
    told["ratio_to_bare_copy"] = round(told["seconds"] / max(told["bare_copy_seconds"], 0.01), 1)
    if with_splink:
        told |= _splink(file)
        told["ratio_to_splink"] = round(told["seconds"] / told["splink_seconds"], 2)
    return told


def _load(file: Path, processes: int) -> dict[str, Any]:
    """From the file to golden records, history, audit and review queue: as `importrecords --bulk`."""
    actor = system_actor("benchmark", source="command")
    began, used = time.monotonic(), _cpu_seconds()
    with peak_memory(postmaster(), look_s=_LOOK_S) as peak, watched_waits(look_s=_LOOK_AT_WAITS_S) as waits:
        total, systems = survey(file)
        register_new_systems(systems, actor=actor)
        job = start_import(file, total=total, actor=actor)
        surveyed = time.monotonic() - began
        report = bulk_import(file, job, actor=actor, processes=processes)
        apply_late_lines(report, job, actor=actor)
    seconds = time.monotonic() - began
    return {
        "seconds": round(seconds, 1),
        "stages": {"survey": round(surveyed, 2), **report.stages},
        "cpu_seconds": {name: round(cpu - used[name], 1) for name, cpu in _cpu_seconds().items()},
        "waits": waits.shares(),
        "lock_wait_share": waits.lock_share(),
        "persons": report.persons,
        "promising_pairs": report.pairs,
        "peak_mb": peak.both_mb,
        "peak_own_mb": peak.own_mb,
        "peak_database_mb": peak.database_mb,
    }


def _cpu_seconds() -> dict[str, float]:
    """Used so far by this process, by its worker processes that have ended, and by its session of the database."""
    told = {}
    for name, who in (("parent", resource.RUSAGE_SELF), ("workers", resource.RUSAGE_CHILDREN)):
        usage = resource.getrusage(who)
        told[name] = usage.ru_utime + usage.ru_stime
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    try:
        fields = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # the database runs elsewhere
        return told
    return told | {"database": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")}


def _database_mb() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()) >> 20")
        return int(cursor.fetchone()[0])


def _bare_copy() -> float:
    """Seconds to COPY the source records alone into a table without index: what the disk and COPY themselves cost."""
    rows = io.BytesIO()
    with connection.cursor() as cursor, raw_connection().cursor() as raw:
        with raw.copy("COPY mpi_source_record TO STDOUT") as copy:
            for block in copy:
                rows.write(block)
        cursor.execute("SELECT set_config('role', 'none', false)")
        cursor.execute("CREATE TABLE benchmark_bare (LIKE mpi_source_record)")
        began = time.monotonic()
        with raw.copy("COPY benchmark_bare FROM STDIN") as copy:
            copy.write(rows.getbuffer())
        return round(time.monotonic() - began, 2)


def _splink(file: Path) -> dict[str, Any]:
    """Splink's predict and cluster of the same records in the same model: blocking, scores, connected components."""
    model = load_default()
    standard = {
        number: codec.protected_standard(standardise(record_from_flat(line.row).record, excessive=model.excessive))
        for number, line in enumerate(read_lines(file))
    }
    gc.collect()
    with bulk_connection() as database:
        load_records(database, standard, model)
        began = time.monotonic()
        pairs = block_records(database, standard)
        blocked = time.monotonic() - began
        clusters = predict_and_cluster(database, model)
        seconds = time.monotonic() - began
    return {
        "splink_seconds": round(seconds, 1),
        "splink_blocking_seconds": round(blocked, 1),
        "splink_pairs": pairs,
        "splink_clusters": clusters,
        "splink_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }
