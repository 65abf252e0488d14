"""The one module that reads and writes rows past the ORM: COPY for many, prepared statements for few.

COPY skips `save()`, validation and signals, so nothing else may use it; `tests/services/test_rows.py`
compares its rows with those of the plain path. All functions run inside the caller's transaction;
errors of the database are raised as Django's, so that a lost race is known as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID

import orjson
import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.base import ModelState

from mpi.commands import Actor
from mpi.services.plan_age import keep_plans_young

_COPY_FROM = 20
"""Rows from which COPY is cheaper than an INSERT each (SPEED: measured)."""

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Table:
    """A model's table: its columns in order with their types, and which of them are JSON."""

    name: str
    columns: tuple[str, ...]
    attributes: tuple[str, ...]
    types: tuple[str, ...]
    json: frozenset[str]

    @property
    def insert(self) -> str:
        """An INSERT of one row with positional parameters."""
        marks = ", ".join(["%s"] * len(self.columns))
        return f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})"  # noqa: S608  # names of our own models

    @property
    def insert_many(self) -> str:
        """An INSERT of many rows with one array of values for each column."""
        names, arrays = ", ".join(self.columns), ", ".join(map(_array, self.types))
        return f"INSERT INTO {self.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608  # names of our own models

    @property
    def copy(self) -> str:
        """The COPY of many rows."""
        return f"COPY {self.name} ({', '.join(self.columns)}) FROM STDIN"

    @property
    def selected(self) -> str:
        """The columns of the table as `t`, for `instance`."""
        return ", ".join(f"t.{column}" for column in self.columns)


@cache
def table_of(model: type[models.Model]) -> Table:
    """The table of a model, without columns that the database fills by itself."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.CompositePrimaryKey)]
    return Table(
        name=model._meta.db_table,
        columns=tuple(f'"{field.column}"' for field in fields),
        attributes=tuple(field.attname for field in fields),
        types=tuple(_type_of(field) for field in fields),
        json=frozenset(field.attname for field in fields if isinstance(field, models.JSONField)),
    )


def _type_of(field: models.Field[Any, Any]) -> str:
    """The column's type; that of a serial key without its sequence."""
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def dump_json(value: object) -> str:
    """JSON as stored: orjson, non-text keys as text."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _json_value(value: object) -> object:
    return None if value is None else dump_json(value)


@cache
def _reader(table: Table, names: tuple[str, ...]) -> Callable[[models.Model], tuple[object, ...]]:
    """Reads these attributes of an instance as column values: from its dictionary, past Django's descriptors."""
    take = itemgetter(*names)
    places = [place for place, name in enumerate(names) if name in table.json]

    def read(row: models.Model) -> tuple[object, ...]:
        values = take(row.__dict__)
        if not places:
            return values  # type: ignore[no-any-return]
        told = list(values)
        for place in places:
            told[place] = _json_value(told[place])
        return tuple(told)

    return read


def values_of(row: models.Model) -> tuple[object, ...]:
    """The column values of a model instance, in the order of its table."""
    table = table_of(type(row))
    return _reader(table, table.attributes)(row)


@cache
def _template(model: type[models.Model]) -> dict[str, Any]:
    """The values of an instance that was told nothing; those that are made anew for each are left out."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.CompositePrimaryKey)]
    return {
        field.attname: field.get_default() for field in fields if not (field.has_default() and callable(field.default))
    }


def new_row(model: type[Row], **values: Any) -> Row:
    """As `model(**values)` for attribute names, at a fifth of the cost: no signals. Fields with a callable default
    (uuid, lists, documents) must be told."""
    row = model.__new__(model)
    row.__dict__.update(_template(model), **values)
    row._state = ModelState()
    return row


def instance(model: type[Row], values: Sequence[Any]) -> Row:
    """An instance of a stored row, from `Table.selected` as this module's cursors read it (JSON as text)."""
    table = table_of(model)
    row = model.__new__(model)
    told = row.__dict__
    told.update(zip(table.attributes, values, strict=True))
    for name in table.json:
        if told[name] is not None:
            told[name] = orjson.loads(told[name])
    row._state = ModelState()
    row._state.adding = False
    row._state.db = connection.alias
    return row


def raw_connection() -> psycopg.Connection[Any]:
    """psycopg's own connection under Django's, connected."""
    own = connections[DEFAULT_DB_ALIAS]  # `connection` looks it up for each attribute
    own.close_if_health_check_failed()
    own.ensure_connection()
    return keep_plans_young(own.connection)


@contextmanager
def prepared() -> Iterator[psycopg.Cursor[Any]]:
    """A cursor whose statements are prepared once a connection (Django's own sends text to be planned each time)."""
    with connection.wrap_database_errors, psycopg.Cursor(raw_connection()) as cursor:
        yield cursor


