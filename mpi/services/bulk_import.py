"""Load a file into an empty index at once: one transaction, after which either everything stands or nothing.

The rows are those of one online batch of all lines. The tables are locked meanwhile: nobody is in the index yet.
An index that holds records is loaded by the online path, which alone knows locks, updates and merges; so is a
second line of one record, right after the load.

Memory: about 1.5 kB a record in this process (standard record, values, keys), the pairs in DuckDB by slices.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import duckdb
from django.conf import settings
from django.db import connection, models, transaction

from matching.model_document import to_document
from mpi.commands import Actor
from mpi.errors import Busy, Flaw
from mpi.models import (
    BlockingKey,
    Decision,
    GoldenRecord,
    IdentityEvent,
    InboundMessage,
    Job,
    JobStatus,
    Link,
    MessageState,
    OutboxEvent,
    PotentialMatch,
    SourceRecord,
)
from mpi.services.active_model import active_model
from mpi.services.bulk_held import BulkReport, Held, settling_tasks
from mpi.services.bulk_pairs import add_records, pairs_database, passed_over, promising_pairs
from mpi.services.bulk_pool import Pool, worker_processes
from mpi.services.bulk_prepare import Draft, Frame
from mpi.services.bulk_schema import analyse, lock_tables, may_rebuild, remove_indexes, restore_indexes
from mpi.services.bulk_writer import CopyWriter, copy_writer
from mpi.services.import_file import MOST_LINE_ERRORS, Advance, Reading, finish_job, mapped_line, note_flaws
from mpi.services.import_known import known_before
from mpi.services.import_lines import read_header, read_lines
from mpi.services.ingest import ingest
from mpi.services.locking import transaction_time
from mpi.services.parse import all_systems
from mpi.services.receive import Draft as LateLine
from mpi.services.receive import flat_payload, order_key, store_many
from mpi.services.rows import reserve_ids

_LINES_A_TASK = 2_000
_MODELS: tuple[type[models.Model], ...] = (
    InboundMessage,
    SourceRecord,
    BlockingKey,
    GoldenRecord,
    IdentityEvent,
    Decision,
    Link,
    PotentialMatch,
    OutboxEvent,
)


def require_no_open_work() -> None:
    """Raises Busy while a message waits: what it will change must be known before a load."""
    if InboundMessage.objects.filter(state__in=(MessageState.RECEIVED, MessageState.QUEUED)).exists():
        raise Busy("Messages of the index are still open; nothing was changed. Wait until they are applied, then load.")


def index_is_empty() -> bool:
    """Whether no source record was ever stored."""
    return not SourceRecord.objects.exists() and not GoldenRecord.objects.exists()


def bulk_import(
    path: Path,
    job: Job,
    *,
    actor: Actor,
    advance: Advance = lambda _: None,
    processes: int = 2,
    memory_limit: str = "2GB",
) -> BulkReport:
    """Load the file of a started job into an empty index. Raises Busy if the index is not free and empty.

    One transaction: an error or a crash leaves nothing of the file but the job, marked failed or interrupted.
    The lines in `late_ids` are stored as received messages; the caller applies them.
    """
    report = BulkReport()
    gc.disable()  # a million values and no cycle: looking for some takes a tenth of the time
    try:
        with transaction.atomic(durable=True):
            _load_file(path, job, actor, report, advance=advance, processes=processes, memory_limit=memory_limit)
            job.status = JobStatus.RUNNING
            job.save(update_fields=["status", "counts"])
            began = time.monotonic()
        report.stages["commit"] = round(time.monotonic() - began, 2)
    except Exception as error:
        job.status = JobStatus.FAILED
        job.error = f"The load ended with {type(error).__name__}; nothing of it was kept."
        job.finished_at = transaction_time()
        job.save(update_fields=["status", "error", "finished_at"])
        raise
    finally:
        gc.enable()
    return report


def apply_late_lines(report: BulkReport, job: Job, *, actor: Actor) -> None:
    """Second lines of a record are updates: they go the online way, in their order. Closes the job."""
    with report.stage("updates"):
        for first in range(0, len(report.late_ids), settings.INGEST_BATCH):
            ingest(message_ids=report.late_ids[first : first + settings.INGEST_BATCH])
    finish_job(job.pk, actor)


def _tables() -> list[str]:
    tracked = [model.history.model for model in _MODELS if hasattr(model, "history")]
    return [model._meta.db_table for model in (*_MODELS, *tracked)] + ["audit_event", "audit_pending_event"]


def _load_file(
    path: Path, job: Job, actor: Actor, report: BulkReport, *, advance: Advance, processes: int, memory_limit: str
) -> None:
    require_no_open_work()
    tables = _tables()
    rebuild = may_rebuild(tables)
    if rebuild:
        lock_tables(tables)
    if not index_is_empty():
        raise Busy("The index holds records; a bulk load fills an empty one. Nothing was changed.")
    frame = _frame(job, actor, path)
    removed = remove_indexes(tables) if rebuild else None
    reading = Reading(job, actor, read_header(path), all_systems(), known_before(job, all_systems(), active_model()))
    late: list[LateLine] = []
    load = Held()
    with (
        worker_processes(frame, processes=processes) as pool,
        pairs_database(memory_limit=memory_limit, threads=processes) as database,
    ):
        flaws: list[Flaw] = []
        with report.stage("read, standardise, receive"), copy_writer() as writer:
            drafts = _drafts(path, reading, flaws, late, advance)
            _prepare(pool, drafts, load, database, writer)
        note_flaws(flaws, reading)
        with report.stage("block and bound"):
            pairs = list(promising_pairs(database, active_model().model))
            for number, value in passed_over(database):
                load.pass_over(number, value)
            database.close()
        report.records, report.pairs = len(load.standards), len(pairs)
        match_ids = iter(reserve_ids(PotentialMatch, len(pairs)))
        with report.stage("decide, survive, write"), copy_writer() as writer:
            for rows, persons in pool.map("settle", settling_tasks(load, pairs, match_ids)):
                writer.write(rows)
                report.persons += persons
    if removed:
        with report.stage("indexes and foreign keys"):
            restore_indexes(removed)
            analyse(tables)
    report.late_ids = store_many(late, actor=actor, job=job)
    report.late = len(late)
    job.counts = dict(reading.counts)


def _frame(job: Job, actor: Actor, path: Path) -> Frame:
    """Keys for every line of the file are taken at once, so that a record's rows can name each other."""
    firsts = [_first_id(model, job.total or 0) for model in (InboundMessage, SourceRecord, GoldenRecord, Link)]
    firsts += [_first_id(model, job.total or 0) for model in (Decision, IdentityEvent)]
    active = active_model()
    return Frame(
        active.pk,
        to_document(active.model),
        active.settings_hash,
        {code: (system.pk, system.time_zone, system.rank) for code, system in all_systems().items()},
        "csv" if read_header(path) else "ndjson",
        job.pk,
        actor.id,
        actor.correlation_id,
        transaction_time(),
        *firsts,
    )


