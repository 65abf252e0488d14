"""Rows of a bulk load as lines of COPY's text format (PostgreSQL manual, COPY, "Text Format").

A pattern is made once from a real row of the table, so that a new column cannot be forgotten; each line then
costs one `%`. What stays the same in all rows is taken from that row, the rest is named and given per line.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.db import models
from psycopg.types.json import Jsonb

from audit.record import COPY_STATEMENT, AuditEntry, copy_row
from mpi.services.rows import dump_json, table_of, values_of

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_CHANCE_BYTES = 65_536
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_AUDIT_COLUMNS = COPY_STATEMENT[COPY_STATEMENT.index("(") + 1 : COPY_STATEMENT.index(")")].split(", ")


NULL = "\\N"


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a line of one table is made: `statement` is its COPY, `line % values` takes the varying columns."""

    statement: str
    line: str


def pattern_of(row: models.Model, varying: Sequence[str], *, leave_out: Sequence[str] = ()) -> Pattern:
    """The pattern of a table from one of its rows; columns in `leave_out` are filled by the database.

    `varying` is in the order of the table's columns. Raises ValueError if it is not.
    """
    table = table_of(type(row))
    constants = dict(zip(table.attributes, values_of(row), strict=True))
    columns = dict(zip(table.attributes, table.columns, strict=True))
    return _pattern(table.name, columns, constants, varying, leave_out)


def history_pattern(row: models.Model, *, actor_id: str, correlation_id: UUID) -> Pattern:
    """What follows the line of a row of a tracked model in its history; it takes `history_date` and `history_type`."""
    table = table_of(type(row).history.model)  # type: ignore[attr-defined]  # simple-history adds it
    own = table_of(type(row)).attributes
    constants: dict[str, object] = {
        "history_date": None,
        "history_type": None,
        "history_user_id": actor_id,
        "history_change_reason": None,
        "history_correlation_id": correlation_id,
    }
    known = dict(zip(table.attributes, table.columns, strict=True))
    columns = {name: known[name] for name in constants}
    tail = _pattern(table.name, columns, constants, ("history_date", "history_type"), ()).line
    every = ", ".join(known[name] for name in (*own, *constants))  # in the order of the model, not of its history
    return Pattern(f"COPY {table.name} ({every}) FROM STDIN", f"\t{tail}")


def audit_pattern(entry: AuditEntry, varying: Sequence[str]) -> Pattern:
    """The pattern of audit events of one action; `recorded_at` is among `varying`."""
    constants = dict(zip(_AUDIT_COLUMNS, copy_row(entry, recorded_at=datetime.now(UTC)), strict=True))
    columns = {name: name for name in _AUDIT_COLUMNS}
    return _pattern("audit_event", columns, constants, varying, ())


def _pattern(
    table: str,
    columns: Mapping[str, str],
    constants: Mapping[str, object],
    varying: Sequence[str],
    leave_out: Sequence[str],
) -> Pattern:
    written = [name for name in columns if name not in leave_out]
    if [name for name in written if name in varying] != list(varying):
        raise ValueError(f"The varying columns of {table} are not among its columns, or not in their order.")
    parts = ["%s" if name in varying else rendered(constants[name]).replace("%", "%%") for name in written]
    statement = f"COPY {table} ({', '.join(columns[name] for name in written)}) FROM STDIN"
    return Pattern(statement, "\t".join(parts) + "\n")


def text(value: str) -> str:
    """A text column."""
    return value.translate(_ESCAPES)


def rendered(value: object) -> str:
    """One value in COPY's text format. Raises TypeError for a type that no column of ours has."""
    form = _FORMS.get(type(value)) or next((told for kind, told in _FORMS.items() if isinstance(value, kind)), None)
    if form is None:
        raise TypeError(f"COPY has no form for {type(value).__name__}.")
    return form(value)


def json_text(value: object) -> str:
    """A JSON column of a document whose keys are texts."""
    return json_bytes(orjson.dumps(value))


def keyed_json(value: object) -> str:
    """A JSON column of any document of ours: keys that are numbers take twice the time."""
    return dump_json(value).replace("\\", "\\\\")


def json_bytes(document: bytes) -> str:
    """A JSON column from a document that is serialised already."""
    return document.decode().replace("\\", "\\\\")


def binary(value: bytes | None) -> str:
    """A bytea column."""
    return NULL if value is None else "\\\\x" + value.hex()


def array(values: Iterable[int | str]) -> str:
    """An array column of numbers, or of texts without space, quote, comma or backslash: ids, EUIDs, subjects."""
    return "{" + ",".join(map(str, values)) + "}"


_FORMS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: NULL,
    bool: lambda value: "t" if value else "f",
    str: text,
    int: str,
    float: str,
    UUID: str,
    datetime: lambda value: value.astimezone(UTC).isoformat(),
    bytes: binary,
    Jsonb: lambda value: keyed_json(value.obj),
    list: array,
}
"""By type, a subtype before what it is one of."""


@lru_cache(maxsize=256)
def moment(value: datetime | None) -> str:
    """A timestamptz column; most rows of a batch share one."""
    return NULL if value is None else value.isoformat()


class Chance:
    """Random bytes of the operating system in hexadecimal, fetched by blocks: a call for each UUID costs more."""

    def __init__(self) -> None:
        self._block = ""
        self._used = 0
        self._millisecond = 0
        self._prefix = ""

    def hexadecimal(self, digits: int) -> str:
        """So many fresh digits."""
        if self._used + digits > len(self._block):
            self._block, self._used = os.urandom(_CHANCE_BYTES).hex(), 0
        self._used += digits
        return self._block[self._used - digits : self._used]

    def uuid(self) -> str:
        """A UUID of this moment (version 7, RFC 9562 §5.7), as `audit.uuid7`."""
        told, now = self.hexadecimal(19), time.time_ns() // 1_000_000
        if now != self._millisecond:
            moment = f"{now:012x}"
            self._millisecond, self._prefix = now, f"{moment[:8]}-{moment[8:]}-7"
        return f"{self._prefix}{told[:3]}-{_VARIANT[told[3]]}{told[4:7]}-{told[7:]}"


chance = Chance()
