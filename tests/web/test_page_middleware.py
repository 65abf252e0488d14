"""What protects answers stands in all of them; what is for pages leaves the REST door alone."""

from __future__ import annotations

import pytest
from csp.middleware import CSPMiddleware
from django.http import HttpResponse
from django.test import Client, RequestFactory

from mpi.web.page_middleware import ContentPolicy
from tests.rest.callers import Caller

_PROTECTION = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
)


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/match", "/api/docs/", "/sign-in/"])
def test_every_answer_holds_the_protecting_headers(db: None, path: str) -> None:
    headers = Client().get(path).headers
    assert [name for name in _PROTECTION if name not in headers] == []
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_host_that_is_not_ours_is_refused_at_the_door_too(db: None) -> None:
    assert (
        Client(raise_request_exception=False).get("/api/v1/health", headers={"Host": "evil.example"}).status_code == 400
    )


def test_the_rest_door_knows_no_session(db: None) -> None:
    client = Client()
    client.cookies["sessionid"] = "x" * 32
    answer = client.get("/api/v1/health")
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert Caller().get("jobs").status == 401


def test_the_usual_policy_is_the_one_that_django_csp_makes(rf: RequestFactory) -> None:
    def answers(update: dict[str, list[str]] | None) -> list[str]:
        made = []
        for kind in (ContentPolicy, CSPMiddleware):
            answer = HttpResponse()
            if update:
                answer._csp_update = update  # type: ignore[attr-defined]  # as django-csp's decorators do
            made.append(kind(lambda _, answer=answer: answer)(rf.get("/")).headers["Content-Security-Policy"])
        return made

    usual, own = answers(None), answers({"img-src": ["https://example.org"]})
    assert usual[0] == usual[1]
    assert own[0] == own[1] != usual[0]
