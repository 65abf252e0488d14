"""Prepared statements straight through libpq, for the few that stand in the way of every request.

psycopg's cursor serves any statement, any type and any way of waiting; that costs 40 to 120 µs of processor time a
statement here, libpq itself 10 (measured: a question spends more on three cursors than on scoring its candidates).
All values go and come as PostgreSQL writes them as text; the caller reads what it needs. libpq releases the
interpreter's lock while it waits. Errors are raised as Django's, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

Row = tuple[bytes | None, ...]
_DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
# Connection -> statement -> its name in the session.
_prepared: WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]] = WeakKeyDictionary()


def ask(statement: str, *values: str) -> list[Row]:
    """All rows of a statement that changes nothing. Its parameters are `$1`, `$2` …

    It is its own proof that a kept connection lives: where Django would send a `SELECT 1` before the first statement
    of a request (`CONN_HEALTH_CHECKS`), this one is sent, and sent again on a fresh connection if the kept one is dead.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    kept = database.connection
    unsure = kept is not None and database.health_check_enabled and not database.health_check_done
    if not unsure or database.in_atomic_block:
        return _sent(database, statement, values)
    database.health_check_done = True
    try:
        return _sent(database, statement, values)
    except (InterfaceError, OperationalError):
        if not kept.closed:
            raise
    database.close()
    return _sent(database, statement, values)


def keys_as_text(keys: Iterable[int]) -> str:
    """Primary keys as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, sorted(keys))) + "}"


def tell(statement: str, *values: str) -> None:
    """Carry out a statement that writes. Outside a transaction it is committed when this returns."""
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    _sent(database, statement, values)


def _sent(database: Any, statement: str, values: tuple[str, ...]) -> list[Row]:
    database.ensure_connection()
    own: psycopg.Connection[Any] = database.connection
    with database.wrap_database_errors:
        if not own.autocommit or own.pgconn.transaction_status != TransactionStatus.IDLE:
            return _by_cursor(own, statement, values)
        try:
            return _straight(own, statement, values)
        except psycopg.errors.InvalidSqlStatementName:
            _prepared.pop(own)  # psycopg forgets all statements of a session after a rollback, ours with its own
            return _straight(own, statement, values)


def _by_cursor(own: psycopg.Connection[Any], statement: str, values: tuple[str, ...]) -> list[Row]:
    """Inside a transaction psycopg does it: it knows whether to begin, and a failure would cost what went before."""
    with psycopg.RawCursor(own) as cursor:
        result = cursor.execute(statement, values, prepare=True).pgresult
        return _rows(result) if result else []


def _straight(own: psycopg.Connection[Any], statement: str, values: tuple[str, ...]) -> list[Row]:
    names = _prepared.setdefault(own, {})
    name = names.get(statement)
    if name is None:
        name = f"straight_{len(names)}".encode()
        _checked(own, own.pgconn.prepare(name, statement.encode()))
        names[statement] = name
    sent = [value.encode() for value in values]
    return _rows(_checked(own, own.pgconn.exec_prepared(name, sent)))


def _checked(own: psycopg.Connection[Any], result: PGresult) -> PGresult:
    if result.status in _DONE:
        return result
    if own.pgconn.status != ConnStatus.OK:
        raise psycopg.OperationalError("The connection to the database is lost.")
    raise error_from_result(cast(Any, result))


def _rows(result: PGresult) -> list[Row]:
    get, columns = result.get_value, range(result.nfields)
    return [tuple([get(row, column) for column in columns]) for row in range(result.ntuples)]
