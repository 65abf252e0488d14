"""Generated requests for every operation: never a server error, and every answer as the document says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mpi.access import SCOPES
from mpi.commands import system_actor
from mpi.interop.rest.schema import openapi_document
from mpi.interop.rest.throttling import REQUESTS
from mpi.services.clients import create_client
from mpi.services.systems import register_system
from mpi.wsgi import application

pytestmark = pytest.mark.slow
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@schemathesis.serializer("application/x-ndjson")
def one_line(_: object, value: object) -> bytes:
    """A batch of one line."""
    return json.dumps(value).encode()


@pytest.fixture
def _connection_stays(db: None) -> Iterator[None]:
    """Outside Django's own test client a request would close the connection that the test's transaction is on."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(_connection_stays: None) -> str:
    """A client that may do everything."""
    operator = system_actor("test", source="command")
    for code in ("MERCY", "LAB"):
        register_system(code=code, actor=operator)
    REQUESTS.reset()
    return create_client(name="schemathesis", scopes=SCOPES, actor=operator).token


@cache
def operations() -> dict[str, schemathesis.schemas.APIOperation]:
    """Every operation of the served document, by method and path, over the real WSGI application."""
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(openapi_document(), default=str)))
    schema.app = application
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


@pytest.mark.parametrize("label", operations())
def test_every_answer_is_what_the_document_says(label: str, token: str) -> None:
    @given(case=operations()[label].as_strategy())
    @settings(max_examples=10, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    ask()
