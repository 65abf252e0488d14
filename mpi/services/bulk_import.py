"""Load a file at once: one transaction, after which either everything stands or nothing.

The rows are those that an ordinary import writes, batch after batch. Writers of the index wait meanwhile; an empty
one is filled without its indexes, which are built at the end. Only the online path knows updates and merges of what
the index holds: second lines of a record, and new records near persons that are known already, are stored as
messages and applied by it right after the load, in the batches of the file.

Memory: about 1.5 kB a record in this process (standard record, values, keys), the pairs in DuckDB by slices.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from matching.model import LinkageModel
from matching.model_document import to_document
from mpi.commands import Actor
from mpi.errors import Busy, Flaw
from mpi.models import (
    Decision,
    GoldenRecord,
    IdentityEvent,
    InboundMessage,
    Job,
    JobStatus,
    Link,
    MessageState,
    PotentialMatch,
    SourceRecord,
)
from mpi.services.active_model import active_model
from mpi.services.active_rules import active_rules
from mpi.services.bulk_around import lines_near_persons
from mpi.services.bulk_close import scoring_tasks
from mpi.services.bulk_engine import require_engine, spark_pairs
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_held import BulkReport, Held, dealing, settling_tasks
from mpi.services.bulk_lines import Aside, line_tasks, looking_tasks
from mpi.services.bulk_packed import standard_of
from mpi.services.bulk_pairs import adding_records, find_useful_keys, hot_keys, pairs_database, promising_pairs
from mpi.services.bulk_pool import Pool, worker_processes
from mpi.services.bulk_prepare import Lines, Prepared
from mpi.services.bulk_schema import (
    analyse,
    lock_out_writers,
    lock_tables,
    may_rebuild,
    remove_indexes,
)
from mpi.services.bulk_work import READ_TABLES, SETTLED_TABLES, Work
from mpi.services.bulk_writer import copy_writer
from mpi.services.import_file import MOST_LINE_ERRORS, Advance, Reading, finish_job, note_flaws
from mpi.services.import_known import known_before
from mpi.services.import_lines import read_header
from mpi.services.ingest import ingest
from mpi.services.locking import transaction_time
from mpi.services.parse import all_systems
from mpi.services.receive import store_many
from mpi.services.sequences import reserve_row

Ids = list[tuple[int, int]]
"""Pairs of lines."""
_WRITTEN = ("mpi_source_record", "mpi_blocking_key", "mpi_golden_record", "mpi_link", "mpi_potential_match")
"""While these cannot be written, nobody is added to the index and nobody's identity changes."""


def apply_open_messages() -> None:
    """What an interrupted load or import has stored and not applied takes effect now, in its order."""
    while ids := list(
        _open(MessageState.RECEIVED).order_by("pk").values_list("pk", flat=True)[: settings.INGEST_BATCH]
    ):
        done = ingest(message_ids=ids)
        if not any(result.state != MessageState.RECEIVED for result in done.values()):
            return  # somebody else has them, or they wait for others


def _open(*states: str) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(state__in=states)


def require_no_open_work() -> None:
    """Raises Busy while a message waits: what it will change must be known before a load."""
    if _open(MessageState.RECEIVED, MessageState.QUEUED).exists():
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
    engine: str = "duckdb",
) -> BulkReport:
    """Load the file of a started job. Raises Busy if messages of the index are open or it is in use,
    InvalidInput or ServiceDown if the engine is unknown or cannot run here.

    One transaction: an error or a crash leaves nothing of the file but the job, marked failed or interrupted.
    The lines in `late_ids` are stored as received messages; the caller applies them.
    """
    report = BulkReport()
    gc.disable()  # a million values and no cycle: looking for some takes a tenth of the time
    try:
        with transaction.atomic(durable=True):
            _Load(path, job, actor, report, processes, memory_limit, engine).run(advance)
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
    """Lines that only the online path can apply, in their order and batches. Closes the job."""
    with report.stage("updates"):
        for ids in report.late_ids:
            ingest(message_ids=ids)
    finish_job(job.pk, actor)


