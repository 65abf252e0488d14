"""Four source systems, and a second supervisor."""

from __future__ import annotations

import pytest

from mpi.access import ROLES
from mpi.commands import Actor
from mpi.services.systems import register_system


@pytest.fixture(autouse=True)
def _systems(db: None, system: Actor) -> None:
    for rank, code in enumerate(("HIS", "LAB", "PORTAL", "CLINIC"), start=1):
        register_system(code=code, name=code.title(), rank=rank * 10, actor=system)


@pytest.fixture
def second_supervisor() -> Actor:
    return Actor(kind="user", id="sven", name="Sven", permissions=ROLES["supervisor"], source="web")
