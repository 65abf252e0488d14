"""Which records of a bulk load may be one person: blocked in DuckDB, thinned by a bound that no true pair fails.

Splink's own scoring costs about twice the engine's scorer a pair (its CASE conditions are evaluated again for
each level of the house comparison), and most blocked pairs share nothing but a birth date. So DuckDB only
computes an upper bound of the match weight from single comparisons; the engine's scorer scores what is left,
exactly as online. The bound may be too high, never too low: `tests/bulk/test_bulk_pairs.py` holds it to that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from matching.model import LinkageModel
from matching.name_relations import nickname_forms, sound
from matching.records import StandardRecord
from mpi.services.bulk_bound import pairs_query

MOST_RECORDS_A_KEY = 200
"""A key shared by more records finds nobody; other keys do. A bound a record online (100) would depend on order."""
MOST_RECORDS_A_STRONG_KEY = 2_000
"""The same for an SSN or identifier, as online: so common a number is a placeholder nobody has listed yet."""
_RECORDS_A_SLICE = 50_000
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
    """A DuckDB in memory. It never spills: what it holds are values of patients."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": "",
    }
    connection = duckdb.connect(":memory:", config=settings)
    columns = ", ".join(f"{name} {_duckdb_type(kind)}" for name, kind in FEATURES)
    connection.execute(f"create table person_feature (id integer, {columns})")
    connection.execute("create table blocking_key (hash bigint, id integer, strong boolean)")
    try:
        yield connection
    finally:
        connection.close()


def _duckdb_type(kind: pa.DataType) -> str:
    names = {"string": "varchar", "bool": "boolean", "int16": "smallint", "int8": "tinyint", "float": "real"}
    return names.get(str(kind), "varchar[]")


def feature_table(ids: Sequence[int], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """Features of some records, ready to be loaded."""
    by_column = list(zip(*rows, strict=True)) or [()] * len(FEATURES)
    columns = [pa.array(ids, pa.int32())]
    columns += [pa.array(values, kind) for values, (_, kind) in zip(by_column, FEATURES, strict=True)]
    return pa.Table.from_arrays(columns, ["id", *(name for name, _ in FEATURES)])


def key_table(ids: Sequence[int], hashes: Sequence[int], strong: Sequence[bool]) -> pa.Table:
    """Blocking keys, one row a record and key, ready to be loaded."""
    return pa.table(
        {
            "hash": pa.array(hashes, pa.int64()),
            "id": pa.array(ids, pa.int32()),
            "strong": pa.array(strong, pa.bool_()),
        }
    )


def add_records(connection: duckdb.DuckDBPyConnection, features: pa.Table, keys: pa.Table) -> None:
    """Load records from `feature_table` and `key_table`."""
    _append(connection, "person_feature", features)
    _append(connection, "blocking_key", keys)


def _append(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("incoming", rows)
    connection.execute(f"insert into {name} select * from incoming")  # noqa: S608 - our own names
    connection.unregister("incoming")


def promising_pairs(connection: duckdb.DuckDBPyConnection, model: LinkageModel) -> Iterator[tuple[int, int]]:
    """Pairs that share a useful key and may reach the review threshold, ids ascending. Memory is bounded by slices."""
    connection.execute(
        "create or replace table useful_key as"
        " with sized as (select hash, count(*) as n, bool_or(strong) as strong from blocking_key group by hash)"
        " select k.hash, k.id from sized join blocking_key k using (hash)"
        " where n > 1 and n <= case when sized.strong then ? else ? end",
        [MOST_RECORDS_A_STRONG_KEY, MOST_RECORDS_A_KEY],
    )
    query = pairs_query(model, [name for name, _ in FEATURES])
    (last,) = connection.execute("select coalesce(max(id), -1) from person_feature").fetchall()[0]
    for first in range(0, last + 1, _RECORDS_A_SLICE):
        yield from connection.execute(query, [first, first + _RECORDS_A_SLICE]).fetchall()


def passed_over(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    """(record, hash) of the keys that too many records share; call after `promising_pairs`."""
    return connection.execute(
        "with sized as (select hash, count(*) as n, bool_or(strong) as strong from blocking_key group by hash)"
        " select k.id, k.hash from sized join blocking_key k using (hash)"
        " where n > case when sized.strong then ? else ? end",
        [MOST_RECORDS_A_STRONG_KEY, MOST_RECORDS_A_KEY],
    ).fetchall()
