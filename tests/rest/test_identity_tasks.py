"""Suspected overlays for machines."""

from __future__ import annotations

from uuid import uuid4

import pytest

from audit.models import AuditEvent
from mpi.euid import normal_euid
from mpi.models import InboundMessage
from mpi.services.sweep import sweep_inbox
from mpi.services.watch import watch_persons
from tests.rest.callers import KATHERINE, MARCUS, Caller
from tests.rest.conftest import MakeCaller


@pytest.fixture
def task(caller: Caller) -> dict[str, object]:
    """MERCY 1 was Katherine; then it was told that it is Marcus."""
    caller.put("records/MERCY/1", KATHERINE)
    assert caller.put("records/MERCY/1", MARCUS).status == 202
    (found,) = caller.get("identity-tasks").body["items"]
    return dict(found)


def states() -> list[str]:
    return list(InboundMessage.objects.order_by("pk").values_list("state", flat=True))


def test_the_list_says_why_and_what_waits_and_no_demographics(caller: Caller, task: dict[str, object]) -> None:
    caller.put("records/MERCY/1", {**MARCUS, "phone": "419-555-0101"})
    answer = caller.get("identity-tasks")
    (line,) = answer.body["items"]
    assert (line["type"], line["status"], line["waiting_behind"]) == ("overlay", "open", 1)
    assert line["source_record"] == {"source_system": "MERCY", "mrn": "1"}
    assert line["euid"] == caller.get("records/MERCY/1").body["link"]["euid"]
    assert {"code", "words"} == set(line["reasons"][0])
    assert caller.get(f"messages/{line['message_id']}").body["state"] == "queued"
    for said in ("oyelaran", "whitfield", "marcus"):
        assert said not in answer.raw.decode().lower()
    assert AuditEvent.objects.filter(action="task.read").exists()


def test_one_task_shows_what_is_trusted_and_what_waits(caller: Caller, task: dict[str, object]) -> None:
    answer = caller.get(f"identity-tasks/{task['id']}")
    assert answer.status == 200
    assert answer.body["trusted"]["told"]["names"][0]["family"] == "Oyelaran"
    assert answer.body["trusted"]["state"] == "quarantined"
    assert answer.body["update"]["names"][0]["family"] == "Whitfield"
    digits = answer.raw.decode().replace("-", "")
    assert "536228145" not in digits
    assert "219447710" not in digits
    assert AuditEvent.objects.filter(action="task.read", detail__task=task["id"]).count() == 1


def test_accepting_applies_the_update_and_what_is_behind(caller: Caller, task: dict[str, object]) -> None:
    caller.put("records/MERCY/1", {**MARCUS, "phone": "419-555-0101"})
    answer = caller.post(f"identity-tasks/{task['id']}/resolve", {"outcome": "accept", "reason": "Asked the ward"})
    assert (answer.status, answer.body["status"], answer.body["version"]) == (200, "accepted", 2)
    assert answer.body["message_id"] == task["message_id"]
    sweep_inbox(older_than_s=-60)
    assert states() == ["applied", "applied", "applied"]
    told = caller.get("records/MERCY/1").body
    assert (told["version"], told["told"]["telecoms"][0]["value"]) == (3, "419-555-0101")
    assert caller.get("identity-tasks").body["items"] == []
    closed = caller.get(f"identity-tasks/{task['id']}").body
    assert closed["trusted"]["told"]["names"][0]["family"] == "Oyelaran", "as it was while the update waited"


def test_rejecting_leaves_the_record_as_it_was(caller: Caller, task: dict[str, object]) -> None:
    before = caller.get("records/MERCY/1").body["told"]
    answer = caller.post(f"identity-tasks/{task['id']}/resolve", {"outcome": "reject", "reason": "Wrong chart"})
    assert (answer.status, answer.body["status"]) == (200, "rejected")
    sweep_inbox(older_than_s=-60)
    assert states() == ["applied", "rejected"]
    after = caller.get("records/MERCY/1").body
    assert (after["version"], after["state"], after["told"]) == (1, "active", before)
    assert [item["id"] for item in caller.get("identity-tasks?status=rejected").body["items"]] == [task["id"]]