def fetch(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """All rows of one prepared statement."""
    with prepared() as cursor:
        return cursor.execute(statement, values, prepare=True).fetchall()


def stored(model: type[Row], keys: Sequence[int]) -> dict[int, Row]:
    """Stored rows of one model by primary key; none of what does not exist. No query for no keys."""
    if not keys:
        return {}
    statement = f"SELECT {table_of(model).selected} FROM {table_of(model).name} t WHERE t.id = ANY(%s::bigint[])"  # noqa: S608
    return {row[0]: instance(model, row) for row in fetch(statement, list(keys))}


@contextmanager
def together(*, few: bool = True) -> Iterator[None]:
    """What is written inside goes to the server in one round trip, if it is few: COPY cannot go that way.

    Inside another such block it is part of that one: psycopg would wait for the server at both ends of an inner one.
    """
    raw = raw_connection()
    if not few or _is_piped(raw):
        yield
        return
    with connection.wrap_database_errors, raw.pipeline():
        yield


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert instances of one model whose keys are set (or are filled by the database where the key is None)."""
    if rows:
        table = table_of(type(rows[0]))
        read = _reader(table, table.attributes)
        write_values(table, [read(row) for row in rows])


def write_values(table: Table, values: Sequence[tuple[object, ...]]) -> None:
    """Write ready values: COPY from `_COPY_FROM` rows on, else (and inside `together`) INSERTs in one round trip.

    A table with fewer columns than there are rows takes one INSERT: an array costs no more than a statement does
    (an array of arrays is none that `unnest` would give back).
    """
    if not values:
        return
    with prepared() as cursor:
        if len(values) >= _COPY_FROM and not _is_piped(cursor.connection):
            with cursor.copy(table.copy) as copy:
                for row in values:
                    copy.write_row(row)
            return
        if len(values) > len(table.columns) and not any(kind.endswith("]") for kind in table.types):
            cursor.execute(table.insert_many, [list(column) for column in zip(*values, strict=True)], prepare=True)
            return
        with together(few=len(values) > 1):
            for row in values:
                cursor.execute(table.insert, row, prepare=True)


def _is_piped(raw: psycopg.Connection[Any]) -> bool:
    return raw.pgconn.pipeline_status != psycopg.pq.PipelineStatus.OFF


def update_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Update the named attributes of instances of one model, by primary key, in one statement."""
    if not rows:
        return
    table = table_of(type(rows[0]))
    names = ("id", *fields)
    read = _reader(table, names)
    with prepared() as cursor:
        cursor.execute(
            _update(table, names), [list(column) for column in zip(*map(read, rows), strict=True)], prepare=True
        )


@cache
def _update(table: Table, names: tuple[str, ...]) -> str:
    places = [table.attributes.index(name) for name in names]
    columns = [table.columns[place] for place in places]
    arrays = ", ".join(_array(table.types[place]) for place in places)
    sets = ", ".join(f"{column} = v.{column}" for column in columns[1:])
    return (
        f"UPDATE {table.name} AS t SET {sets} "  # noqa: S608  # names of our own models
        f"FROM unnest({arrays}) AS v({', '.join(columns)}) WHERE t.{columns[0]} = v.{columns[0]}"
    )


def _array(kind: str) -> str:
    """A column's values, in binary: nothing is escaped. JSON goes as text; a text too long shall fail, not be cut."""
    if kind == "jsonb":
        return "%b::text[]::jsonb[]"
    return "%b::text[]" if kind.startswith("varchar") else f"%b::{kind}[]"


@cache
def is_tracked(model: type[models.Model]) -> bool:
    """Whether versions of the model's rows are kept. To look at `history` makes a manager class: half a millisecond."""
    return hasattr(model, "history")


@cache
def _history_table(model: type[models.Model]) -> Table:
    whole = table_of(model.history.model)  # type: ignore[attr-defined]
    kept = [index for index, name in enumerate(whole.attributes) if name != "history_id"]
    return Table(
        name=whole.name,
        columns=tuple(whole.columns[index] for index in kept),
        attributes=tuple(whole.attributes[index] for index in kept),
        types=tuple(whole.types[index] for index in kept),
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
        model = type(row)
        own = table_of(model)
        told = dict(zip(own.attributes, values_of(row), strict=True)) | stamped | {"history_type": kind}
        by_model.setdefault(model, []).append(_ordered(_history_table(model))(told))
    for model, values in by_model.items():
        write_values(_history_table(model), values)


@cache
def _ordered(table: Table) -> Callable[[Mapping[str, object]], tuple[object, ...]]:
    return itemgetter(*table.attributes)
