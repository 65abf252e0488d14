"""PostgreSQL with two habits: it starts the embedded server when asked to, and it works as `mpi_app`.

`SET ROLE mpi_app` takes away what the application must never do (rewrite the audit log). It is a
guard against our own mistakes and injected SQL; proof against an administrator is the sealed log.
Migrations and test set-up run as the owner: see `as_owner`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from mpi import embedded

_TAKE_ROLE = (
    "SELECT set_config('role', rolname, false) FROM pg_roles "
    "WHERE rolname = 'mpi_app' AND pg_has_role(current_user, oid, 'MEMBER')"
)
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
        if settings.MPI_EMBEDDED_POSTGRES:
            embedded.ensure_running(Path(settings.MPI_HOME), valkey=settings.MPI_EMBEDDED_VALKEY)
        return super().get_connection_params()

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if _owner_depth:
            return
        with self.connection.cursor() as cursor:
            cursor.execute(_TAKE_ROLE)
        if not self.get_autocommit():
            self.connection.commit()
