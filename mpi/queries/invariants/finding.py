"""What a look at the index has found: how many rows were looked at, and what is wrong with which of them.

Examples are EUIDs and the uuids of source records, identity events, messages and the like: never a value of a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

_CHUNK = 2_000
_WRAPPED = """
SELECT looked.fault, count(*), (array_agg(looked.subject) FILTER (WHERE looked.fault IS NOT NULL))[1:%s]
FROM ({look}) AS looked(subject, fault) GROUP BY looked.fault ORDER BY looked.fault
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, with how many rows and which, the first few."""

    words: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """The outcome of one invariant's look."""

    rows: int
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class Tally:
    """Collects what a look in Python finds."""

    examples: int
    rows: int = 0
    _counts: dict[str, int] = field(default_factory=dict)
    _named: dict[str, list[str]] = field(default_factory=dict)

    def add(self, words: str, subject: str) -> None:
        """Something is wrong with this subject."""
        self._counts[words] = self._counts.get(words, 0) + 1
        named = self._named.setdefault(words, [])
        if len(named) < self.examples:
            named.append(subject)

    def looked(self) -> Looked:
        """All of it."""
        faults = (Fault(words, count, tuple(self._named[words])) for words, count in sorted(self._counts.items()))
        return Looked(self.rows, tuple(faults))


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that is true of a sound index.

    name       how it is asked for
    sentence   what is true
    table      where its rows stand: if that has any, the look must have seen at least one
    look       reads, with the number of examples to name
    """

    name: str
    sentence: str
    table: str
    look: Callable[[int], Looked]


def by_sql(look: str) -> Callable[[int], Looked]:
    """A look that one statement takes: a row for each thing looked at, (subject, what is wrong with it or NULL)."""
    statement = _WRAPPED.format(look=look)

    def run(examples: int) -> Looked:
        with connection.cursor() as cursor:
            cursor.execute(statement, [examples])
            rows = cursor.fetchall()
        faults = (Fault(words, count, tuple(named)) for words, count, named in rows if words is not None)
        return Looked(sum(count for _, count, _ in rows), tuple(faults))

    return run


def chunks(statement: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a statement, some thousands at a time, read as they are needed. JSON comes as text."""
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_CHUNK):
            yield rows


def rows_of(statement: str, keys: Iterable[int]) -> list[tuple[Any, ...]]:
    """The rows of a statement about these keys (its one parameter, an array)."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(keys)])
        return list(cursor.fetchall())
