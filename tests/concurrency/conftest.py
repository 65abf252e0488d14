"""Tests that commit, with eight threads at hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mpi.commands import Actor
from mpi.services.systems import register_system
from tests.concurrency.racing import Racers


@pytest.fixture(autouse=True)
def _systems(transactional_db: None, system: Actor) -> None:
    for rank, code in enumerate(("HIS", "LAB", "PORTAL", "CLINIC"), start=1):
        register_system(code=code, rank=rank * 10, actor=system)


@pytest.fixture
def racers(_systems: None) -> Iterator[Racers]:
    """Eight threads, each with a connection of its own."""
    eight = Racers(8)
    yield eight
    eight.close()