def _first_id(model: type[models.Model], count: int) -> int:
    """The first of `count` keys in a row from the model's sequence."""
    sequence = f"{model._meta.db_table}_id_seq"
    with connection.cursor() as cursor:
        for _ in range(3):
            cursor.execute(
                "SELECT min(value), max(value) FROM (SELECT nextval(%s) AS value FROM generate_series(1, %s)) AS taken",
                [sequence, max(count, 1)],
            )
            first, last = cursor.fetchone()
            if last - first == max(count, 1) - 1:
                return int(first)
    raise Busy("The index is in use; nothing was changed. Stop its workers and load again.")


def _drafts(
    path: Path, reading: Reading, noted: list[Flaw], late: list[LateLine], advance: Advance
) -> Iterator[list[Draft]]:
    """Usable lines in tasks; flaws are noted as an import notes them, later lines of a record are put aside."""
    seen: set[int] = set()
    lines = read_lines(path)
    number = 0
    while batch := list(islice(lines, _LINES_A_TASK)):
        flaws: list[Flaw] = []
        drafts = []
        for line in batch:
            reading.counts["lines"] += 1
            mapped = mapped_line(line, reading, flaws)
            if mapped is None:
                continue
            payload, told = flat_payload(line.row), mapped.record
            key = order_key(told.source_system, told.mrn)
            if key in seen:
                channel = "csv" if reading.header else "ndjson"
                late.append(
                    LateLine(
                        channel,
                        payload,
                        told.source_system,
                        told.mrn,
                        line=line.number,
                        source_time=mapped.source_time,
                    )
                )
                continue
            seen.add(key)
            drafts.append(Draft(number, line.number, payload))
            number += 1
        if len(noted) < MOST_LINE_ERRORS:
            noted += flaws
        advance(len(batch))
        yield drafts


def _prepare(
    pool: Pool, drafts: Iterable[Sequence[Draft]], load: Held, database: duckdb.DuckDBPyConnection, writer: CopyWriter
) -> None:
    for prepared in pool.map("prepare", drafts):
        writer.write(prepared.rows)
        load.add(prepared)
        add_records(database, prepared.features, prepared.keys)
