"""Prepared statements straight through libpq: all that stands in the way of a request or of a message.

psycopg's cursor serves any statement, any type and any way of waiting; that costs 40 to 150 µs of processor time a
statement here, libpq itself 10 (measured: a question spends more on three cursors than on scoring its candidates, and
a record half of its time on thirty). Values go as PostgreSQL reads them from text, whatever type a column has, so a
statement is prepared once a connection. libpq releases the interpreter's lock while it waits. Errors are raised as
Django's, as everywhere. Nothing else prepares statements (`prepare_threshold` is none): psycopg would have the server
forget them all, ours with its own, after every rollback.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

Row = tuple[bytes | None, ...]
Told = tuple[str, Sequence[object]]
"""A statement with its values."""
Ready = tuple[bytes, list[Any], list[int]]
"""The name of a prepared statement, its values as they are sent, and the format of each."""
_DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_TEXT, _BINARY = 0, 1
# Connection -> statement -> its name in the session.
_prepared: WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]] = WeakKeyDictionary()


class _Here(threading.local):
    """What this thread has told and not sent yet, None outside of `at_once`."""

    told: list[Told] | None = None


_here = _Here()


def ask(statement: str, *values: object) -> list[Row]:
    """All rows of a statement that changes nothing, as text. Its parameters are `$1`, `$2` …

    It is its own proof that a kept connection lives: where Django would send a `SELECT 1` before the first statement
    of a request (`CONN_HEALTH_CHECKS`), this one is sent, and sent again on a fresh connection if the kept one is dead.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    kept = database.connection
    unsure = kept is not None and database.health_check_enabled and not database.health_check_done
    if not unsure or database.in_atomic_block:
        return _rows(send(database, statement, values))
    database.health_check_done = True
    try:
        return _rows(send(database, statement, values))
    except (InterfaceError, OperationalError):
        if not kept.closed:
            raise
    database.close()
    return _rows(send(database, statement, values))


def ask_all(*asked: Told) -> list[list[Row]]:
    """As `ask` for several statements in one round trip, later in a request than its first statement."""
    return [_rows(result) for result in send_all(connections[DEFAULT_DB_ALIAS], asked)]


def keys_as_text(keys: Iterable[int]) -> str:
    """Primary keys as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, sorted(keys))) + "}"


def tell(statement: str, *values: object) -> None:
    """Carry out a statement that writes, or leave it to the end of `at_once`.

    Outside a transaction it is committed when this returns.
    """
    if _here.told is not None:
        _here.told.append((statement, values))
        return
    database: Any = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    send(database, statement, values)


def is_at_once() -> bool:
    """Whether what is told now waits for the end of a block."""
    return _here.told is not None


@contextmanager
def at_once(*, ends: bool = False) -> Iterator[None]:
    """What is told inside goes to the server at the end, in its order and in one round trip. Call in a transaction.

    Inside another such block it is part of that one. After the first failure, which is raised, nothing is carried out.
    With `ends` this is the last that the transaction does: its COMMIT goes along, unless another transaction is around
    it, and whoever opened it finds it committed.
    """
    if _here.told is not None:
        yield
        return
    told: list[Told] = []
    _here.told = told
    try:
        yield
    finally:
        _here.told = None
    database: Any = connections[DEFAULT_DB_ALIAS]
    is_outermost = len(database.atomic_blocks) == 1 and not database.needs_rollback
    send_all(database, told, ends=ends and is_outermost)


def copy(statement: str, lines: bytes) -> None:
    """Carry out a `COPY … FROM STDIN` of these lines now, whatever waits for the end of `at_once`."""
    database: Any = connections[DEFAULT_DB_ALIAS]
    own = _connected(database)
    with database.wrap_database_errors:
        pgconn = own.pgconn
        if _must_begin(own):
            _checked(own, pgconn.exec_(b"BEGIN"))
        begun = pgconn.exec_(statement.encode())
        if begun.status != ExecStatus.COPY_IN:
            _checked(own, begun)
        pgconn.put_copy_data(lines)
        pgconn.put_copy_end()
        look, failed = _sent(pgconn), None
        while (result := _next_result(pgconn, look)) is not None:
            failed = failed or (None if result.status in _DONE else result)
        if failed is not None:
            _checked(own, failed)


def send(database: Any, statement: str, values: Sequence[object]) -> PGresult:
    """The result of a statement, carried out now by Django's wrapper of a connection. Parameters are `$1`, `$2` …"""
    own = _connected(database)
    if _must_begin(own):
        return send_all(database, [(statement, values)])[0]
    with database.wrap_database_errors:
        try:
            return _straight(own, statement, values)
        except psycopg.errors.InvalidSqlStatementName:
            _prepared.pop(own)  # somebody had the server forget all statements of the session
            if own.pgconn.transaction_status != TransactionStatus.IDLE:
                raise
            return _straight(own, statement, values)


