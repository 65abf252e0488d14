"""Acts that cannot be: a clear 4xx with code and mend, and not one row of the index differs afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from mpi.services.sweep import sweep_inbox
from tests.rest.callers import KATHERINE, MARCUS, MARGARET, MARJORIE, Caller, merge, versions_of

_STORY = frozenset({"audit", "mpi"})
_GROWS = frozenset({"audit_event", "audit_pending", "mpi_rest_key", "mpi_api_client"})
"""A refusal is read about and written down: the audit log grows, and nothing else."""


def everything() -> dict[str, tuple[int, str]]:
    """Rows and a hash of all rows of every table of the index, history included."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if model._meta.app_label not in _STORY | {"review"} or table in _GROWS or table.startswith("audit_"):
                continue
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{table}\" t"
            )
            found[table] = cursor.fetchone()
    return found


class People:
    """MERCY 1 is Katherine, MERCY 2 Marcus; Margaret and Marjorie are kept apart; one was retired, one act undone."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        for system, mrn, told in (
            ("MERCY", "1", KATHERINE),
            ("MERCY", "2", MARCUS),
            ("MERCY", "3", MARGARET),
            ("GRACE", "4", MARJORIE),
            ("MERCY", "5", {**MARCUS, "given_name": "Theo", "ssn": "604-31-9922", "birth_date": "1950-07-21"}),
            ("MERCY", "7", {**KATHERINE, "given_name": "Una", "ssn": "604-31-9923", "birth_date": "1999-07-21"}),
        ):
            caller.put(f"records/{system}/{mrn}", told)
        self.katherine, self.marcus = self.euid("MERCY/1"), self.euid("MERCY/2")
        self.margaret, self.marjorie = self.euid("MERCY/3"), self.euid("GRACE/4")
        self.retired = self.euid("MERCY/5")
        body = {"euids": [self.margaret, self.marjorie], "reason_code": "twins"}
        assert caller.post("separations", body).status == 201
        self.done("golden-records/" + self.retired + "/retire", self.why(version=self.version(self.retired)))
        act = merge(caller, survivor=self.katherine, retired=self.marcus)
        self.event = act["event_id"]
        self.done(f"identity-events/{self.event}/undo", {"reason": "The wrong row"})
        caller.put("records/MERCY/7", {**MARCUS, "phone": "419-555-0199"})
        (self.task,) = [item["id"] for item in caller.get("identity-tasks?type=overlay").body["items"]]

    def euid(self, number: str) -> str:
        return str(self.caller.get(f"records/{number}").body["link"]["euid"]).replace("-", "")

    def version(self, euid: str) -> int:
        return versions_of(self.caller, euid)[euid]

    def done(self, path: str, body: dict[str, Any]) -> None:
        answer = self.caller.post(path, body)
        assert answer.status == 200, answer.body

    @staticmethod
    def why(**more: Any) -> dict[str, Any]:
        return {"reason_code": "data-entry-error", "reason": "", **more}

    def merging(self, survivor: str, retired: str, **more: Any) -> tuple[str, dict[str, Any]]:
        body = self.why(retired_euid=retired, versions=versions_of(self.caller, survivor, retired))
        return f"golden-records/{survivor}/merge", body | more


Asked = Callable[[People], tuple[str, dict[str, Any]]]
_BAD: dict[str, tuple[Asked, int, str, str]] = {
    "merge into itself": (lambda all_: all_.merging(all_.katherine, all_.katherine), 422, "invalid-input", "retired"),
    "merge into a retired record": (lambda all_: all_.merging(all_.retired, all_.marcus), 409, "already-merged", ""),
    "merge of a retired record": (lambda all_: all_.merging(all_.marcus, all_.retired), 409, "already-merged", ""),
    "merge with a stale version": (
        lambda all_: all_.merging(all_.katherine, all_.marcus, versions={all_.katherine: 99, all_.marcus: 1}),
        409,
        "stale-version",
        "",
    ),
    "merge without the versions": (
        lambda all_: all_.merging(all_.katherine, all_.marcus, versions={all_.katherine: 1}),
        422,
        "invalid-input",
        "versions",
    ),
    "merge across a separation": (
        lambda all_: all_.merging(all_.margaret, all_.marjorie),
        409,
        "separated",
        "",
    ),
    "merge for an unknown reason": (
        lambda all_: all_.merging(all_.katherine, all_.marcus, reason_code="because"),
        422,
        "invalid-input",
        "reason_code",
    ),
    "merge for another reason that is not told": (
        lambda all_: all_.merging(all_.katherine, all_.marcus, reason_code="other"),
        422,
        "invalid-input",
        "reason",
    ),
    "merge into nobody": (
        lambda all_: (f"golden-records/{all_.katherine}/merge", all_.why(retired_euid="2N3K9QX7M4PA", versions={})),
        422,
        "invalid-input",
        "retired_euid",
    ),
    "undo twice": (lambda all_: (f"identity-events/{all_.event}/undo", {"reason": "x"}), 409, "cannot-undo", ""),
    "unmerge what is undone": (
        lambda all_: (f"identity-events/{all_.event}/unmerge", all_.why()),
        409,
        "cannot-undo",
        "",
    ),
    "link across a separation": (
        lambda all_: (
            "links",
            all_.why(source_system="GRACE", mrn="4", euid=all_.margaret, version=all_.version(all_.margaret)),
        ),
        409,
        "separated",
        "",
    ),
    "link to a retired record": (
        lambda all_: ("links", all_.why(source_system="GRACE", mrn="4", euid=all_.retired, version=1)),
        409,
        "already-merged",
        "",
    ),
    "unlink the only record": (
        lambda all_: ("unlink", all_.why(source_system="GRACE", mrn="4")),
        422,
        "invalid-input",
        "record",
    ),
    "keep somebody apart from herself": (
        lambda all_: ("separations", all_.why(euids=[all_.katherine, all_.katherine])),
        422,
        "invalid-input",
        "euid_b",
    ),
    "retire with a stale version": (
        lambda all_: (f"golden-records/{all_.katherine}/retire", all_.why(version=99)),
        409,
        "stale-version",
        "",
    ),
    "retire twice": (
        lambda all_: (f"golden-records/{all_.retired}/retire", all_.why(version=all_.version(all_.retired))),
        409,
        "already-merged",
        "",
    ),
    "a number merged into itself": (
        lambda all_: ("source-merges", all_.why(source_system="MERCY", survivor_mrn="1", subsumed_mrn="1")),
        422,
        "invalid-input",
        "subsumed_mrn",
    ),
    "a number merged that nobody has told": (
        lambda all_: ("source-merges", all_.why(source_system="MERCY", survivor_mrn="1", subsumed_mrn="99")),
        404,
        "not-found",
        "subsumed_mrn",
    ),
    "a number of another source merged": (
        lambda all_: ("source-merges", all_.why(source_system="MERCY", survivor_mrn="1", subsumed_mrn="4")),
        404,
        "not-found",
        "subsumed_mrn",
    ),
    "a number merged whose update waits": (
        lambda all_: ("source-merges", all_.why(source_system="MERCY", survivor_mrn="1", subsumed_mrn="7")),
        409,
        "under-review",
        "subsumed_mrn",
    ),
    "numbers merged on a stale screen": (
        lambda all_: (
            "source-merges",
            all_.why(
                source_system="MERCY",
                survivor_mrn="1",
                subsumed_mrn="2",
                versions=versions_of(all_.caller, all_.katherine) | {all_.marcus: 99},
            ),
        ),
        409,
        "stale-version",
        "",
    ),
    "a merge of numbers taken back that never was": (
        lambda all_: ("source-unmerges", all_.why(source_system="MERCY", subsumed_mrn="1")),
        404,
        "not-found",
        "",
    ),
    "a source that is not registered": (
        lambda all_: ("source-merges", all_.why(source_system="NOWHERE", survivor_mrn="1", subsumed_mrn="2")),
        422,
        "unknown-system",
        "source_system",
    ),
    "split before the history": (
        lambda all_: _resolve(all_, outcome="split", at="2001-01-01T00:00:00Z"),
        422,
        "invalid-input",
        "at",
    ),
    "split in the future": (
        lambda all_: _resolve(all_, outcome="split", at="2101-01-01T00:00:00Z"),
        422,
        "invalid-input",
        "at",
    ),
    "split at no time": (lambda all_: _resolve(all_, outcome="split", at="noon"), 422, "invalid-input", "at"),
    "accept at a time": (
        lambda all_: _resolve(all_, outcome="accept", at="2026-01-01T00:00:00Z"),
        422,
        "invalid-input",
        "at",
    ),
    "answer a stale task": (lambda all_: _resolve(all_, outcome="accept", version=9), 409, "stale-version", ""),
    "answer without a reason": (
        lambda all_: _resolve(all_, outcome="accept", reason=""),
        422,
        "invalid-input",
        "reason",
    ),
}


def _resolve(all_: People, **told: Any) -> tuple[str, dict[str, Any]]:
    return f"identity-tasks/{all_.task}/resolve", {"reason": "Asked the ward", **told}


@pytest.mark.parametrize("what", list(_BAD))
def test_what_cannot_be_is_refused_and_nothing_is_changed(caller: Caller, what: str) -> None:
    asked, status, code, field = _BAD[what]
    all_ = People(caller)
    sweep_inbox(older_than_s=-60)
    path, body = asked(all_)
    before = everything()
    answer = caller.post(path, body)
    assert (answer.status, answer.body["code"]) == (status, code), answer.body
    if field:
        flaw = answer.body["flaws"][0]
        assert flaw["field"] == field
        assert flaw["mend"]
    assert len(answer.body["detail"]) > 10
    assert everything() == before
    assert before["mpi_golden_record"][0] >= 5
