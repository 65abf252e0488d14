"""COPY of ready rows straight through libpq, in its text format (PostgreSQL manual, COPY, "Text Format").

A column at a time: its values are mostly of one type and often need no escape, which is seen of all of them at once.
psycopg asks each value of each row how it is written (measured: that costs three times as much).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mpi.database import straight

_NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def copy_rows(statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Carry out a `COPY … FROM STDIN` of these rows now. Values as `straight` takes them; none of them may hold NUL."""
    if rows:
        straight.copy(statement, copy_text(rows).encode())


def copy_text(rows: Sequence[tuple[object, ...]]) -> str:
    """The lines of the rows."""
    columns = [_column(column) for column in zip(*rows, strict=True)]
    return "".join([f"{line}\n" for line in map("\t".join, zip(*columns, strict=True))])


def _column(values: tuple[Any, ...]) -> Sequence[str]:
    kinds = set(map(type, values))
    first = values[0]
    # Not of numbers with a sign of zero: those that are equal need not be written alike.
    if len(kinds) == 1 and float not in kinds and first == values[-1] and values.count(first) == len(values):
        return [_WRITERS.get(kinds.pop(), _other)(first)] * len(values)
    if kinds == {str}:
        whole = "".join(values)
        return values if "\\" not in whole and whole.isprintable() else list(map(_text, values))
    if len(kinds) == 1:
        return list(map(_WRITERS.get(kinds.pop(), _other), values))
    return [_WRITERS.get(type(value), _other)(value) for value in values]


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _other(value: object) -> str:
    return _text(str(value))


def _bytes(value: bytes | memoryview) -> str:
    return rf"\\x{value.hex()}"


def _array(values: Sequence[object]) -> str:
    return _text(straight.array_text(values)) if values else "{}"


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: _NULL,
    bool: str,
    int: str,
    float: repr,
    str: _text,
    bytes: _bytes,
    memoryview: _bytes,
    UUID: lambda value: value.hex,
    datetime: str,
    list: _array,
    tuple: _array,
}
