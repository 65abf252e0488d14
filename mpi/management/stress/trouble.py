"""Trouble: locks held for too long or taken in the wrong order, and processes that are killed."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import OperationalError, connection, transaction

_GOLDEN = (
    "SELECT id FROM mpi_golden_record WHERE id IN (SELECT id FROM mpi_golden_record "
    "WHERE status IN ('provisional', 'confirmed') ORDER BY random() LIMIT 3) ORDER BY id FOR UPDATE"
)
_KEYS = (
    "SELECT pg_advisory_xact_lock(1, (key & 2147483647)::int) FROM "
    "(SELECT key FROM mpi_blocking_key ORDER BY random() LIMIT 3) AS chosen ORDER BY key & 2147483647"
)
_AGAINST_THE_LAW = (
    "SELECT id FROM mpi_golden_record WHERE id = ANY(SELECT id FROM mpi_golden_record "
    "WHERE status IN ('provisional', 'confirmed') ORDER BY id LIMIT %s OFFSET %s) ORDER BY id DESC FOR UPDATE"
)
_HALF = 20
"""Of the golden records that acts prefer, the oldest ones: first those above, then those below. Who has one of each
closes a ring with us, must be told of a deadlock, and try again."""
_BETWEEN_S = 0.04
"""Less than a worker waits before it looks whether it stands in a ring."""
_HOLD_S = (0.05, 0.5)
_KILL_EVERY = 80
"""Acts, in the mean: by the clock, a slow machine would do little but start processes again."""
_LOOK_S = 0.1


@contextmanager
def locks_held(seed: int) -> Iterator[Counter[str]]:
    """Somebody holds locks now and then for longer than anybody waits. Gives the holds so far, by kind."""
    ended, holds = threading.Event(), Counter[str]()
    chance = random.Random(seed)

    def run() -> None:
        try:
            while not ended.wait(chance.uniform(0.1, 0.6)):
                _hold(chance, holds)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(run)
        try:
            yield holds
        finally:
            ended.set()
        holding.result()


def _hold(chance: random.Random, holds: Counter[str]) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            kind = chance.choice(("golden records", "keys", "against the law"))
            if kind == "against the law":
                cursor.execute(_AGAINST_THE_LAW, [_HALF, _HALF])
                time.sleep(_BETWEEN_S)
                cursor.execute(_AGAINST_THE_LAW, [_HALF, 0])
            else:
                cursor.execute(_KEYS if kind == "keys" else _GOLDEN)
                time.sleep(chance.uniform(*_HOLD_S))
            holds[kind] += 1
    except OperationalError:
        return  # it was the one that could not get its locks this time


@dataclass(slots=True)
class Crew:
    """The workers as processes: killed at random, started again until each has done its acts."""

    start: Callable[[int], subprocess.Popen[bytes]]
    chance: random.Random
    kills: int = 0
    crashes: int = 0
    _running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, numbers: Sequence[int], *, begun: Callable[[], int]) -> None:
        """Until all have ended by themselves. `begun` is asked now and then how many acts all have begun."""
        self._running = {number: self.start(number) for number in numbers}
        next_kill = begun() + self.chance.expovariate(1 / _KILL_EVERY)
        try:
            while self._running:
                time.sleep(_LOOK_S)
                if (now := begun()) > next_kill:
                    self._kill_one()
                    next_kill = now + self.chance.expovariate(1 / _KILL_EVERY)
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