def send_all(database: Any, told: Sequence[Told], *, ends: bool = False) -> list[PGresult]:
    """The results of statements that are carried out now, one after the other, in one round trip.

    The first failure is raised; the statements behind it are not carried out. The BEGIN of the transaction that Django
    has opened goes along if nothing was sent in it yet, and its COMMIT with `ends`.
    """
    if not told:
        return []
    own = _connected(database)
    with database.wrap_database_errors:
        ready = [(_name(own, statement), *_parameters(values)) for statement, values in told]
        begins = _must_begin(own)
        results = _conversation(own, ready, begins=begins, ends=ends)
        for result in results:
            _checked(own, result)
    return results[1 : 1 + len(told)] if begins else results[: len(told)]


def _connected(database: Any) -> psycopg.Connection[Any]:
    if database.connection is None:  # asked here, because Django's own way to ask costs as much as a short statement
        database.ensure_connection()
    return database.connection  # type: ignore[no-any-return]


def _must_begin(own: psycopg.Connection[Any]) -> bool:
    """Whether Django has opened a transaction of which the server has heard nothing yet."""
    return not own.autocommit and own.pgconn.transaction_status == TransactionStatus.IDLE


def _straight(own: psycopg.Connection[Any], statement: str, values: Sequence[object]) -> PGresult:
    return _checked(own, own.pgconn.exec_prepared(_name(own, statement), *_parameters(values)))


def _name(own: psycopg.Connection[Any], statement: str) -> bytes:
    """The name of the statement in the session; it is prepared at its first use."""
    names = _prepared.setdefault(own, {})
    name = names.get(statement)
    if name is None:
        name = f"straight_{len(names)}".encode()
        _checked(own, own.pgconn.prepare(name, statement.encode()))
        names[statement] = name
    return name


def _conversation(own: psycopg.Connection[Any], ready: Sequence[Ready], *, begins: bool, ends: bool) -> list[PGresult]:
    """Send all, then hear what became of each."""
    pgconn, results = own.pgconn, []
    try:
        pgconn.enter_pipeline_mode()
        if begins:
            pgconn.send_query_params(b"BEGIN", None)
        for name, sent, formats in ready:
            pgconn.send_query_prepared(name, sent, formats)
        if ends:
            pgconn.send_query_params(b"COMMIT", None)
        pgconn.pipeline_sync()
        look = _sent(pgconn)
        while (result := _next_result(pgconn, look)) is None or result.status != ExecStatus.PIPELINE_SYNC:
            if result is not None:
                results.append(result)
            elif pgconn.status != ConnStatus.OK:
                raise psycopg.OperationalError("The connection to the database is lost.")
        pgconn.exit_pipeline_mode()
    except BaseException:
        own.close()  # half a conversation cannot be taken up again
        raise
    return results


def _sent(pgconn: PGconn) -> select.poll:
    """Send all that waits to be sent. Returns what to wait with for the answers."""
    look = select.poll()
    look.register(pgconn.socket, select.POLLIN)
    while pgconn.flush():
        look.modify(pgconn.socket, select.POLLIN | select.POLLOUT)
        if any(event & select.POLLIN for _, event in look.poll()):
            pgconn.consume_input()
    look.modify(pgconn.socket, select.POLLIN)
    return look


def _next_result(pgconn: PGconn, look: select.poll) -> PGresult | None:
    """The next result, None between those of two statements. The interpreter's lock is free meanwhile."""
    while pgconn.is_busy():
        look.poll()
        pgconn.consume_input()
    return pgconn.get_result()


def _checked(own: psycopg.Connection[Any], result: PGresult) -> PGresult:
    if result.status in _DONE:
        return result
    if own.pgconn.status != ConnStatus.OK:
        raise psycopg.OperationalError("The connection to the database is lost.")
    raise error_from_result(cast(Any, result))


def _parameters(values: Sequence[object]) -> tuple[list[Any], list[int]]:
    """Values as the server reads them (bytes, None), and the format of each: bytes go as they are, all else as text.

    Two hundred of them go with a record, nearly all of the first three kinds.
    """
    sent: list[bytes | None] = []
    formats: list[int] = []
    for value in values:
        kind = type(value)
        is_binary = False
        if value is None:
            sent.append(None)
        elif kind is str:
            sent.append(_text(value))  # type: ignore[arg-type]  # it is one
        elif kind is int:
            sent.append(b"%d" % value)  # type: ignore[str-format]  # it is one
        elif isinstance(value, (bytes, memoryview)):
            is_binary = True
            sent.append(bytes(value))
        else:
            sent.append(_text(array_text(value) if isinstance(value, (list, tuple)) else str(value)))
        formats.append(_BINARY if is_binary else _TEXT)
    return sent, formats


def _text(text: str) -> bytes:
    if "\0" in text:
        # libpq reads a text up to its first NUL: another number than the one that was told.
        raise psycopg.DataError("A text for PostgreSQL cannot hold NUL.")
    return text.encode()


def array_text(values: Sequence[object]) -> str:
    """An array as PostgreSQL reads it from text."""
    write = str if set(map(type, values)) == {int} else _element  # most are long, and of keys
    return "{" + ",".join(map(write, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (bytes, memoryview)):
        return f'"\\\\x{bytes(value).hex()}"'
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _rows(result: PGresult) -> list[Row]:
    get, columns = result.get_value, range(result.nfields)
    return [tuple([get(row, column) for column in columns]) for row in range(result.ntuples)]
