"""A DuckDB in memory that never spills: what it holds are values of patients, or hashes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types


@contextmanager
def memory_database(*, memory_limit: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database, gone with the block."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": "",
    }
    with duckdb.connect(":memory:", config=settings) as database:
        yield database


def append(database: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Load rows into one of our tables, columns in its order."""
    database.register("incoming", rows)
    database.execute(f"insert into {table} select * from incoming")  # noqa: S608 - our own names
    database.unregister("incoming")