@dataclass(slots=True)
class _Load:
    """One load inside its transaction."""

    path: Path
    job: Job
    actor: Actor
    report: BulkReport
    processes: int
    memory_limit: str
    engine: str
    held: Held = field(default_factory=Held)
    flaws: list[Flaw] = field(default_factory=list)

    def run(self, advance: Advance) -> None:
        """Everything between the locks and the commit."""
        require_engine(self.engine)
        require_no_open_work()
        tables, empty = [*READ_TABLES, *SETTLED_TABLES], index_is_empty()
        rebuild = empty and may_rebuild(tables)
        if rebuild:
            lock_tables(tables)
        else:
            lock_out_writers(_WRITTEN)
        if empty != index_is_empty():
            raise Busy("Somebody has filled the index meanwhile; nothing was changed. Load again.")
        frame = self._frame()
        removed = remove_indexes(tables) if rebuild else None
        active = active_model()
        known = known_before(self.job, frame.systems, active)
        reading = Reading(self.job, self.actor, frame.header, frame.systems, known)
        aside = Aside(reading)
        with worker_processes(frame, processes=self.processes) as pool:
            work = Work(pool, frame, active.model, removed)
            if not empty:
                with self.report.stage("look around"):
                    aside.forget(self._near(work))
            pairs, close = self._read(work, aside, advance)
            self._settle(work, pairs, close)
        analyse(tables)
        late = aside.resolve(self.path, self.flaws)
        note_flaws(sorted(self.flaws, key=lambda flaw: flaw.line or 0), reading)
        self.report.late_ids = [store_many(drafts, actor=self.actor, job=self.job) for drafts in late]
        self.report.late = sum(map(len, late))
        self.job.counts = dict(reading.counts)

    def _near(self, work: Work) -> set[int]:
        """Lines that only the online path can apply: of records that the index holds, or near its persons."""
        known: set[int] = set()
        lines = 0
        with self._database() as database:
            with adding_records(database) as add:
                for prepared in work.pool.map("prepare", looking_tasks(self.path, known)):
                    add(prepared.features, prepared.keys)
                    lines += prepared.lines
            return known | lines_near_persons(database, work.pool, work.model, lines=lines)

    def _read(self, work: Work, aside: Aside, advance: Advance) -> tuple[Ids, Ids]:
        """Write what the lines say; the pairs of them that may be one person, and those of them that come close.

        Indexes and history of what was written are made while the pairs are found and scored.
        """
        with copy_writer() as writer:
            with self._database() as database:
                with self.report.stage("read, standardise, receive"), adding_records(database) as add:
                    tasks = line_tasks(self.path, aside, advance)
                    for prepared in self._prepared(work.pool, tasks, aside.reading):
                        writer.write(prepared.rows)
                        self.held.add(prepared)
                        add(prepared.features, prepared.keys)
                    writer.wait()
                self.report.records = self.held.records
                writer.execute([work.history(SourceRecord, work.frame.first_record), *work.indexes(READ_TABLES)])
                with self.report.stage("block and bound"):
                    pairs = self._pairs(database, work.model)
                    for number, value, found, full in hot_keys(database):
                        self.held.mark(number, value, found=found, full=full)
            self.report.pairs = len(pairs)
            with self.report.stage("score"):
                scoring = scoring_tasks(self.held.standards, pairs)
                close = [pair for found in work.pool.map("score", scoring) for pair in found]
            with self.report.stage("indexes of what was read"):
                writer.wait()
        return pairs, close

    def _pairs(self, database: duckdb.DuckDBPyConnection, model: LinkageModel) -> Ids:
        if self.engine == "duckdb":
            return list(promising_pairs(database, model))
        find_useful_keys(database)
        records = {number: standard_of(told) for number, told in enumerate(self.held.standards) if told}
        batches = {number: self.held.batches[number] for number in records}
        return spark_pairs(records, model, batches=batches, cores=self.processes)

    def _database(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return pairs_database(memory_limit=self.memory_limit, threads=self.processes)

    def _frame(self) -> Frame:
        """Keys for every line of the file are taken at once, so that a record's rows can name each other."""
        total = self.job.total or 0
        keyed = (InboundMessage, SourceRecord, GoldenRecord, Link, Decision, IdentityEvent)
        firsts = [reserve_row(model, total) for model in keyed]
        active = active_model()
        return Frame(
            active.pk,
            to_document(active.model),
            active.settings_hash,
            all_systems(),
            read_header(self.path),
            self.job.pk,
            self.actor.id,
            self.actor.correlation_id,
            transaction_time(),
            settings.INGEST_BATCH,
            active_rules(),
            *firsts,
        )

    def _prepared(self, pool: Pool, tasks: Iterable[Lines], reading: Reading) -> Iterator[Prepared]:
        for prepared in pool.map("prepare", tasks):
            reading.counts.update(prepared.counts)
            if len(self.flaws) < MOST_LINE_ERRORS:
                self.flaws += prepared.flaws
            yield prepared

    def _settle(self, work: Work, pairs: Ids, close: Ids) -> None:
        with self.report.stage("decide, survive, write"):
            deal = dealing(len(self.held.standards), pairs, close)
            wanted = ((PotentialMatch, deal.matches), (Link, deal.moves), (Decision, deal.joins))
            firsts = [reserve_row(model, count) for model, count in (*wanted, (IdentityEvent, deal.joins))]
            with copy_writer() as writer:
                for rows, persons in work.pool.map("settle", settling_tasks(self.held, deal, firsts)):
                    writer.write(rows)
                    self.report.persons += persons
        with self.report.stage("indexes and foreign keys"), copy_writer() as writer:
            writer.execute(
                [
                    work.history(GoldenRecord, work.frame.first_golden),
                    work.history(Link, work.frame.first_link),
                    *work.indexes(SETTLED_TABLES),
                    *work.foreign_keys(),
                ]
            )
