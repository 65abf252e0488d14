"""Programs that call the REST door in tests, and the people they ask about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

KATHERINE = {
    "given_name": "Katherine",
    "middle_name": "Louise",
    "family_name": "Oyelaran",
    "birth_date": "1971-03-09",
    "sex": "F",
    "ssn": "536-22-8145",
    "street": "12 Alder Court",
    "city": "Dayton",
    "state": "OH",
    "postal_code": "45402",
    "phone": "937-555-0141",
    "email": "k.oyelaran@example.org",
}
"""A person about whom everything is known."""

MARCUS = {
    "given_name": "Marcus",
    "family_name": "Whitfield",
    "birth_date": "1984-11-30",
    "sex": "M",
    "ssn": "219-44-7710",
    "street": "801 Kettering Boulevard",
    "city": "Toledo",
    "state": "OH",
    "postal_code": "43604",
    "phone": "419-555-0187",
}
"""Somebody else."""


MARGARET = {
    "given_name": "Margaret",
    "middle_name": "Ann",
    "family_name": "Holloway",
    "birth_date": "1971-03-09",
    "sex": "F",
    "ssn": "412-55-8801",
    "street": "18 Orchard Lane",
    "city": "Concord",
    "state": "NH",
    "postal_code": "03301",
    "phone": "603-555-0141",
}
"""One of a pair."""

MARJORIE = {
    **MARGARET,
    "given_name": "Marjorie",
    "middle_name": "",
    "ssn": "",
    "street": "18 Orchard Ln",
    "phone": "603-555-0114",
}
"""Her twin, or herself misspelt: only a person can tell."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with its parsed body."""

    status: int
    body: Any
    headers: Any
    raw: bytes


class Caller:
    """A program that calls the door with its token. Every answer is checked for what all must have."""

    def __init__(self, token: str = "") -> None:
        self.token = token
        self._client = Client(raise_request_exception=False)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        content_type: str = "application/json",
        **headers: str,
    ) -> Answered:
        """One request under /api/v1/ (or /api/ for a path that begins with a slash)."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named.setdefault("Authorization", f"Bearer {self.token}")
        url = path if path.startswith("/") else f"/api/v1/{path}"
        told = self._client.generic(method, url, content, content_type=content_type, headers=named)
        answer = Answered(
            status=told.status_code,
            body=json.loads(told.content) if "json" in told.headers.get("Content-Type", "") and told.content else None,
            headers=told.headers,
            raw=told.content,
        )
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Correlation-Id"]
        assert answer.status < 500 or answer.status == 503, answer.body
        if answer.status >= 400:
            check_problem(answer)
        return answer

    def get(self, path: str, **headers: str) -> Answered:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answered:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: object = None, **headers: str) -> Answered:
        return self.call("PUT", path, body, **headers)


def check_problem(answer: Answered) -> None:
    """What every refusal must be: RFC 9457, with code, correlation id and flaws that say how to mend."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.body
    assert problem["status"] == answer.status
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert problem["type"] == f"/api/problems/{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    assert isinstance(problem["flaws"], list)
    assert all(flaw["field"] and flaw["problem"] for flaw in problem["flaws"])


def versions_of(caller: Caller, *euids: str) -> dict[str, int]:
    """The versions of golden records as they stand now."""
    return {euid: caller.get(f"golden-records/{euid}").body["version"] for euid in euids}


def merge(caller: Caller, *, survivor: str, retired: str) -> dict[str, Any]:
    """Merge two golden records as they stand now."""
    body = {
        "retired_euid": retired,
        "versions": versions_of(caller, survivor, retired),
        "reason_code": "documents-seen",
        "reason": "Passport",
    }
    answer = caller.post(f"golden-records/{survivor}/merge", body)
    assert answer.status == 200, answer.body
    return dict(answer.body)
