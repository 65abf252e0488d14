"""Statements straight through libpq behave as those of a cursor: errors, transactions, lost connections."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DataError, OperationalError, connection, transaction

from mpi.database.base import as_owner
from mpi.database.straight import ask, tell
from mpi.models import AssigningAuthority

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
def test_statements_outlive_that_psycopg_forgets_its_own() -> None:
    assert ask(_COUNT, "X") == [(b"0",)]
    with transaction.atomic():
        psycopg.Cursor(connection.connection).execute("SELECT 2", prepare=True)
        transaction.set_rollback(True)  # after which psycopg sends DEALLOCATE ALL
    assert ask("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'straight%'") == [(b"1",)]
    assert ask(_COUNT, "X") == [(b"0",)]


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
