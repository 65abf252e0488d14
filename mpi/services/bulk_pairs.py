"""Which records of a bulk load may be one person: blocked in DuckDB, thinned by a bound that no true pair fails.

Splink's own scoring costs about twice the engine's scorer a pair (its CASE conditions are evaluated again for
each level of the house comparison), and most blocked pairs share nothing but a birth date. So DuckDB only
computes an upper bound of the match weight from single comparisons; the engine's scorer scores what is left,
exactly as online. The bound may be too high, never too low: `tests/bulk/test_bulk_pairs.py` holds it to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from matching.model import LinkageModel
from matching.name_relations import nickname_forms, sound
from matching.records import StandardRecord
from mpi.services.bulk_bound import pairs_query
from mpi.services.duckdb_memory import append, memory_database
from mpi.services.neighbourhood import CANDIDATES_A_KEY, CANDIDATES_A_STRONG_KEY

_RECORDS_A_SLICE = 50_000
_LEAST_SLICE = 500
_CHUNKS_AT_ONCE = 25
"""Chunks of some thousand records that are loaded together."""
FEATURES: tuple[tuple[str, pa.DataType], ...] = (
    ("given", pa.string()),
    ("given_sound", pa.string()),
    ("given_forms", pa.list_(pa.string())),
    ("middle", pa.string()),
    ("family", pa.string()),
    ("family_sound", pa.string()),
    ("several_names", pa.bool_()),
    ("year", pa.int16()),
    ("month", pa.int8()),
    ("day", pa.int8()),
    ("sex", pa.string()),
    ("ssn", pa.string()),
    ("last4", pa.string()),
    ("phone", pa.string()),
    ("email", pa.string()),
    ("street", pa.string()),
    ("number", pa.string()),
    ("place", pa.string()),
    ("several_contacts", pa.bool_()),
    ("has_identifier", pa.bool_()),
    ("given_bits", pa.float32()),
    ("family_bits", pa.float32()),
)
"""Columns of one record that the bound is made of. Unknown is "" or 0."""


def features(record: StandardRecord, model: LinkageModel) -> tuple[object, ...]:
    """The values of `FEATURES`, in their order."""
    name = record.name
    home = record.addresses[0] if record.addresses else None
    date = record.birth_date
    return (
        name.given,
        sound(name.given),
        sorted(nickname_forms(name.given) - {name.given}),
        name.middle,
        name.family,
        sound(name.family),
        bool(record.former_names or name.family_parts or " " in name.given),
        int(record.birth_year or date[:4] or 0),
        int(date[5:7] or 0),
        int(date[8:] or 0),
        record.sex,
        record.ssn,
        record.ssn_last4,
        record.phones[0] if record.phones else "",
        record.emails[0] if record.emails else "",
        home.street if home else "",
        home.street.partition(" ")[0] if home else "",
        (home.zip5 or f"~{home.city}") if home and (home.zip5 or home.city) else "",
        len(record.addresses) > 1 or len(record.phones) > 1 or len(record.emails) > 1,
        bool(record.identifiers),
        model.given_bits.get(name.given, model.given_default_bits),
        max(0.0, model.family_bits.get(name.family, model.family_default_bits)),
    )


@contextmanager
def pairs_database(*, memory_limit: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory with empty tables of features and keys."""
    columns = ", ".join(f"{name} {_duckdb_type(kind)}" for name, kind in FEATURES)
    with memory_database(memory_limit=memory_limit, threads=threads) as connection:
        connection.execute(f"create table person_feature (id integer, {columns})")
        connection.execute("create table blocking_key (hash bigint, id integer, batch integer, strong boolean)")
        yield connection


def _duckdb_type(kind: pa.DataType) -> str:
    names = {"string": "varchar", "bool": "boolean", "int16": "smallint", "int8": "tinyint", "float": "real"}
    return names.get(str(kind), "varchar[]")


