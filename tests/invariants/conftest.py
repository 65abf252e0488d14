"""One index for all corruptions of a module: made and committed once, each corruption rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mpi.access import ROLES
from mpi.commands import Actor
from tests.conftest import empty_tables
from tests.invariants.life import live


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """An index in which everything has happened."""
    with django_db_blocker.unblock():
        live(Actor(kind="user", id="stefan", name="Stefan", permissions=ROLES["steward"], source="web"))
    yield
    with django_db_blocker.unblock():
        empty_tables()
