"""The whole run: a population, workers among trouble, the inbox drained, then every invariant checked."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from mpi.commands import system_actor
from mpi.management.stress.inbox import drain, settled
from mpi.management.stress.journal import Journal, Outcomes
from mpi.management.stress.messages import Row
from mpi.management.stress.trouble import Crew, locks_held
from mpi.management.stress.worker import population
from mpi.services.check import check_and_note
from mpi.services.ingest import ingest
from mpi.services.receive import Draft, flat_payload, receive_many
from mpi.services.systems import register_system

_FIRST_SHARE = 0.3
_NONE_OF = ("lost", "unsettled", "unexpected", "undecided", "failed", "crashed")
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: acts of all workers together, and how many source records the population has."""

    acts: int
    workers: int
    records: int
    seed: int
    folder: Path


def run(wanted: Wanted, *, advance: Callable[[int], None]) -> dict[str, Any]:
    """Do it, and tell what came of it. `advance` is told how many more acts have ended."""
    call_command("migrate", verbosity=0, interactive=False)
    _first(population(wanted.records, wanted.seed))
    journals = [Journal(wanted.folder / f"worker-{number}.ndjson") for number in range(wanted.workers)]
    began = time.monotonic()
    before = _deadlocks()
    crew = Crew(lambda number: _start(wanted, number), random.Random(wanted.seed))
    seen = 0

    def begun() -> int:
        nonlocal seen
        now = sum(journal.begun() for journal in journals)
        advance(now - seen)
        seen = now
        return now

    with locks_held(wanted.seed) as holds:
        crew.run(range(wanted.workers), begun=begun)
    seconds = time.monotonic() - began
    outcomes = Outcomes()
    for journal in journals:
        outcomes.add(journal)
    told = {
        "acts": sum(sum(counts.values()) for counts in outcomes.by_act.values()),
        "workers": wanted.workers,
        "seconds": round(seconds, 1),
        "outcomes": outcomes.as_document(),
        "busy_retried": outcomes.retried,
        "locks_held": holds.total(),
        "held": dict(sorted(holds.items())),
        "killed": crew.kills,
        "crashed": crew.crashes,
        "deadlocks": _deadlocks() - before,
        "failed": outcomes.failed,
    }
    drained, refused = drain()
    told |= {"drained": drained, "undecided": refused} | settled(outcomes.acknowledged)
    report = check_and_note(actor=system_actor("stress", source="command"))
    told |= {"checked_rows": report.as_document()["rows"], "broken": list(report.broken)}
    told["faults"] = {
        one.invariant.name: [
            f"{fault.count} × {fault.words}: {', '.join(fault.examples)}" for fault in one.looked.faults
        ]
        for one in report.checked
        if not one.holds
    }
    told["ok"] = report.is_clean and not any(told[name] for name in _NONE_OF)
    return told


def _first(rows: list[Row]) -> None:
    """A part of the population is there from the start."""
    actor = system_actor("stress", source="command")
    for rank, code in enumerate(sorted({row["source_system"] for row in rows}), start=1):
        register_system(code=code, rank=rank * 10, actor=actor)
    first = rows[: int(len(rows) * _FIRST_SHARE)]
    size = settings.INGEST_BATCH
    for place in range(0, len(first), size):
        drafts = [
            Draft("rest", flat_payload(row), row["source_system"], row["mrn"]) for row in first[place : place + size]
        ]
        ingest(message_ids=[receipt.message_id for receipt in receive_many(drafts, actor=actor)])


def _start(wanted: Wanted, number: int) -> subprocess.Popen[bytes]:
    own = wanted.acts // wanted.workers + (number < wanted.acts % wanted.workers)
    argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "stress", "--worker", str(number)]
    argv += [f"--{name}={value}" for name, value in (("acts", own), ("records", wanted.records), ("seed", wanted.seed))]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL)  # noqa: S603  # our own command


def _deadlocks() -> int:
    connection.close()  # the statistics of an open transaction do not change
    with connection.cursor() as cursor:
        cursor.execute(_DEADLOCKS)
        (count,) = cursor.fetchone()
    return int(count)
