"""Import a file: every line becomes a message (T1), workers apply them (T2). Run again, it changes nothing.

A line that is already what the index knows, under the same settings, makes no message. A line that
cannot be used is reported with its number, column and mend; the rest is imported.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.mapping import Mapped
from mpi.models import (
    InboundMessage,
    Job,
    JobStatus,
    LineError,
    MessageState,
    SourceSystem,
)
from mpi.services.active_model import active_model
from mpi.services.apart import batches_apart
from mpi.services.dispatch import hint
from mpi.services.import_known import Known, known_before
from mpi.services.import_lines import Line, read_header, read_lines
from mpi.services.import_mapping import map_line
from mpi.services.locking import outlast
from mpi.services.parse import all_systems
from mpi.services.receive import Draft, flat_payload, receive_many
from mpi.services.systems import register_system

LINES_A_COMMIT = 1_000
MOST_LINE_ERRORS = 100_000
_MOST_NEW_SYSTEMS = 50
_MOST_DIGITS_OF_A_CODE = 5
Advance = Callable[[int], None]


@dataclass(slots=True)
class Reading:
    """The state of one import: its job, its counts, and what was told before."""

    job: Job
    actor: Actor
    header: tuple[str, ...]
    systems: dict[str, SourceSystem]
    known: Known
    counts: Counter[str] = field(default_factory=Counter)
    errors: int = 0


def survey(path: Path) -> tuple[int, set[str]]:
    """Records in the file, and the source systems they name. Raises Malformed before anything is written."""
    systems: set[str] = set()
    count = 0
    for line in read_lines(path):
        count += 1
        if not line.flaws:
            systems.add(line.row.get("source_system", "").strip())
    return count, systems - {""}


def register_new_systems(told: set[str], *, actor: Actor, always: bool = False) -> list[str]:
    """Register the systems of a file whose systems are all new, and name them.

    A file that also speaks of known systems is taken at its word about those only: an unknown one in
    it is more likely an error of typing, and its lines are refused by name (unless `always`). So are
    codes that look like numbers of patients, and more new systems than any file has: columns are shifted.
    """
    known = set(SourceSystem.objects.values_list("code", flat=True))
    new = sorted(told - known)
    if not always and (told & known or len(new) > _MOST_NEW_SYSTEMS):
        return []
    if not always:
        new = [code for code in new if sum(char.isdigit() for char in code) <= _MOST_DIGITS_OF_A_CODE]
    registered = []
    for code in new:
        try:
            register_system(code=code, actor=actor)
        except InvalidInput:
            continue  # its lines are refused by name
        registered.append(code)
    return registered


def start_import(path: Path, *, total: int, actor: Actor) -> Job:
    """A job for the file, audited."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    with transaction.atomic():
        interrupted = Job.objects.filter(file_hash=digest.hexdigest(), status=JobStatus.READING)
        interrupted.update(
            status=JobStatus.FAILED,
            finished_at=timezone.now(),
            error="It was interrupted; the file was imported again.",
        )
        job = Job.objects.create(
            kind="import",
            name=path.name,
            file_hash=digest.hexdigest(),
            settings_hash=active_model().settings_hash,
            total=total,
            actor_id=actor.id,
            actor_name=actor.name,
            correlation_id=actor.correlation_id,
            started_at=timezone.now(),
        )
        record(entry_by(actor, Action.JOB_STARTED, subject=("job", str(job.uuid)), detail={"lines": total}))
    return job


def read_file(path: Path, job: Job, *, actor: Actor, advance: Advance) -> Job:
    """Store every usable line as a message and hint the workers. `advance` is told how many lines were read."""
    systems = all_systems()
    reading = Reading(job, actor, read_header(path), systems, known_before(job, systems, active_model()))
    lines = read_lines(path)
    while batch := list(islice(lines, LINES_A_COMMIT)):
        _take(batch, reading)
        advance(len(batch))
    job.status = JobStatus.RUNNING
    job.counts = dict(reading.counts)
    outlast(lambda again: job.save(update_fields=["status", "counts"]))
    return job


def _take(batch: Sequence[Line], reading: Reading) -> None:
    """One batch of lines: what is wrong is noted, what is known is passed over, the rest is received."""
    flaws: list[Flaw] = []
    usable: list[tuple[Line, Mapped]] = []
    for line in batch:
        reading.counts["lines"] += 1
        mapped = mapped_line(line, reading, flaws)
        if mapped is not None:
            usable.append((line, mapped))
    fresh = outlast(lambda again: reading.known.fresh(usable))
    reading.counts["unchanged"] += len(usable) - len(fresh)
    outlast(partial(_note, flaws, reading))
    drafts = [draft_of(line, mapped, reading) for line, mapped in fresh]
    if ids := outlast(partial(_receive, drafts, reading)):
        for places in batches_apart([mapped.record for _, mapped in fresh], size=settings.INGEST_BATCH):
            hint([ids[place] for place in places])