def feature_table(ids: Sequence[int], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """Features of some records, ready to be loaded."""
    by_column = list(zip(*rows, strict=True)) or [()] * len(FEATURES)
    columns = [pa.array(ids, pa.int32())]
    columns += [pa.array(values, kind) for values, (_, kind) in zip(by_column, FEATURES, strict=True)]
    return pa.Table.from_arrays(columns, ["id", *(name for name, _ in FEATURES)])


def key_table(
    ids: Sequence[int], hashes: Sequence[int], strong: Sequence[bool], batches: Sequence[int] | None = None
) -> pa.Table:
    """Blocking keys, one row a record and key, ready to be loaded.

    Records of one batch find each other by every key they share; without `batches` each record is one by itself.
    """
    return pa.table(
        {
            "hash": pa.array(hashes, pa.int64()),
            "id": pa.array(ids, pa.int32()),
            "batch": pa.array(ids if batches is None else batches, pa.int32()),
            "strong": pa.array(strong, pa.bool_()),
        }
    )


Add = Callable[[pa.Table, pa.Table], None]
"""Takes records from `feature_table` and `key_table`."""


@contextmanager
def adding_records(connection: duckdb.DuckDBPyConnection) -> Iterator[Add]:
    """Load chunks of records, several at once: the statement for one takes longer than to load it. All are loaded at
    the end of the block."""
    waiting: list[tuple[pa.Table, pa.Table]] = []

    def load() -> None:
        if waiting:
            features, keys = map(pa.concat_tables, zip(*waiting, strict=True))
            append(connection, "person_feature", features)
            append(connection, "blocking_key", keys)
            waiting.clear()

    def add(features: pa.Table, keys: pa.Table) -> None:
        waiting.append((features, keys))
        if len(waiting) == _CHUNKS_AT_ONCE:
            load()

    yield add
    load()


def find_useful_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Work out which keys find which records: before `hot_keys` where `promising_pairs` is not asked."""
    connection.execute(_USEFUL_KEYS, [CANDIDATES_A_STRONG_KEY, CANDIDATES_A_KEY])


def promising_pairs(connection: duckdb.DuckDBPyConnection, model: LinkageModel) -> Iterator[tuple[int, int]]:
    """Pairs that share a useful key and may reach the review threshold, ids ascending. Memory is bounded by slices.

    A key finds what it finds online: the first records that have it, up to the bound, and those of the same batch.
    """
    find_useful_keys(connection)
    query = pairs_query(model, [name for name, _ in FEATURES])
    (last,) = connection.execute("select coalesce(max(id), -1) from person_feature").fetchall()[0]
    first, size = 0, _RECORDS_A_SLICE
    while first <= last:
        try:
            pairs = connection.execute(query, [first, first + size] * 2).fetchall()
        except duckdb.OutOfMemoryException:
            # A key that very many records share makes one slice far larger than the others.
            if size <= _LEAST_SLICE:
                raise
            size //= 2
            continue
        yield from pairs
        first += size


_USEFUL_KEYS = """
create or replace table useful_key as
with sized as (
  select hash, count(*) as n, bool_or(strong) as strong, case when bool_or(strong) then ? else ? end as most
  from blocking_key group by hash having count(*) > 1
), hot as (
  select hash, id, batch, row_number() over (partition by hash order by id) as place, most,
    count(*) over (partition by hash order by batch range between unbounded preceding and 1 preceding) as before
  from sized join blocking_key using (hash) where n > most
)
select hash, id, batch, true as found, false as filled from sized join blocking_key using (hash) where n <= most
union all select hash, id, batch, place <= most, before > most from hot
"""
"""Keys of at least two records. `found`: later batches find the record by it; `filled`: too many came before it."""


def hot_keys(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int, bool, bool]]:
    """(record, hash, found, filled) of the keys that too many records share; call after `find_useful_keys`.

    Later batches do not find the record by this key unless `found`; it could not look at all that have it if `filled`.
    """
    rows = connection.execute("select id, hash, found, filled from useful_key where filled or not found")
    while chunk := rows.fetchmany(_RECORDS_A_SLICE):
        yield from chunk
