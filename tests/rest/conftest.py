"""The cast of the REST door: registered source systems, clients with tokens, and people to register."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache

from mpi.access import SCOPES
from mpi.commands import Actor, system_actor
from mpi.interop.rest.throttling import FAILURES, REQUESTS
from mpi.services.clients import create_client
from mpi.services.systems import register_system
from tests.rest.callers import Caller


@pytest.fixture(autouse=True)
def _fresh_quotas() -> None:
    REQUESTS.reset()
    FAILURES.reset()
    cache.clear()


@pytest.fixture
def operator() -> Actor:
    return system_actor("test", source="command")


@pytest.fixture
def systems(db: None, operator: Actor) -> tuple[str, ...]:
    """Three hospitals."""
    for rank, code in enumerate(("MERCY", "GRACE", "LAB"), start=1):
        register_system(code=code, name=code.title(), rank=rank, actor=operator)
    return ("MERCY", "GRACE", "LAB")


MakeCaller = Callable[..., Caller]


@pytest.fixture
def make_caller(systems: tuple[str, ...], operator: Actor) -> MakeCaller:
    """Callers with chosen scopes and source systems."""
    count = iter(range(100))

    def make(*scopes: str, systems: tuple[str, ...] = ()) -> Caller:
        name = f"client-{next(count)}"
        made = create_client(name=name, scopes=scopes or SCOPES, systems=systems, actor=operator)
        return Caller(made.token)

    return make


@pytest.fixture
def caller(make_caller: MakeCaller) -> Caller:
    """A caller that may do everything a client can be given."""
    return make_caller()
