"""PostgreSQL with two habits: it starts the embedded server when asked to, and it works as `mpi_app`.

`SET ROLE mpi_app` takes away what the application must never do (rewrite the audit log). It is a
guard against our own mistakes and injected SQL; proof against an administrator is the sealed log.
Migrations and test set-up run as the owner: see `as_owner`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base

from mpi import embedded

_TAKE_ROLE = (
    "SELECT set_config('role', rolname, false) FROM pg_roles "
    "WHERE rolname = 'mpi_app' AND pg_has_role(current_user, oid, 'MEMBER')"
)
_RECOVERY_S = 30.0
_owner_depth = 0


@contextmanager
def as_owner() -> Iterator[None]:
    """Connections opened inside keep the login role: for migrations and the emptying of test tables."""
    global _owner_depth
    _owner_depth += 1
    try:
        yield
    finally:
        _owner_depth -= 1


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection to the index's PostgreSQL."""

    def get_connection_params(self) -> dict[str, Any]:
        if settings.MPI_EMBEDDED_POSTGRES or settings.MPI_EMBEDDED_VALKEY:
            embedded.ensure_running(
                Path(settings.MPI_HOME), postgres=settings.MPI_EMBEDDED_POSTGRES, valkey=settings.MPI_EMBEDDED_VALKEY
            )
        return super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; while the server is starting up or recovering, wait for it."""
        ends = time.monotonic() + _RECOVERY_S
        while True:
            try:
                return super().get_new_connection(conn_params)
            except psycopg.OperationalError as error:
                if "starting up" not in str(error) and "recovery mode" not in str(error):
                    raise
                if time.monotonic() > ends:
                    raise
                time.sleep(0.2)

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if _owner_depth:
            return
        with self.connection.cursor() as cursor:
            cursor.execute(_TAKE_ROLE)
        if not self.get_autocommit():
            self.connection.commit()
