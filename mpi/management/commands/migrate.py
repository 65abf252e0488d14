"""`migrate`, as the owner of the tables: the application's own role must not be able to change them."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from mpi.database.base import as_owner


class Command(migrate.Command):
    """Django's own command with the login role instead of `mpi_app`."""

    def handle(self, *args: Any, **options: Any) -> None:
        connections[options["database"]].close()
        with as_owner():
            super().handle(*args, **options)
            connections[options["database"]].close()
