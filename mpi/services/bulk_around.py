"""Which lines of a file come near persons that the index knows: the same prediction, of the new against the stored.

Only stored records that share a blocking key with a new one are looked at; of each DuckDB holds about 200 bytes.
They have ids below zero there, in the order in which they came, so that a key finds them before any new record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
from django.db import connection

from matching.model import LinkageModel
from mpi.models import RecordState
from mpi.services.bulk_pairs import adding_records, key_table, promising_pairs
from mpi.services.bulk_pool import Pool
from mpi.services.components import components
from mpi.services.duckdb_memory import append
from mpi.services.rows import raw_connection

_RECORDS_A_TASK = 2_000
_KEYS_A_CHUNK = 100_000
_NEAR = (
    "SELECT b.key, b.source_record_id FROM bulk_wanted_key w JOIN mpi_blocking_key b USING (key)"
    " JOIN mpi_link l ON l.source_record_id = b.source_record_id AND l.ended_at IS NULL"
)
_STORED_KEYS = """
insert into blocking_key
with strong as (select hash, bool_or(strong) as strong from blocking_key group by hash)
select hash, id, id, strong from near_key join near_record using (record) join strong using (hash)
"""
_STORED = "SELECT id, uuid, standard, ssn_cipher FROM mpi_source_record WHERE id = ANY(%s) AND state <> %s ORDER BY id"


def lines_near_persons(database: duckdb.DuckDBPyConnection, pool: Pool, model: LinkageModel, *, lines: int) -> set[int]:
    """Numbers of the lines that may belong to persons of the index, with all that may belong to one with them.

    `database` holds features and keys of the new lines; those of stored records are added.
    """
    _want_keys(database)
    numbers = _add_keys(database)
    with adding_records(database) as add:
        for features in pool.map("look", _stored(sorted(numbers, key=numbers.__getitem__), numbers)):
            add(features, key_table((), (), ()))
    near: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for left, right in promising_pairs(database, model):
        if left < 0:
            near.add(right)
        else:
            pairs.append((left, right))
    for group in components(lines, pairs).values():
        if not near.isdisjoint(group):
            near.update(group)
    return near


def _want_keys(database: duckdb.DuckDBPyConnection) -> None:
    """The keys of the new lines as a table of PostgreSQL that ends with the transaction."""
    told = database.execute("select distinct hash from blocking_key")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bulk_wanted_key (key bigint) ON COMMIT DROP")
    with connection.wrap_database_errors, raw_connection().cursor() as raw:
        with raw.copy("COPY bulk_wanted_key FROM STDIN") as copy:
            while keys := told.fetchmany(_KEYS_A_CHUNK):
                copy.write("".join([f"{key}\n" for (key,) in keys]))
        raw.execute("ANALYZE bulk_wanted_key")


def _add_keys(database: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """Load the same keys of stored records; their ids in DuckDB by record id."""
    with connection.wrap_database_errors, raw_connection().cursor(name="bulk_near_keys") as raw:
        raw.execute(_NEAR)
        database.execute("create table near_key (hash bigint, record bigint)")
        while rows := raw.fetchmany(_KEYS_A_CHUNK):
            hashes, records = zip(*rows, strict=True)
            append(database, "near_key", pa.table({"hash": hashes, "record": records}))
    numbered = (
        "create table near_record as select record, (row_number() over (order by record)"
        " - 1 - (select count(distinct record) from near_key))::integer as id"
        " from (select distinct record from near_key)"
    )
    database.execute(numbered)
    database.execute(_STORED_KEYS)
    return dict(database.execute("select record, id from near_record").fetchall())


def _stored(record_ids: Sequence[int], numbers: dict[int, int]) -> Iterator[list[tuple[Any, ...]]]:
    """(id in DuckDB, uuid, standard record, SSN ciphertext) of stored records, in tasks."""
    waiting: Iterable[int] = iter(record_ids)
    while part := list(islice(waiting, _RECORDS_A_TASK)):
        with connection.cursor() as cursor:
            cursor.execute(_STORED, [part, RecordState.QUARANTINED])
            rows = cursor.fetchall()
        yield [(numbers[pk], str(uuid), standard, bytes(cipher or b"")) for pk, uuid, standard, cipher in rows]
