"""Real threads with connections of their own, let go together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

_PATIENCE_S = 30.0


class Racers:
    """`count` threads that begin each race at one barrier. Close them at the end."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count)
        self._count = count

    def start(self, acts: Sequence[Callable[[], Any]]) -> Callable[[], list[Any]]:
        """Let all go at once; call what is returned for the result or the error of each, in their order."""
        barrier = threading.Barrier(len(acts))

        def run(act: Callable[[], Any]) -> Any:
            barrier.wait(timeout=_PATIENCE_S)
            try:
                return act()
            except Exception as error:  # noqa: BLE001  # what went wrong is what the test looks at
                return error

        futures = [self._pool.submit(run, act) for act in acts]
        return lambda: [future.result(timeout=_PATIENCE_S) for future in futures]

    def race(self, acts: Sequence[Callable[[], Any]]) -> list[Any]:
        """Run all at once and wait for them."""
        return self.start(acts)()

    def close(self) -> None:
        """Close every thread's connection, so that the tables can be emptied."""
        self.race([connections.close_all] * self._count)
        self._pool.shutdown()


@contextmanager
def holding(key_hash: int) -> Iterator[Any]:
    """Hold one blocking key's advisory lock on a connection of its own."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(1, %s)", [key_hash & 0x7FFFFFFF])
            yield
            cursor.execute("COMMIT")
    finally:
        other.close()


def wait_for_waiters(count: int) -> None:
    """Return when so many transactions wait for an advisory lock of this database."""
    ends = time.monotonic() + _PATIENCE_S
    with connection.cursor() as cursor:
        while time.monotonic() < ends:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0] >= count:
                return
            time.sleep(0.002)
    raise AssertionError(f"Fewer than {count} transactions came to the lock.")
