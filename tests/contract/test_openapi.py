"""The REST contract: the OpenAPI document changes only on purpose, and what is answered is what it says.

After a wanted change: `UPDATE_SNAPSHOTS=1 pytest tests/contract/test_openapi.py`, and read the diff.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern

from mpi.access import SCOPES
from mpi.interop.rest.schema import openapi_document
from mpi.interop.rest.urls import urlpatterns

SNAPSHOT = Path(__file__).with_name("openapi.json")
METHODS = ("get", "post", "put", "delete")
OPEN = {"/api/v1/health", "/api/problems", "/api/problems/{code}"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as it is served, as JSON."""
    return dict(json.loads(json.dumps(openapi_document(), default=str)))


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, name, told) for path, item in document["paths"].items() for name, told in item.items()]


def test_the_document_is_the_one_that_was_agreed(document: dict[str, Any]) -> None:
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    assert json.loads(SNAPSHOT.read_text()) == document, "the contract changed: see the head of this file"


def test_every_address_of_the_door_is_documented(document: dict[str, Any]) -> None:
    routes = {
        "/api/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(route.pattern))
        for route in urlpatterns
        if isinstance(route, URLPattern) and str(route.pattern).startswith(("v1/", "problems"))
    }
    assert routes == set(document["paths"])


def test_every_operation_names_its_scope_its_refusals_and_itself(document: dict[str, Any]) -> None:
    names = []
    for path, _, told in operations(document):
        names.append(told["operationId"])
        assert told["summary"]
        assert told["tags"]
        if path in OPEN:
            assert told.get("security", [{}]) in ([{}], [])
            continue
        assert told["x-required-scope"] in SCOPES
        assert told["security"] == [{"clientToken": []}]
        for status in ("401", "403", "422", "429", "503"):
            assert "application/problem+json" in told["responses"][status]["content"]
    assert len(names) == len(set(names))


def test_match_and_put_have_examples(document: dict[str, Any]) -> None:
    for path, method in (("/api/v1/match", "post"), ("/api/v1/records/{system}/{mrn}", "put")):
        content = document["paths"][path][method]["requestBody"]["content"]["application/json"]
        assert content["examples"]


def test_the_token_is_documented(document: dict[str, Any]) -> None:
    scheme = document["components"]["securitySchemes"]["clientToken"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_the_document_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    openapi_document()
    told = capsys.readouterr().err
    assert "Warning" not in told
    assert "Error" not in told