def draft_of(line: Line, mapped: Mapped, reading: Reading) -> Draft:
    """The message that a line of the file becomes."""
    return Draft(
        "csv" if reading.header else "ndjson",
        flat_payload(line.row),
        mapped.record.source_system,
        mapped.record.mrn,
        line=line.number,
        source_time=mapped.source_time,
    )


def _note(flaws: Sequence[Flaw], reading: Reading, again: bool) -> None:
    """Store what is wrong with a batch, and how far the file is read."""
    with transaction.atomic(durable=True):
        if again and Job.objects.get(pk=reading.job.pk).counts.get("lines") == reading.counts["lines"]:
            return
        note_flaws(flaws, reading)
        reading.job.counts = dict(reading.counts)
        reading.job.save(update_fields=["counts"])


def _receive(drafts: Sequence[Draft], reading: Reading, again: bool) -> list[int]:
    """Store a batch as messages; their ids. None when they were stored already: the sweep finds them."""
    if again and drafts and InboundMessage.objects.filter(job=reading.job, line=drafts[0].line).exists():
        return []
    return [receipt.message_id for receipt in receive_many(drafts, actor=reading.actor, job=reading.job)]


def mapped_line(line: Line, reading: Reading, flaws: list[Flaw]) -> Mapped | None:
    """As `map_line`, and None for a line that only repeats the one before it of the same record."""
    mapped = map_line(line, reading.systems, reading.header, flaws, reading.counts)
    return None if mapped is None or _repeats(line, mapped, reading, flaws) else mapped


def _repeats(line: Line, mapped: Mapped, reading: Reading, flaws: list[Flaw]) -> bool:
    """Whether the line only repeats the one before it of the same record. A different line is an update."""
    first = reading.known.repeated(line, mapped)
    if first is None:
        return False
    reading.counts["repeated"] += 1
    flaws.append(Flaw("line", f"repeats line {first}; it was passed over", "remove it", line.number, 1))
    return True


def note_flaws(flaws: Sequence[Flaw], reading: Reading) -> None:
    """Store what is wrong with lines, up to a bound for the whole import."""
    room = max(0, MOST_LINE_ERRORS - reading.errors)
    reading.errors += len(flaws)
    LineError.objects.bulk_create(
        LineError(
            job=reading.job,
            line=flaw.line or 0,
            column=flaw.column,
            field=_storable(flaw.field)[:64],
            problem=_storable(flaw.problem)[:300],
            mend=flaw.mend[:300],
        )
        for flaw in flaws[:room]
    )


def _storable(text: str) -> str:
    """A name out of the file as it can be stored and shown: control characters and half surrogates are marked."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def progress(job: Job) -> dict[str, int]:
    """Messages of the job by state and outcome, read now."""
    rows = InboundMessage.objects.filter(job=job).values("state", "outcome").annotate(count=Count("pk"))
    told: Counter[str] = Counter()
    for row in rows:
        told[row["state"]] += row["count"]
        if row["outcome"]:
            told[row["outcome"]] += row["count"]
    return dict(told)


def finish_jobs(actor: Actor) -> int:
    """Close every running job whose messages have all been dealt with. Returns how many."""
    open_states = (MessageState.RECEIVED,)
    running = Job.objects.filter(status=JobStatus.RUNNING).exclude(messages__state__in=open_states)
    running = running.exclude(kind="evaluation")  # it has no messages, and closes itself
    closed = 0
    for job in running:
        closed += finish_job(job.pk, actor)
    return closed


def finish_job(job_id: int, actor: Actor) -> bool:
    """Close one running job: its counts are final, and audited. False if somebody else did."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.status != JobStatus.RUNNING:
            return False
        counts = {name: job.counts.get(name, 0) for name in ("lines", "rejected", "doubtful", "repeated", "unchanged")}
        done = progress(job)
        counts["unchanged"] += done.pop("unchanged", 0)
        counts["rejected"] += done.pop("rejected", 0)
        job.counts = counts | done
        job.status = JobStatus.FINISHED
        job.finished_at = timezone.now()
        job.save(update_fields=["counts", "status", "finished_at"])
        record(entry_by(actor, Action.JOB_FINISHED, subject=("job", str(job.uuid)), detail=dict(job.counts)))
    return True
