"""The database at work in a thread of its own: it writes one chunk while the next one is read and dealt out.

While it runs nothing else may use the connection: the caller keeps what it has to say until the thread has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from queue import Full, Queue
from typing import Any

import psycopg
from django.db import connection

from mpi.services.rows import raw_connection

Rows = dict[str, bytes]
"""COPY lines by statement, parents before children."""
Statement = tuple[str, Sequence[object]]
"""SQL and its parameters."""
_Work = Callable[[psycopg.Cursor[Any]], None]

_AHEAD = 3
"""Chunks that wait to be written: about 8 MB each."""
_LOOK_S = 0.5


class CopyWriter:
    """Takes chunks and statements in order and carries them out in the caller's transaction."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        self._waiting: Queue[_Work | None] = Queue(_AHEAD)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="bulk-copy", daemon=True)
        self._thread.start()

    def write(self, rows: Rows) -> None:
        """Hand over a chunk; waits while too many are waiting. Raises what an earlier piece of work has met."""
        self._put(partial(_copy, rows))

    def execute(self, statements: Sequence[Statement]) -> None:
        """Hand over statements, to be carried out after all that came before. Raises as `write`."""
        self._put(partial(_execute, statements))

    def wait(self) -> None:
        """Wait until all that was handed over is done. Raises what a piece of it has met."""
        done = threading.Event()
        self._put(lambda _: done.set())
        while not done.wait(_LOOK_S):
            self._raise()

    def finish(self) -> None:
        """The same, and no more will come."""
        self.wait()
        self._put(None)
        self._thread.join()

    def abandon(self) -> None:
        """Wait for the work at hand and begin no other: the transaction is about to be rolled back."""
        self._error = self._error or RuntimeError("The load was given up.")
        while self._thread.is_alive():
            self._offer(None)
            self._thread.join(_LOOK_S)

    def _put(self, work: _Work | None) -> None:
        while True:
            self._raise()
            if self._offer(work):
                return

    def _offer(self, work: _Work | None) -> bool:
        try:
            self._waiting.put(work, timeout=_LOOK_S)
        except Full:
            return False
        return True

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None and self._error is None:
            try:
                with self._raw.cursor() as cursor:
                    work(cursor)
            except Exception as error:  # noqa: BLE001  # raised again in the caller's thread
                self._error = error
                return


def _copy(rows: Rows, cursor: psycopg.Cursor[Any]) -> None:
    for statement, lines in rows.items():
        if lines:
            with cursor.copy(statement) as copy:
                copy.write(lines)


def _execute(statements: Sequence[Statement], cursor: psycopg.Cursor[Any]) -> None:
    for statement, values in statements:
        cursor.execute(statement, values or None)


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