def test_it_is_decided_once_but_a_repeated_key_answers_as_the_first_time(
    caller: Caller, task: dict[str, object]
) -> None:
    path, body = f"identity-tasks/{task['id']}/resolve", {"outcome": "reject", "reason": "Wrong chart"}
    first = caller.post(path, body, Idempotency_Key="k-1")
    again = caller.post(path, body, Idempotency_Key="k-1")
    assert (again.status, again.body, again.headers["Idempotency-Replayed"]) == (200, first.body, "true")
    other = caller.post(path, {**body, "outcome": "accept"})
    assert (other.status, other.body["code"]) == (409, "already-decided")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"outcome": "accept"}, "reason"),
        ({"outcome": "accept", "reason": " "}, "reason"),
        ({"outcome": "accept", "reason": "x" * 501}, "reason"),
        ({"outcome": "maybe", "reason": "x"}, "outcome"),
        ({"outcome": "accept", "reason": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_body_that_cannot_be_is_refused_and_nothing_is_decided(
    caller: Caller, task: dict[str, object], body: dict[str, str], field: str
) -> None:
    answer = caller.post(f"identity-tasks/{task['id']}/resolve", body)
    assert answer.status == 422
    assert answer.body["flaws"][0]["field"] == field
    assert caller.get(f"identity-tasks/{task['id']}").body["status"] == "open"


def test_filters_narrow_the_list_and_pages_miss_none(caller: Caller, task: dict[str, object]) -> None:
    def found(query: str) -> int:
        return len(caller.get(f"identity-tasks?{query}").body["items"])

    assert (found("type=overlay"), found("type=large-person")) == (1, 0)
    assert (found("source_system=MERCY"), found("source_system=LAB")) == (1, 0)
    assert caller.get("identity-tasks?status=shut").status == 422
    caller.put("records/LAB/2", KATHERINE)
    caller.put("records/LAB/2", MARCUS)
    first = caller.get("identity-tasks?limit=1").body
    second = caller.get(f"identity-tasks?limit=1&cursor={first['next']}").body
    assert first["items"][0]["id"] == task["id"]
    assert second["items"][0]["source_record"]["source_system"] == "LAB"
    assert second["next"] is None


def test_it_needs_the_scope_review(make_caller: MakeCaller, task: dict[str, object]) -> None:
    reader = make_caller("records.read", "persons.read")
    assert reader.get("identity-tasks").status == 403
    assert reader.get(f"identity-tasks/{task['id']}").status == 403
    body = {"outcome": "accept", "reason": "x"}
    assert reader.post(f"identity-tasks/{task['id']}/resolve", body).status == 403


def test_an_unknown_task_is_404(caller: Caller) -> None:
    assert caller.get(f"identity-tasks/{uuid4()}").status == 404
    body = {"outcome": "accept", "reason": "x"}
    assert caller.post(f"identity-tasks/{uuid4()}/resolve", body).status == 404


def owner(caller: Caller, number: str, told: dict[str, str]) -> str:
    """The golden record under which a record is told."""
    caller.put(f"records/{number}", told)
    return str(caller.get(f"records/{number}").body["link"]["euid"])


def test_a_conflict_names_both_records_and_whose_they_are(caller: Caller) -> None:
    one = owner(caller, "MERCY/1", KATHERINE)
    other = owner(caller, "LAB/2", {**MARCUS, "ssn": KATHERINE["ssn"]})
    assert watch_persons(whole=True).opened == 1
    (line,) = caller.get("identity-tasks?type=identifier-conflict").body["items"]
    assert (line["source_record"]["mrn"], line["other_source_record"]["mrn"]) == ("1", "2")
    assert (line["euid"], line["other_euid"]) == (one, other)
    assert caller.get(f"identity-tasks/{line['id']}").body["trusted"]["told"]["names"][0]["family"] == "Oyelaran"
    read = AuditEvent.objects.get(action="task.read", detail__task=line["id"])
    seen = {subject for subject in read.subjects if subject.startswith("golden_record:")}
    assert seen == {f"golden_record:{normal_euid(euid)}" for euid in (one, other)}, "both persons were read"
