"""`benchmark match`: questions over HTTP to an index of its own, read audit included, beside Splink."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from matching.standardise import standardise
from mpi import codec
from mpi.commands import Actor
from mpi.management import programs
from mpi.management.benchmarks.calling import HOST, Calls, Request, call, free_port, running
from mpi.management.benchmarks.index import BuiltIndex, Row, build_index
from mpi.management.benchmarks.machine import machine, peak_memory, postmaster
from mpi.management.benchmarks.processor import processor_time
from mpi.management.benchmarks.scoring import CANDIDATES, compare_scorers
from mpi.management.benchmarks.watching import timed_calls, watched_waits
from mpi.mapping import record_from_flat
from mpi.mapping_json import record_from_json
from mpi.models import SourceRecord
from mpi.services.active_model import active_model
from mpi.services.match import match

_WEB = 2
_QUESTIONS = 3_000
_WARM = 300
_CLIENTS = (1, 2, 4, 8)
"""The last fills the threads of both web workers: then one wait for the disk serves several requests."""
_OWN_ROUNDS = 500
_MEMORY_S, _WAITS_S = 5.0, 0.1
"""Seconds between two looks. Who looks takes of the processor that is measured: `watching` among its figures."""
STAGES = {
    "mpi.services.match.standardise": "standardise",
    "mpi.services.match.keys_of": "keys",
    "mpi.services.match.search": "candidates",
    "mpi.services.match.decide": "score and decide",
    "mpi.services.match._candidate": "evidence",
    "mpi.services.match.audit_search": "audit and commit",
}


def run(*, records: int, seed: int, folder: Path, processes: int, with_splink: bool) -> dict[str, Any]:
    """Measure, and answer what was measured."""
    built = build_index(records=records, newcomers=_WARM + _QUESTIONS, seed=seed, folder=folder, processes=processes)
    told: dict[str, Any] = {"benchmark": "match", "records": records, "seed": seed, "machine": machine()}
    port, root = free_port(), postmaster()
    kept = [programs.web_program(host=HOST, port=port, processes=_WEB), programs.worker_program(processes=1)]
    with (
        peak_memory(root, look_s=_MEMORY_S) as peak,
        running([*kept, programs.beat_program()], port=port),
        watched_waits(look_s=_WAITS_S) as waits,
    ):
        measured = {clients: _measure(built, clients, port, root) for clients in _CLIENTS}
    calls = {clients: made for clients, (made, _) in measured.items()}
    runs = {clients: made.figures() | {"processor_ms": took} for clients, (made, took) in measured.items()}
    alone = runs[1]
    told |= {name: alone[name] for name in ("p50_ms", "p95_ms", "p99_ms")}
    told["requests_per_s"] = max(runs[clients]["per_s"] for clients in _CLIENTS if clients > 1)
    told |= {f"with_{clients}_clients": runs[clients] for clients in _CLIENTS}
    told["answers_equal_under_load"] = len({_in_order(made) for made in calls.values()}) == 1
    told |= {"web_processes": _WEB, "lock_wait_share": waits.lock_share(), "database_waits": waits.shares()}
    told |= {"peak_mb": peak.both_mb, "peak_own_mb": peak.own_mb, "peak_database_mb": peak.database_mb}
    told |= _in_process(built)
    if with_splink:
        told |= _beside_splink(built.newcomers)
    return told


def question(row: Row) -> str:
    """A row as the body of a match request: demographics without number and time."""
    return json.dumps({name: value for name, value in row.items() if value and name not in _NOT_ASKED})


_NOT_ASKED = frozenset({"source_system", "mrn", "updated_at"})


def _measure(built: BuiltIndex, clients: int, port: int, database_root: int | None) -> tuple[Calls, dict[str, float]]:
    """What the clients saw, and milliseconds of processor time a request by program, the clients' own among them."""
    asked: list[Request] = [("POST", "/api/v1/match", question(row)) for row in built.newcomers]
    warm, rest = asked[:_WARM], asked[_WARM:]
    parts = [[*warm, *rest[number::clients]] for number in range(clients)]
    with processor_time(database_root) as took:
        made = call(parts, port=port, token=built.token, warm=_WARM)
    asked_in_all = clients * _WARM + len(rest)
    spent = {part: round(1000 * seconds / asked_in_all, 3) for part, seconds in took.items()}
    return made, spent | {"clients": round(made.client_ms, 3)}


def _in_order(made: Calls) -> tuple[int, ...]:
    """Checksums of the answers in the order of the questions, which were dealt out to the clients in turn."""
    whole = [0] * len(made.ms)
    for number, answers in enumerate(made.answers):
        whole[number :: made.clients] = answers
    return tuple(whole)


def _in_process(built: BuiltIndex) -> dict[str, Any]:
    """The service alone in this process: milliseconds a question, by stage, and queries."""
    actor = Actor(kind="client", id="benchmark", name="Benchmark", permissions=frozenset({"match"}), source="rest")
    asked = [record_from_json(json.loads(question(row)), needs_number=False).record for row in built.newcomers]
    for record in asked[:_WARM]:
        match(record=record, actor=actor)
    measured = asked[_WARM : _WARM + _OWN_ROUNDS]
    with timed_calls(STAGES) as told:
        began = time.perf_counter()
        for record in measured:
            match(record=record, actor=actor)
        whole = 1000 * (time.perf_counter() - began) / len(measured)
        by_stage = told(len(measured))
    by_stage["rest"] = round(whole - sum(by_stage.values()), 3)
    return {"in_process_ms": round(whole, 3), "in_process_ms_by_stage": by_stage}


def _beside_splink(rows: Sequence[Row]) -> dict[str, Any]:
    """The same hundred candidates, read from the index, for both."""
    model = active_model().model
    stored = SourceRecord.objects.order_by("pk")[:CANDIDATES]
    candidates = [codec.standard_record(record) for record in stored]
    subjects = [
        codec.protected_standard(standardise(record_from_flat(row).record, excessive=model.excessive))
        for row in rows[:CANDIDATES]
    ]
    connection.close()
    return compare_scorers(subjects, candidates, model)
