"""The records of the index as an evaluation holds them, and the pairs that their blocking keys bring together.

Read in short statements, so that no transaction is held open for minutes. About 1.5 kB a record: the stored document,
opened again when a pair asks for it. An SSN is in clear in memory only, never on disk: DuckDB holds hashes and
record numbers, and spills nothing.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

import duckdb
import orjson
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
from django.db import connection

from matching.blocking import RULES, STRONG_RULES, blocking_keys
from matching.records import StandardRecord
from mpi import codec
from mpi.services.duckdb_memory import append, memory_database
from mpi.services.neighbourhood import CANDIDATES_A_KEY, CANDIDATES_A_STRONG_KEY

_READ_AT_ONCE = 5_000
_KEPT_OPEN = 50_000
"""Records held ready for comparing; the others are opened again from their document."""
_RECORDS_A_SLICE = 20_000
_PAIRS_AT_ONCE = 5_000
_MEMORY = "1GB"
_READ = """
SELECT r.id, r.version, l.golden_record_id, r.uuid, r.standard, r.ssn_cipher
FROM mpi_link l JOIN mpi_source_record r ON r.id = l.source_record_id
WHERE l.ended_at IS NULL AND r.state = 'active' AND r.id > %s ORDER BY r.id LIMIT %s
"""
_USEFUL_KEYS = """
create or replace table useful_key as
with sized as (
  select hash, case when bit_or(1::integer << rule::integer) & ? > 0 then ? else ? end as most
  from blocking_key group by hash having count(*) > 1
)
select k.hash, k.id, k.rule, most, row_number() over (partition by k.hash order by k.id) as place
from sized join blocking_key k using (hash)
"""
Advance = Callable[[int], None]


@dataclass(slots=True)
class Records:
    """Records by number, ascending ids. `persons` are keys of golden records."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    persons: array[int] = field(default_factory=lambda: array("q"))
    fingerprint: str = ""
    standard: Callable[[int], StandardRecord] = field(default=lambda number: StandardRecord())
    _documents: list[bytes] = field(default_factory=list, repr=False)
    _numbers: list[str] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.standard = lru_cache(maxsize=_KEPT_OPEN)(self._open)

    def _open(self, number: int) -> StandardRecord:
        return codec.standard_from_document(orjson.loads(self._documents[number]), self._numbers[number])

    def add(self, record_id: int, person: int, document: bytes, ssn: str) -> int:
        """Take one record in; its number."""
        self.ids.append(record_id)
        self.persons.append(person)
        self._documents.append(document)
        self._numbers.append(ssn)
        return len(self.ids) - 1

    def numbers(self) -> dict[int, int]:
        """Record id -> number."""
        return {record_id: number for number, record_id in enumerate(self.ids)}


@contextmanager
def keys_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory for hashes of blocking keys. It never spills."""
    with memory_database(memory_limit=_MEMORY, threads=1) as database:
        database.execute("create table blocking_key (hash bigint, id integer, rule tinyint)")
        yield database


def read_records(database: duckdb.DuckDBPyConnection, *, advance: Advance) -> Records:
    """All records that are linked now, their keys into the database. `advance` is told how many more are read."""
    records = Records()
    digest = hashlib.sha256()
    last = 0
    while rows := _batch(last):
        last = rows[-1][0]
        keys: tuple[array[int], array[int], array[int]] = (array("q"), array("i"), array("b"))
        for record_id, version, person, uuid, standard, cipher in rows:
            digest.update(b"%d|%d|%d\n" % (record_id, version, person))
            number = records.add(record_id, person, standard.encode(), codec.decrypt_ssn(cipher, uuid))
            for key in blocking_keys(records.standard(number)):
                keys[0].append(hash((key.rule, key.value)))
                keys[1].append(number)
                keys[2].append(RULES.index(key.rule))
        append(database, "blocking_key", pa.table(dict(zip(("hash", "id", "rule"), keys, strict=True))))
        advance(len(rows))
    records.fingerprint = digest.hexdigest()
    return records


def _batch(last: int) -> list[tuple[int, int, int, object, str, memoryview | None]]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [last, _READ_AT_ONCE])
        rows: list[tuple[int, int, int, object, str, memoryview | None]] = cursor.fetchall()
        return rows


def found_pairs(database: duckdb.DuckDBPyConnection, count: int, *, advance: Advance) -> Iterator[tuple[int, int, int]]:
    """(number, greater number, mask of rules) of all pairs that share a useful key, ascending by the first.

    `advance` is told of records as their pairs have been taken, so that it moves with the comparing. A key finds the
    first records that have it, up to the bound of the search, as online.
    """
    strong = sum(1 << RULES.index(rule) for rule in STRONG_RULES)
    database.execute(_USEFUL_KEYS, [strong, CANDIDATES_A_STRONG_KEY, CANDIDATES_A_KEY])
    for first in range(0, count, _RECORDS_A_SLICE):
        last = min(first + _RECORDS_A_SLICE, count)
        found = database.execute(
            "select l.id, r.id, bit_or(1::integer << l.rule::integer) from useful_key l"
            " join useful_key r on r.hash = l.hash and r.id > l.id"
            " where l.place <= l.most and l.id >= ? and l.id < ? group by l.id, r.id order by l.id, r.id",
            [first, last],
        )
        reached = first
        while rows := found.fetchmany(_PAIRS_AT_ONCE):
            yield from rows
            advance(rows[-1][0] - reached)
            reached = rows[-1][0]
        advance(last - reached)


def true_pairs_with_a_key(database: duckdb.DuckDBPyConnection, people: Mapping[int, int]) -> int:
    """Pairs of one true person that share a key at all, however many records share it. `people`: number -> person."""
    database.execute("create or replace table true_person (id integer, person integer)")
    known = {"id": array("i", people.keys()), "person": array("i", people.values())}
    append(database, "true_person", pa.table(known))
    (found,) = database.execute(
        "select count(*) from (select distinct a.id, b.id from true_person a"
        " join true_person b on a.person = b.person and a.id < b.id"
        " join blocking_key l on l.id = a.id join blocking_key r on r.id = b.id and r.hash = l.hash)"
    ).fetchall()[0]
    return int(found)
