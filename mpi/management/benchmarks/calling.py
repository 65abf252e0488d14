"""Real HTTP against a real server of this index: the programs are started, clients call, figures come back."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mpi.embedded.supervise import Program
from mpi.management import programs

HOST = "127.0.0.1"
_CALLER = Path(__file__).with_name("caller.py")
_ANSWER_S = 60.0
_WATCH_S = 0.5

Request = tuple[str, str, str]
"""Method, path, body."""


@dataclass(frozen=True, slots=True)
class Calls:
    """What the clients of one run saw: milliseconds of every call, and calls a second of all clients together.

    `answers` holds a checksum of each answer, client by client, in the order of the calls; `client_ms` is the
    processor time that the clients themselves took for a call.
    """

    clients: int
    ms: tuple[float, ...]
    per_s: float
    statuses: dict[str, int]
    answers: tuple[tuple[int, ...], ...]
    client_ms: float

    def figures(self) -> dict[str, Any]:
        """Percentiles in milliseconds, throughput and what was answered."""
        return {
            "clients": self.clients,
            "calls": len(self.ms),
            "p50_ms": percentile(self.ms, 50),
            "p95_ms": percentile(self.ms, 95),
            "p99_ms": percentile(self.ms, 99),
            "per_s": round(self.per_s),
            "statuses": self.statuses,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` per cent of the values do not exceed."""
    ordered = sorted(values)
    place = min(len(ordered) - 1, max(0, -(-len(ordered) * share // 100) - 1))
    return round(ordered[int(place)], 2)


@contextmanager
def running(kept: Sequence[Program], *, port: int | None = None) -> Iterator[None]:
    """These programs for the time of the block, supervised as `up` supervises them. Raises CommandError."""
    done = threading.Event()
    failed: list[Exception] = []

    def run() -> None:
        keeper = programs.supervisor(kept, say=_say_aside)
        try:
            keeper.start()
            while not done.wait(_WATCH_S):
                keeper.watch()
        except Exception as error:  # noqa: BLE001  # it is raised again by the thread that measures
            failed.append(error)
        finally:
            keeper.stop()

    thread = threading.Thread(target=run, name="programs")  # the programs live as long as this thread
    thread.start()
    try:
        _wait(thread, port, workers=any(program.name == "worker" for program in kept))
        yield
    finally:
        done.set()
        thread.join()
    if failed:
        raise CommandError(f"A program of the index ended: {failed[0]}") from failed[0]


def _say_aside(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _wait(thread: threading.Thread, port: int | None, *, workers: bool) -> None:
    """Until all that was started answers: a worker that is still starting would take the processor from the rest."""
    ends = time.monotonic() + _ANSWER_S
    while thread.is_alive() and time.monotonic() < ends:
        if (not port or programs.answers(HOST, port)) and (not workers or programs.workers_answer()):
            return
        time.sleep(0.1)
    raise CommandError("The index did not come up; see the logs.")


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def call(requests: Sequence[Sequence[Request]], *, port: int, token: str, warm: int) -> Calls:
    """Each part of `requests` by a client of its own, all at once; the first `warm` calls of each are not counted."""
    clients = [_client(part, port, token, warm) for part in requests]
    try:
        for client in clients:
            _line(client)
        for client in clients:
            _say(client, "go\n")
        told = [json.loads(_rest(client)) for client in clients]
    finally:
        for client in clients:
            client.kill()
            client.wait()
    statuses: Counter[str] = Counter()
    for one in told:
        statuses.update(one["statuses"])
    ms = tuple(value for one in told for value in one["ms"])
    seconds = max(one["ended"] for one in told) - min(one["began"] for one in told)
    answers = tuple(tuple(one["answers"]) for one in told)
    client_ms = 1000 * sum(one["processor_s"] for one in told) / len(ms)
    return Calls(len(clients), ms, len(ms) / seconds, dict(statuses), answers, client_ms)


def _client(part: Sequence[Request], port: int, token: str, warm: int) -> subprocess.Popen[str]:
    client = subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", str(_CALLER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    told = {"host": HOST, "port": port, "token": token, "requests": part, "warm": warm}
    _say(client, json.dumps(told) + "\n")
    return client


def _say(client: subprocess.Popen[str], line: str) -> None:
    if client.stdin is not None:
        client.stdin.write(line)
        client.stdin.flush()


def _line(client: subprocess.Popen[str]) -> None:
    if client.stdout is None or client.stdout.readline() != "ready\n":
        raise CommandError("A client could not call the index; what it said stands above.")


def _rest(client: subprocess.Popen[str]) -> str:
    return client.stdout.read() if client.stdout else ""
