"""The one module that reads and writes rows past the ORM: COPY for many, prepared statements for few.

COPY skips `save()`, validation and signals, so nothing else may use it; `tests/services/test_rows.py`
compares its rows with those of the plain path. All functions run inside the caller's transaction;
errors of the database are raised as Django's, so that a lost race is known as one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from itertools import count
from operator import itemgetter
from typing import Any, TypeVar

import orjson
import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.base import ModelState

from mpi.database import straight
from mpi.database.copying import copy_rows
from mpi.database.reading import Rows, rows_of
from mpi.services.plan_age import keep_plans_young

_COPY_FROM = 20
"""Rows from which COPY is cheaper than an INSERT each (SPEED: measured)."""

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A model's table: its columns in order with their types, and which of them are JSON. One object a model."""

    name: str
    columns: tuple[str, ...]
    attributes: tuple[str, ...]
    types: tuple[str, ...]
    json: frozenset[str]

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
    row._state.db = DEFAULT_DB_ALIAS
    return row


def raw_connection() -> psycopg.Connection[Any]:
    """psycopg's own connection under Django's, connected."""
    return _raw(connections[DEFAULT_DB_ALIAS])


def _raw(own: BaseDatabaseWrapper) -> psycopg.Connection[Any]:
    own.close_if_health_check_failed()
    if own.connection is None:
        own.ensure_connection()
    return keep_plans_young(own.connection)


def fetch(statement: str, *values: object) -> Rows:
    """All rows of one prepared statement."""
    return fetch_all((statement, values))[0]


def fetch_all(*asked: straight.Told) -> list[Rows]:
    """All rows of each of these statements, which are carried out one after the other in one round trip.

    Under READ COMMITTED each sees what was committed before it began: a search behind a lock finds what the holder of
    that lock wrote.
    """
    own = connections[DEFAULT_DB_ALIAS]  # `connection` looks it up for each attribute, and that is dear
    raw = _raw(own)
    if len(asked) == 1:
        ((statement, values),) = asked
        results = [straight.send(own, _numbered(statement), values)]
    else:
        results = straight.send_all(own, [(_numbered(statement), values) for statement, values in asked])
    return rows_of(raw, results)


def tell(statement: str, *values: object) -> None:
    """Carry out one prepared statement that writes; inside `together` with all the others."""
    straight.tell(_numbered(statement), *values)


@cache
def _numbered(statement: str) -> str:
    """The statement with `$1`, `$2` … for each `%s`."""
    first, *rest = statement.split("%s")
    return first + "".join(f"${number}{part}" for number, part in zip(count(1), rest, strict=False))


def stored(model: type[Row], keys: Sequence[int], *, but: Sequence[str] = ()) -> dict[int, Row]:
    """Stored rows of one model by primary key; none of what does not exist. No query for no keys.

    Attributes in `but` are not read and are None: of rows that are not written again.
    """
    if not keys:
        return {}
    table = table_of(model)
    told = zip(table.attributes, table.columns, strict=True)
    selected = ", ".join("NULL" if name in but else f"t.{column}" for name, column in told)
    statement = f"SELECT {selected} FROM {table.name} t WHERE t.id = ANY(%s::bigint[])"  # noqa: S608
    return {row[0]: instance(model, row) for row in fetch(statement, list(keys))}


def together(*, few: bool = True, ends: bool = False) -> AbstractContextManager[None]:
    """What is written inside goes to the server in one round trip, if it is few: COPY cannot go that way.

    With `ends` the COMMIT goes along: nothing may follow in the transaction.
    """
    return straight.at_once(ends=ends) if few else nullcontext()


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
    if len(values) >= _COPY_FROM and not straight.is_at_once():
        copy_rows(table.copy, values)
    elif len(values) > len(table.columns) and not any(kind.endswith("]") for kind in table.types):
        tell(_insert_many(table), *(list(column) for column in zip(*values, strict=True)))
    else:
        with together(few=len(values) > 1):
            for row in values:
                tell(_insert(table), *row)


@cache
def _insert(table: Table) -> str:
    """An INSERT of one row."""
    marks = ", ".join(["%s"] * len(table.columns))
    return f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"  # noqa: S608  # names of our own models


@cache
def _insert_many(table: Table) -> str:
    """An INSERT of many rows with one array of values for each column."""
    names, arrays = ", ".join(table.columns), ", ".join(map(_array, table.types))
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608  # names of our own models


def update_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Update the named attributes of instances of one model, by primary key, in one statement."""
    if not rows:
        return
    table = table_of(type(rows[0]))
    names = (*fields, "id")
    values = list(map(_reader(table, names), rows))
    if len(values) == 1:
        tell(_update(table, names), *values[0])
    else:
        tell(_update_many(table, names), *(list(column) for column in zip(*values, strict=True)))


@cache
def _update(table: Table, names: tuple[str, ...]) -> str:
    *columns, key = _columns(table, names)
    return f"UPDATE {table.name} SET {', '.join(f'{column} = %s' for column in columns)} WHERE {key} = %s"  # noqa: S608


@cache
def _update_many(table: Table, names: tuple[str, ...]) -> str:
    *columns, key = every = _columns(table, names)
    arrays = ", ".join(_array(table.types[table.attributes.index(name)]) for name in names)
    sets = ", ".join(f"{column} = v.{column}" for column in columns)
    return (
        f"UPDATE {table.name} AS t SET {sets} "  # noqa: S608  # names of our own models
        f"FROM unnest({arrays}) AS v({', '.join(every)}) WHERE t.{key} = v.{key}"
    )


def _columns(table: Table, names: Sequence[str]) -> list[str]:
    return [table.columns[table.attributes.index(name)] for name in names]


def _array(kind: str) -> str:
    """A column's values. JSON goes as text; a text too long shall fail, not be cut."""
    if kind == "jsonb":
        return "%s::text[]::jsonb[]"
    return "%s::text[]" if kind.startswith("varchar") else f"%s::{kind}[]"


@cache
def is_tracked(model: type[models.Model]) -> bool:
    """Whether versions of the model's rows are kept. To look at `history` makes a manager class: half a millisecond."""
    return hasattr(model, "history")
