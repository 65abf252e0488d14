"""`benchmark ingest`: a file through real workers, and single records by PUT, into an index that holds many already."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from mpi.management import programs
from mpi.management.benchmarks.calling import HOST, Request, call, free_port, running
from mpi.management.benchmarks.index import BuiltIndex, Row, build_index, write_rows
from mpi.management.benchmarks.machine import machine, peak_memory, postmaster
from mpi.management.benchmarks.watching import timed_calls, watched_waits
from mpi.models import InboundMessage, Job, MessageState
from mpi.services.import_file import finish_job, read_file, start_import, survey
from mpi.services.ingest import ingest
from mpi.services.receive import Draft, flat_payload, receive_many

_WEB = _WORKERS = 2
_SENT = 10_000
_WARM_SENT = 1_000
_PUT = 1_500
_WARM_PUT = 150
_CLIENTS = (1, 2, 4)
_OWN_BATCHES = 10
_OWN_SINGLES = 300
_LOOK_S = 0.1
_LOOK_AT_WAITS_S = 0.1
_LOOK_AT_MEMORY_S = 5.0
"""Both are seldom: who is measured shares the processor with who looks. A look at the shared pages of every process of
the database takes it some 40 ms."""
STAGES = {
    "mpi.services.ingest.claim": "claim",
    "mpi.services.ingest._parse_all": "parse, standardise, keys",
    "mpi.services.ingest._lock": "lock",
    "mpi.services.ingest.look_around": "candidates",
    "mpi.services.plan.Planner.plan": "score and decide",
    "mpi.services.apply.Applier.apply": "apply",
    "mpi.services.unit.UnitOfWork.settle": "golden records",
    "mpi.services.writing.Writing.write": "write",
}


def run(*, records: int, seed: int, folder: Path, processes: int, with_splink: bool) -> dict[str, Any]:
    """Measure, and answer what was measured. Splink has no such path: `with_splink` changes nothing."""
    rows = _WARM_SENT + _SENT + (len(_CLIENTS) * (_PUT + _WARM_PUT * max(_CLIENTS)))
    rows += (_OWN_BATCHES + 1) * settings.INGEST_BATCH + 2 * _OWN_SINGLES
    built = build_index(records=records, newcomers=rows, seed=seed, folder=folder, processes=processes)
    told: dict[str, Any] = {"benchmark": "ingest", "records": records, "seed": seed, "machine": machine()}
    rest = list(built.newcomers)
    port = free_port()
    kept = [programs.worker_program(processes=_WORKERS), programs.beat_program()]
    with peak_memory(postmaster(), look_s=_LOOK_AT_MEMORY_S) as peak:
        with running(kept):
            _send(built, _taken(rest, _WARM_SENT), "warm.csv")
            with watched_waits(look_s=_LOOK_AT_WAITS_S) as waits:
                told |= _send(built, _taken(rest, _SENT), "sent.csv")
        told |= {"lock_wait_share": waits.lock_share(), "database_waits": waits.shares()}
        with running([programs.web_program(host=HOST, port=port, processes=_WEB), *kept], port=port):
            runs = {clients: _put(built, rest, clients, port) for clients in _CLIENTS}
    told |= {f"put_{name}": runs[1][name] for name in ("p50_ms", "p95_ms", "p99_ms")}
    told["put_per_s"] = runs[2]["per_s"]
    told |= {f"put_with_{clients}_clients": runs[clients] for clients in _CLIENTS}
    told |= {"web_processes": _WEB, "workers": _WORKERS, "batch": settings.INGEST_BATCH}
    told |= {"peak_mb": peak.both_mb, "peak_own_mb": peak.own_mb, "peak_database_mb": peak.database_mb}
    told |= _in_process(built, rest)
    return told


def _taken(rows: list[Row], count: int) -> list[Row]:
    """The next rows, each used once."""
    taken = rows[:count]
    del rows[:count]
    return taken


def _send(built: BuiltIndex, rows: Sequence[Row], name: str) -> dict[str, Any]:
    """From the first line read to the last message applied by the workers."""
    file = built.folder / name
    write_rows(rows, file)
    total, _ = survey(file)
    began = time.monotonic()
    job = start_import(file, total=total, actor=built.actor)
    job = read_file(file, job, actor=built.actor, advance=lambda _: None)
    received = time.monotonic() - began
    while InboundMessage.objects.filter(job=job, state=MessageState.RECEIVED).exists():
        time.sleep(_LOOK_S)
    seconds = time.monotonic() - began
    finish_job(job.pk, built.actor)
    return {
        "sent": total,
        "seconds": round(seconds, 2),
        "receive_seconds": round(received, 2),
        "records_per_s": round(total / seconds),
        "outcomes": Job.objects.get(pk=job.pk).counts,
    }


def _put(built: BuiltIndex, rows: list[Row], clients: int, port: int) -> dict[str, Any]:
    own = _PUT // clients + _WARM_PUT
    parts = [[_request(row) for row in _taken(rows, own)] for _ in range(clients)]
    return call(parts, port=port, token=built.token, warm=_WARM_PUT).figures()


def _request(row: Row) -> Request:
    body = {name: value for name, value in row.items() if value and name not in ("source_system", "mrn")}
    path = f"/api/v1/records/{quote(row['source_system'], safe='')}/{quote(row['mrn'], safe='')}"
    return "PUT", path, json.dumps(body)


def _in_process(built: BuiltIndex, rows: list[Row]) -> dict[str, Any]:
    """T2 alone in this process: milliseconds a batch and a single record, by stage."""
    batches = [_received(built, _taken(rows, settings.INGEST_BATCH)) for _ in range(_OWN_BATCHES + 1)]
    singles = [[pk] for pk in _received(built, _taken(rows, 2 * _OWN_SINGLES))]
    ingest(message_ids=batches[0])
    told: dict[str, Any] = {}
    for name, parts in (("batch", batches[1:]), ("single", singles[_OWN_SINGLES:])):
        if name == "single":
            for part in singles[:_OWN_SINGLES]:
                ingest(message_ids=part)
        with timed_calls(STAGES) as by_stage:
            began = time.perf_counter()
            for part in parts:
                ingest(message_ids=part)
            whole = 1000 * (time.perf_counter() - began) / len(parts)
            stages = by_stage(len(parts))
        stages["rest and commit"] = round(whole - sum(stages.values()), 3)
        told |= {f"own_{name}_ms": round(whole, 2), f"own_{name}_ms_by_stage": stages}
    connection.close()
    return told


def _received(built: BuiltIndex, rows: Sequence[Row]) -> list[int]:
    drafts = [Draft("csv", flat_payload(row), row["source_system"], row["mrn"]) for row in rows]
    return [receipt.message_id for receipt in receive_many(drafts, actor=built.actor)]
