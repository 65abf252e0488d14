"""COPY in a thread of its own, so that the database writes one chunk while the next one is read and dealt out.

While it runs nothing else may use the connection: the caller keeps what it has to say until the thread has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Full, Queue

import psycopg
from django.db import connection

from mpi.services.rows import raw_connection

Rows = dict[str, bytes]
"""COPY lines by statement, parents before children."""

_AHEAD = 3
"""Chunks that wait to be written: about 10 MB each."""
_LOOK_S = 0.5


class CopyWriter:
    """Takes chunks in order and writes them in the caller's transaction."""

    def __init__(self, raw: psycopg.Connection[object]) -> None:
        self._raw = raw
        self._waiting: Queue[Rows | None] = Queue(_AHEAD)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="bulk-copy", daemon=True)
        self._thread.start()

    def write(self, rows: Rows) -> None:
        """Hand over a chunk; waits while too many are waiting. Raises what an earlier chunk has met."""
        self._put(rows)

    def finish(self) -> None:
        """Wait until everything is written. Raises what a chunk has met."""
        self._put(None)
        self._thread.join()
        self._raise()

    def abandon(self) -> None:
        """Wait for the chunk at hand and write no other: the transaction is about to be rolled back."""
        self._error = self._error or RuntimeError("The load was given up.")
        while self._thread.is_alive():
            self._offer(None)
            self._thread.join(_LOOK_S)

    def _put(self, rows: Rows | None) -> None:
        while True:
            self._raise()
            if self._offer(rows):
                return

    def _offer(self, rows: Rows | None) -> bool:
        try:
            self._waiting.put(rows, timeout=_LOOK_S)
        except Full:
            return False
        return True

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (rows := self._waiting.get()) is not None and self._error is None:
            try:
                self._copy(rows)
            except Exception as error:  # noqa: BLE001  # raised again in the caller's thread
                self._error = error
                return

    def _copy(self, rows: Rows) -> None:
        with self._raw.cursor() as cursor:
            for statement, lines in rows.items():
                if lines:
                    with cursor.copy(statement) as copy:
                        copy.write(lines)


@contextmanager
def copy_writer() -> Iterator[CopyWriter]:
    """A writer on Django's connection; at the end of the block all is written. Raises Django's database errors."""
    with connection.wrap_database_errors:
        writer = CopyWriter(raw_connection())
        try:
            yield writer
            writer.finish()
        except BaseException:
            writer.abandon()
            raise
