"""Trouble: locks that somebody holds for too long, and processes that are killed."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import DatabaseError, connection, transaction

_GOLDEN = (
    "SELECT id FROM mpi_golden_record WHERE id IN (SELECT id FROM mpi_golden_record "
    "WHERE status IN ('provisional', 'confirmed') ORDER BY random() LIMIT 3) ORDER BY id FOR UPDATE"
)
_KEYS = (
    "SELECT pg_advisory_xact_lock(1, (key & 2147483647)::int) FROM "
    "(SELECT key FROM mpi_blocking_key ORDER BY random() LIMIT 3) AS some ORDER BY key & 2147483647"
)
_HOLD_S = (0.05, 0.5)
_KILL_EVERY_S = 4.0
_LOOK_S = 0.1


@contextmanager
def locks_held(seed: int) -> Iterator[list[int]]:
    """Somebody holds locks now and then for longer than anybody waits. Gives a list that grows with each hold."""
    ended, holds = threading.Event(), list[int]()
    chance = random.Random(seed)

    def run() -> None:
        try:
            while not ended.wait(chance.uniform(0.1, 0.6)):
                _hold(chance, holds)
        finally:
            connection.close()

    thread = threading.Thread(target=run, name="locks held")
    thread.start()
    try:
        yield holds
    finally:
        ended.set()
        thread.join()


def _hold(chance: random.Random, holds: list[int]) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            cursor.execute(chance.choice((_GOLDEN, _KEYS)))
            holds.append(len(cursor.fetchall()))
            time.sleep(chance.uniform(*_HOLD_S))
    except DatabaseError:
        return  # it was the one that could not get its locks this time


@dataclass(slots=True)
class Crew:
    """The workers as processes: killed at random, started again until each has done its acts."""

    start: Callable[[int], subprocess.Popen[bytes]]
    chance: random.Random
    kills: int = 0
    crashes: int = 0
    _running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, numbers: Sequence[int], *, advance: Callable[[], None]) -> None:
        """Until all have ended by themselves. `advance` is called now and then."""
        self._running = {number: self.start(number) for number in numbers}
        next_kill = time.monotonic() + self.chance.expovariate(1 / _KILL_EVERY_S)
        try:
            while self._running:
                time.sleep(_LOOK_S)
                advance()
                if time.monotonic() > next_kill:
                    self._kill_one()
                    next_kill = time.monotonic() + self.chance.expovariate(1 / _KILL_EVERY_S)
                self._take_up()
        finally:
            for process in self._running.values():
                process.kill()
                process.wait()

    def _kill_one(self) -> None:
        process = self._running[self.chance.choice(sorted(self._running))]
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.kills += 1

    def _take_up(self) -> None:
        for number, process in list(self._running.items()):
            if process.poll() is None:
                continue
            if process.returncode == 0:
                del self._running[number]
                continue
            if process.returncode != -signal.SIGKILL:
                self.crashes += 1
                if self.crashes > len(self._running):
                    raise RuntimeError("The workers end by themselves before their acts are done; see what they said.")
            self._running[number] = self.start(number)
