"""The queue for machines."""

from __future__ import annotations

from uuid import uuid4

import pytest

from audit.models import AuditEvent
from tests.rest.callers import MARGARET, MARJORIE, Caller, versions_of


@pytest.fixture
def question(caller: Caller) -> dict[str, object]:
    """Margaret and Marjorie Holloway: one house, one birth date."""
    caller.put("records/MERCY/1", MARGARET)
    opened = caller.put("records/LAB/9", MARJORIE).body["potential_matches"]
    assert len(opened) == 1
    return dict(caller.get("potential-matches").body["items"][0])


def test_an_upsert_tells_of_the_question_it_opened(caller: Caller) -> None:
    caller.put("records/MERCY/1", MARGARET)
    body = caller.put("records/LAB/9", MARJORIE).body
    assert body["decision"]["outcome"] == "review"
    (opened,) = body["potential_matches"]
    assert body["euid"] in opened["euids"]
    assert opened["grade"] in {"probable", "possible"}


def test_the_queue_names_both_sides_and_no_demographics(caller: Caller, question: dict[str, object]) -> None:
    answer = caller.get("potential-matches")
    assert [item["id"] for item in answer.body["items"]] == [question["id"]]
    assert len(question["golden_records"]) == 2  # type: ignore[arg-type]
    assert "Holloway" not in answer.raw.decode()
    assert "HOLLOWAY" not in answer.raw.decode()


def test_one_question_shows_both_persons_and_the_evidence(caller: Caller, question: dict[str, object]) -> None:
    answer = caller.get(f"potential-matches/{question['id']}")
    assert answer.status == 200
    assert {person["values"]["given_name"].upper() for person in answer.body["persons"]} == {"MARGARET", "MARJORIE"}
    assert {row["source_system"] for row in answer.body["source_records"]} == {"MERCY", "LAB"}
    assert answer.body["decision"]["considered"][0]["evidence"]["comparisons"]
    assert "412558801" not in answer.raw.decode().replace("-", "")
    assert AuditEvent.objects.filter(action="potential_match.read", subject_id=question["id"]).count() == 1


def test_filters_narrow_the_queue(caller: Caller, question: dict[str, object]) -> None:
    def found(query: str) -> int:
        return len(caller.get(f"potential-matches?{query}").body["items"])

    assert found("kind=overlap") == 1
    assert found("kind=duplicate") == 0
    assert found("source_system=LAB") == 1
    assert found("source_system=GRACE") == 0
    assert found("least_probability=0.2") == 1
    assert found("least_probability=1") == 0
    assert found("status=same") == 0
    assert found("opened_since=2026-01-01T00:00:00Z") == 1


@pytest.mark.parametrize(
    "query",
    ["kind=best", "status=shut", "least_probability=2", "least_probability=nan", "opened_since=monday",
     "opened_since=2026-01-01", "cursor=x", "cursor=WzEsMl0", "limit=500", "colour=red", "kind=overlap&kind=overlap"],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused(caller: Caller, query: str) -> None:
    answer = caller.get(f"potential-matches?{query}")
    assert answer.status == 422
    assert answer.body["flaws"][0]["field"] == query.partition("=")[0]


def test_same_merges_and_the_older_euid_survives(caller: Caller, question: dict[str, object]) -> None:
    first, second = (caller.get(path).body["link"]["euid"] for path in ("records/MERCY/1", "records/LAB/9"))
    body = {
        "outcome": "same",
        "version": question["version"],
        "versions": versions_of(caller, first, second),
        "reason_code": "patient-confirmed",
    }
    resolved = caller.post(f"potential-matches/{question['id']}/resolve", body)
    assert resolved.status == 200
    assert caller.get(f"golden-records/{second}").body["merged_into"] == first
    assert caller.get("potential-matches").body["items"] == []
    assert caller.get(f"potential-matches/{question['id']}").body["resolved_by_event"] == resolved.body["event_id"]


def test_different_keeps_apart_and_undo_opens_the_question_again(caller: Caller, question: dict[str, object]) -> None:
    body = {"outcome": "different", "version": question["version"], "reason_code": "twins"}
    resolved = caller.post(f"potential-matches/{question['id']}/resolve", body)
    assert resolved.status == 200
    assert caller.get("potential-matches").body["items"] == []
    assert caller.post(f"identity-events/{resolved.body['event_id']}/undo", {"reason": "A slip"}).status == 200
    assert [item["id"] for item in caller.get("potential-matches").body["items"]] == [question["id"]]


def test_who_comes_second_is_told_who_decided(caller: Caller, question: dict[str, object]) -> None:
    body = {"outcome": "different", "version": question["version"], "reason_code": "twins"}
    caller.post(f"potential-matches/{question['id']}/resolve", body)
    second = caller.post(f"potential-matches/{question['id']}/resolve", body)
    assert (second.status, second.body["code"]) == (409, "already-decided")


def test_a_stale_question_is_refused(caller: Caller, question: dict[str, object]) -> None:
    body = {"outcome": "different", "version": 99, "reason_code": "twins"}
    answer = caller.post(f"potential-matches/{question['id']}/resolve", body)
    assert (answer.status, answer.body["code"]) == (409, "stale-version")


@pytest.mark.parametrize("outcome", ["same", "different"])
def test_an_answer_about_golden_records_that_changed_since_is_refused(
    caller: Caller, question: dict[str, object], outcome: str
) -> None:
    path = f"potential-matches/{question['id']}"
    seen = caller.get(path).body
    stale = {person["euid"]: 99 for person in seen["persons"]}
    body = {"outcome": outcome, "version": seen["version"], "versions": stale, "reason_code": "twins"}
    answer = caller.post(f"{path}/resolve", body)
    assert (answer.status, answer.body["code"]) == (409, "stale-version")
    assert caller.get(path).body["status"] == "open"


def test_an_unknown_question_is_404(caller: Caller) -> None:
    assert caller.get(f"potential-matches/{uuid4()}").status == 404


def test_the_queue_comes_in_pages_that_miss_none(caller: Caller) -> None:
    for number, street in enumerate(("18 Orchard Lane", "5 Mill Street", "77 Harbour Road")):
        family = {"family_name": ("Holloway", "Przybylski", "Okonkwo")[number], "street": street}
        family |= {"birth_date": f"19{71 + number}-03-09", "phone": f"603-555-02{number}1"}
        caller.put(f"records/MERCY/{number}", {**MARGARET, **family, "ssn": f"41{number}-55-880{number}"})
        caller.put(f"records/LAB/{number}", {**MARJORIE, **family, "phone": ""})
    whole = [item["id"] for item in caller.get("potential-matches").body["items"]]
    assert len(whole) >= 3
    seen, cursor = [], ""
    while cursor is not None:
        page = caller.get("potential-matches?limit=1" + (f"&cursor={cursor}" if cursor else "")).body
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == whole
