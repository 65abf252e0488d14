"""The one module that writes rows past the ORM: COPY for many, one pipeline for few.

COPY skips `save()`, validation and signals, so nothing else may use it; `tests/services/test_rows.py`
compares its rows with those of the plain path. All functions run inside the caller's transaction;
errors of the database are raised as Django's, so that a lost race is known as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import orjson
import psycopg
from django.db import connection, models
from psycopg.types.json import Jsonb

from mpi.commands import Actor

_COPY_FROM = 20
"""Rows from which COPY is cheaper than an INSERT each (SPEED: measured)."""

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Table:
    """A model's table: its columns in order, and which of them are JSON."""

    name: str
    columns: tuple[str, ...]
    attributes: tuple[str, ...]
    json: frozenset[str]

    @property
    def insert(self) -> str:
        """An INSERT of one row with positional parameters."""
        marks = ", ".join(["%s"] * len(self.columns))
        return f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})"  # noqa: S608  # names of our own models

    @property
    def copy(self) -> str:
        """The COPY of many rows."""
        return f"COPY {self.name} ({', '.join(self.columns)}) FROM STDIN"


@cache
def table_of(model: type[models.Model]) -> Table:
    """The table of a model, without columns that the database fills by itself."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.CompositePrimaryKey)]
    return Table(
        name=model._meta.db_table,
        columns=tuple(f'"{field.column}"' for field in fields),
        attributes=tuple(field.attname for field in fields),
        json=frozenset(field.attname for field in fields if isinstance(field, models.JSONField)),
    )


def dump_json(value: object) -> str:
    """JSON as stored: orjson, non-text keys as text."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def values_of(row: models.Model) -> tuple[object, ...]:
    """The column values of a model instance, in the order of its table."""
    table = table_of(type(row))
    return tuple(
        _json_value(getattr(row, name)) if name in table.json else getattr(row, name) for name in table.attributes
    )


def _json_value(value: object) -> object:
    return None if value is None else Jsonb(value, dumps=dump_json)


def raw_connection() -> psycopg.Connection[Any]:
    """psycopg's own connection under Django's, connected."""
    connection.ensure_connection()
    return connection.connection  # type: ignore[no-any-return]


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """`count` fresh primary keys from the model's own sequence."""
    if not count:
        return []
    field = model._meta.pk
    sequence = f"{model._meta.db_table}_{field.column}_seq" if field else ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [sequence, count])
        return [row[0] for row in cursor.fetchall()]


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert instances of one model whose keys are set (or are filled by the database where the key is None)."""
    if rows:
        write_values(table_of(type(rows[0])), [values_of(row) for row in rows])


def write_values(table: Table, values: Sequence[tuple[object, ...]]) -> None:
    """Write ready values: COPY from `_COPY_FROM` rows on, else INSERTs in one round trip."""
    with connection.wrap_database_errors, raw_connection().cursor() as cursor:
        if len(values) < _COPY_FROM:
            cursor.executemany(table.insert, values)
            return
        with cursor.copy(table.copy) as copy:
            for row in values:
                copy.write_row(row)


def update_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Update the named attributes of instances of one model, by primary key, in one round trip."""
    if not rows:
        return
    table = table_of(type(rows[0]))
    columns = dict(zip(table.attributes, table.columns, strict=True))
    sets = ", ".join(f"{columns[name]} = %s" for name in fields)
    statement = f"UPDATE {table.name} SET {sets} WHERE id = %s"  # noqa: S608  # names of our own models
    values = [
        (*(_json_value(getattr(row, name)) if name in table.json else getattr(row, name) for name in fields), row.pk)
        for row in rows
    ]
    with connection.wrap_database_errors, raw_connection().cursor() as cursor:
        cursor.executemany(statement, values)


@cache
def _history_table(model: type[models.Model]) -> Table:
    whole = table_of(model.history.model)  # type: ignore[attr-defined]
    kept = [index for index, name in enumerate(whole.attributes) if name != "history_id"]
    return Table(
        name=whole.name,
        columns=tuple(whole.columns[index] for index in kept),
        attributes=tuple(whole.attributes[index] for index in kept),
        json=whole.json,
    )


def write_history(
    rows: Iterable[tuple[models.Model, str]], *, actor: Actor, recorded_at: datetime, correlation_id: UUID
) -> None:
    """A history row for each (instance, "+" or "~"), as django-simple-history would write it."""
    stamped = {
        "history_date": recorded_at,
        "history_user_id": actor.id,
        "history_change_reason": None,
        "history_correlation_id": correlation_id,
    }
    by_model: dict[type[models.Model], list[tuple[object, ...]]] = {}
    for row, kind in rows:
        table = _history_table(type(row))
        stamped["history_type"] = kind
        values = tuple(
            stamped[name]
            if name in stamped
            else _json_value(getattr(row, name))
            if name in table.json
            else getattr(row, name)
            for name in table.attributes
        )
        by_model.setdefault(type(row), []).append(values)
    for model, values_list in by_model.items():
        write_values(_history_table(model), values_list)
