"""The ground of all tests with a database: real PostgreSQL as `mpi_app`, the shipped model, and a cast of actors."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections
from psycopg.errors import DeadlockDetected

from mpi.access import ROLES
from mpi.commands import Actor, system_actor
from mpi.database.base import as_owner

# An example that a busy machine holds up is not a wrong one.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

_GUARDED = "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE '%_append_only'"


def pytest_unconfigure(config: pytest.Config) -> None:
    """The servers of the tests end with the tests, and so does their home."""
    home, shared = Path(os.environ["MPI_HOME"]), Path(os.environ["MPI_TEST_HOME"])
    if not shared.name.startswith("mpi-test-"):
        return
    from mpi import embedded

    connections.close_all()
    embedded.remove(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any, request: Any) -> Iterator[None]:
    """The test database, migrated by its owner; the tests themselves work as `mpi_app`."""
    from django.test import TransactionTestCase
    from django.test.utils import setup_databases, teardown_databases

    # Tests that commit are emptied by the owner: the application's own role may not touch the audit log.
    TransactionTestCase._fixture_teardown = lambda *_: _empty_behind_a_browser()
    with django_db_blocker.unblock():
        suffix = getattr(request.config, "workerinput", {}).get("workerid")
        with as_owner():
            _write_without_waiting()
            old = setup_databases(
                verbosity=0,
                interactive=False,
                parallel=0,
                aliases={"default": False},
                serialized_aliases=(),
                **_named(suffix),
            )
            _leave_statistics_alone()
            connection.close()
        yield
        with as_owner():
            with connection.cursor() as cursor:  # threads of a live server may still hold a connection
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            connection.close()
            teardown_databases(old, verbosity=0)


def _write_without_waiting() -> None:
    """The tests' own server need not outlast a power cut: its commits and emptied tables do not wait for the disk."""
    if not settings.MPI_EMBEDDED_POSTGRES:
        return
    with connection.cursor() as cursor:
        for name in ("fsync", "full_page_writes"):
            cursor.execute(f"ALTER SYSTEM SET {name} = off")
        cursor.execute("SELECT pg_reload_conf()")


def _leave_statistics_alone() -> None:
    """A table that autovacuum saw empty between two tests is planned as empty in the next, which fills it in one
    transaction: quarters of an hour instead of seconds."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")


def _named(suffix: str | None) -> dict[str, Any]:
    if suffix:
        connection.settings_dict["TEST"]["NAME"] = f"test_{connection.settings_dict['NAME']}_{suffix}"
    return {}


def _empty_behind_a_browser() -> None:
    """Empty the tables, once more where a request that a browser sent last was still being answered."""
    try:
        empty_tables()
    except OperationalError as deadlock:
        if not isinstance(deadlock.__cause__, DeadlockDetected):
            raise
        empty_tables()


def empty_tables() -> None:
    """Empty every table but what `after_migrate` puts there, as the owner, append-only triggers off."""
    from mpi.services.setup import after_migrate

    connection.close()
    with as_owner():
        with connection.cursor() as cursor:
            cursor.execute(_GUARDED)
            guarded = [row[0] for row in cursor.fetchall()]
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            names = set(connection.introspection.table_names(cursor)) - {"django_migrations"}
            cursor.execute(f"TRUNCATE {', '.join(sorted(names))} RESTART IDENTITY")
            for table in guarded:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
                cursor.execute(
                    "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table]
                )
                for (trigger,) in cursor.fetchall():
                    cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
        from django.apps import apps
        from django.contrib.contenttypes.management import create_contenttypes

        create_contenttypes(apps.get_app_config("mpi"), verbosity=0)
        after_migrate()
        connection.close()


def _person(name: str, role: str) -> Actor:
    return Actor(kind="user", id=name, name=name.title(), permissions=ROLES[role], source="web")


@pytest.fixture
def clerk() -> Actor:
    return _person("carla", "clerk")


@pytest.fixture
def steward() -> Actor:
    return _person("stefan", "steward")


@pytest.fixture
def second_steward() -> Actor:
    return _person("sonja", "steward")


@pytest.fixture
def admin() -> Actor:
    return _person("adam", "administrator")


@pytest.fixture
def supervisor() -> Actor:
    return _person("susan", "supervisor")


@pytest.fixture
def auditor() -> Actor:
    return _person("aisha", "compliance officer")


@pytest.fixture
def outsider() -> Actor:
    return Actor(kind="user", id="otto", name="Otto", source="web")


@pytest.fixture
def his_client() -> Actor:
    """An integration client that may write and match."""
    scopes = frozenset({"match", "records.read", "records.write", "persons.read"})
    return Actor(kind="client", id="his", name="Hospital system", permissions=scopes, source="rest")


@pytest.fixture
def system() -> Actor:
    return system_actor("test", source="command")
