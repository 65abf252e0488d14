"""Statements straight through libpq behave as those of a cursor: errors, transactions, lost connections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from psycopg.pq import TransactionStatus

from mpi.database.base import as_owner
from mpi.database.straight import ask, at_once, tell
from mpi.models import AssigningAuthority
from mpi.services.rows import fetch, fetch_all

_COUNT = "SELECT count(*) FROM mpi_assigning_authority WHERE namespace = $1"
_NEW = "INSERT INTO mpi_assigning_authority (namespace, oid, name) VALUES ($1, '', $1)"


def _backend() -> int:
    return int(ask("SELECT pg_backend_pid()")[0][0] or 0)


def _end(backend: int) -> None:
    """The server hangs up on us, as at a failover."""
    with as_owner():
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
        other.close()


def _told_at_once(*told: Sequence[str], ends: bool = False) -> None:
    with transaction.atomic(), at_once(ends=ends):
        for statement, *values in told:
            tell(statement, *values)


def test_values_go_and_come_as_text(db: None) -> None:
    assert ask("SELECT $1::int + 1, $2::text, NULL, true", "41", "Ö%s'") == [(b"42", "Ö%s'".encode(), None, b"t")]
    assert ask("SELECT 1 WHERE $1::int = 2", "1") == []


@pytest.mark.django_db(transaction=True)
def test_a_failure_is_djangos_and_costs_nothing_after_it() -> None:
    with pytest.raises(DataError):
        ask("SELECT 1 / $1::int", "0")
    assert ask("SELECT 1 / $1::int", "1") == [(b"1",)]


@pytest.mark.django_db(transaction=True)
def test_what_is_told_outside_a_transaction_is_committed() -> None:
    tell(_NEW, "TOLD")
    connection.close()
    assert AssigningAuthority.objects.filter(namespace="TOLD").exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_told_first_in_a_transaction_goes_with_it() -> None:
    with transaction.atomic():
        tell(_NEW, "GONE")
        assert ask(_COUNT, "GONE") == [(b"1",)]
        transaction.set_rollback(True)
    assert ask(_COUNT, "GONE") == [(b"0",)]


@pytest.mark.django_db(transaction=True)
def test_statements_outlive_a_rollback() -> None:
    with transaction.atomic():
        tell(_NEW, "GONE")
        psycopg.Cursor(connection.connection).execute("SELECT 2", prepare=True)  # psycopg would forget it, and all else
        transaction.set_rollback(True)
    with transaction.atomic():
        assert ask(_COUNT, "GONE") == [(b"0",)]
        tell(_NEW, "HERE")
    assert ask("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'straight%'") == [(b"3",)]


@pytest.mark.django_db(transaction=True)
def test_statements_that_somebody_had_the_server_forget_are_prepared_anew() -> None:
    assert ask(_COUNT, "X") == [(b"0",)]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert ask(_COUNT, "X") == [(b"0",)]
    assert ask("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'straight%'") == [(b"2",)]


def test_values_of_all_kinds_are_read_as_what_they_are(db: None) -> None:
    moment = datetime(2025, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    told = [None, True, -5, 2.5, b"\x00\\\xff", 'a "b"\\\n{,}', uuid4(), moment]
    kinds = ["text", "bool", "bigint", "float8", "bytea", "text", "uuid", "timestamptz"]
    for kind, value in zip(kinds, told, strict=True):
        one, many = fetch(f"SELECT %s::{kind}, %s::{kind}[]", value, [value, None, value])[0]
        assert one == value
        assert many == [value, None, value]


@pytest.mark.django_db(transaction=True)
def test_what_is_told_at_once_is_carried_out_in_its_order_at_the_end() -> None:
    with transaction.atomic():
        with at_once():
            tell(_NEW, "ONE")
            with at_once():
                tell("DELETE FROM mpi_assigning_authority WHERE namespace = $1", "ONE")
            tell(_NEW, "ONE")
            assert ask(_COUNT, "ONE") == [(b"0",)]
        assert ask(_COUNT, "ONE") == [(b"1",)]


@pytest.mark.django_db(transaction=True)
def test_the_first_failure_of_what_is_told_at_once_is_raised_and_all_is_undone() -> None:
    with pytest.raises(IntegrityError):
        _told_at_once((_NEW, "TWICE"), (_NEW, "TWICE"), ("SELECT 1 / $1::int", "0"))
    assert ask(_COUNT, "TWICE") == [(b"0",)]


@pytest.mark.django_db(transaction=True)
def test_the_commit_goes_along_with_what_is_told_last() -> None:
    committed: list[str] = []
    with transaction.atomic(durable=True):
        transaction.on_commit(lambda: committed.append("told"))
        with at_once(ends=True):
            tell(_NEW, "LAST")
        assert connection.connection.info.transaction_status == TransactionStatus.IDLE
        assert committed == []
    assert committed == ["told"]
    assert ask(_COUNT, "LAST") == [(b"1",)]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_around_keeps_the_commit_for_itself() -> None:
    with transaction.atomic():
        with transaction.atomic(), at_once(ends=True):
            tell(_NEW, "INNER")
        assert connection.connection.info.transaction_status == TransactionStatus.INTRANS
        transaction.set_rollback(True)
    assert ask(_COUNT, "INNER") == [(b"0",)]


@pytest.mark.django_db(transaction=True)
def test_a_failure_of_what_is_told_last_commits_nothing() -> None:
    with pytest.raises(IntegrityError):
        _told_at_once((_NEW, "ONCE"), (_NEW, "ONCE"), ends=True)
    assert ask(_COUNT, "ONCE") == [(b"0",)]


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_in_one_round_trip_is_answered_in_its_order_and_within_the_transaction() -> None:
    count = _COUNT.replace("$1", "%s")
    with transaction.atomic():
        new = (_NEW.replace("$1", "%s::text") + " RETURNING namespace", ("ASKED", "ASKED"))
        assert fetch_all((count, ("ASKED",)), new, (count, ("ASKED",))) == [[(0,)], [("ASKED",)], [(1,)]]
        transaction.set_rollback(True)
    assert fetch_all((count, ("ASKED",)), ("SELECT 1 WHERE false", ())) == [[(0,)], []]


@pytest.mark.django_db(transaction=True)
def test_after_a_failure_in_a_round_trip_the_connection_serves_on() -> None:
    with pytest.raises(DataError):
        fetch_all(("SELECT 1", ()), ("SELECT 1 / %s::int", (0,)), ("SELECT 2", ()))
    assert fetch_all(("SELECT 1", ()), ("SELECT 2", ())) == [[(1,)], [(2,)]]


def test_nothing_is_sent_of_what_was_told_before_an_error_of_our_own(db: None) -> None:
    with pytest.raises(ValueError, match="not enough"):
        _told_at_once((_NEW, "NEVER"), ())
    assert ask(_COUNT, "NEVER") == [(b"0",)]


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_while_much_is_told_at_once_is_told_as_such() -> None:
    _end(_backend())
    with pytest.raises(OperationalError):
        _told_at_once((_NEW, "LOST"))
    connection.close()
    assert ask(_COUNT, "LOST") == [(b"0",)]


@pytest.mark.django_db(transaction=True)
def test_the_first_statement_of_a_request_finds_a_dead_connection_and_takes_a_fresh_one() -> None:
    old = _backend()
    connection.health_check_enabled, connection.health_check_done = True, False
    _end(old)
    assert _backend() != old
    assert connection.health_check_done


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_later_is_told_as_such() -> None:
    old = _backend()
    connection.health_check_enabled, connection.health_check_done = True, True
    _end(old)
    with pytest.raises(OperationalError):
        _backend()
    connection.close()
    assert _backend() != old


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["123\x004", ["123", "4\x005"]])
def test_a_text_with_nul_is_refused_not_cut(value: object) -> None:
    with pytest.raises(DataError, match="NUL"):
        ask("SELECT $1::text", value)
    with pytest.raises(DataError, match="NUL"), transaction.atomic(), at_once():
        tell("SELECT $1::text", value)
