"""`?as_of=`: a golden record and its source records as the index held them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from audit.models import AuditEvent
from tests.rest.callers import KATHERINE, MARCUS, Caller, merge
from tests.services.history import now


@pytest.fixture
def katherine(caller: Caller) -> str:
    """Katherine, known to one hospital."""
    return str(caller.put("records/MERCY/1", KATHERINE).body["euid"])


def as_of(instant: datetime) -> str:
    return f"?as_of={quote(instant.isoformat())}"


def test_a_golden_record_answers_with_the_values_of_that_instant(caller: Caller, katherine: str) -> None:
    first, before = now(), caller.get(f"golden-records/{katherine}").body
    caller.put("records/MERCY/1", {**KATHERINE, "street": "9 Linden Way"})
    then = caller.get(f"golden-records/{katherine}{as_of(first)}").body
    assert {name: then[name] for name in before} == before
    assert datetime.fromisoformat(then["as_of"]) == first
    assert (then["status_now"], then["version_now"]) == ("provisional", 2)
    assert then["values"]["address"]["street"] == "12 Alder Court"
    assert then["values"]["ssn"].endswith("8145")
    assert "enc:" not in str(then)
    assert caller.get(f"golden-records/{katherine}{as_of(now())}").body["values"]["address"]["street"] == "9 Linden Way"


def test_a_merged_euid_is_itself_before_the_merge_and_its_survivor_after(caller: Caller, katherine: str) -> None:
    other = caller.put("records/LAB/3", MARCUS).body["euid"]
    before = now()
    merge(caller, survivor=katherine, retired=other)
    after = now()
    then = caller.get(f"golden-records/{other}{as_of(before)}").body
    assert (then["euid"], then["merged_into"], then["status_now"]) == (other, None, "merged")
    then = caller.get(f"golden-records/{other}{as_of(after)}").body
    assert (then["euid"], then["merged_into"], then["requested_euid"]) == (katherine, katherine, other)


def test_source_records_of_an_instant_come_as_they_were_told_in_pages(caller: Caller, katherine: str) -> None:
    first = now()
    caller.put("records/GRACE/7", KATHERINE)
    second = now()
    caller.put("records/MERCY/1", {**KATHERINE, "street": "9 Linden Way"})
    path = f"golden-records/{katherine}/source-records"
    (alone,) = caller.get(f"{path}{as_of(first)}").body["items"]
    assert (alone["mrn"], alone["version"], alone["told"]["addresses"][0]["street"]) == ("1", 1, "12 Alder Court")
    page = caller.get(f"{path}{as_of(second)}&limit=1").body
    rest = caller.get(f"{path}{as_of(second)}&limit=1&cursor={page['next']}").body
    assert [row["mrn"] for row in (*page["items"], *rest["items"])] == ["1", "7"]
    assert (page["items"][0]["version"], rest["next"]) == (1, None)
    assert "8145" in str(page["items"][0]["told"])
    assert "536-22" not in str(page["items"])


@pytest.mark.parametrize("part", ["", "/source-records"])
def test_an_instant_that_cannot_be_asked_is_refused_with_its_mend(caller: Caller, katherine: str, part: str) -> None:
    path = f"golden-records/{katherine}{part}"
    for told in (as_of(datetime.now(UTC) + timedelta(days=1)), "?as_of=2026-01-01T00:00:00", "?as_of=yesterday"):
        answer = caller.get(path + told)
        assert (answer.status, answer.body["code"]) == (422, "invalid-input")
        assert (answer.body["flaws"][0]["field"], bool(answer.body["flaws"][0]["mend"])) == ("as_of", True)
    answer = caller.get(f"{path}?as_of=2001-01-01T00:00:00Z")
    assert (answer.status, answer.body["code"]) == (404, "not-found")
    assert answer.body["flaws"][0]["mend"].startswith("ask for 20")


def test_a_look_at_the_past_is_audited_as_one_of_the_present_is(caller: Caller, katherine: str) -> None:
    caller.get(f"golden-records/{katherine}{as_of(now())}")
    caller.get(f"golden-records/{katherine}/source-records{as_of(now())}")
    reads = AuditEvent.objects.filter(action="person.read", subject_id=katherine.replace("-", ""))
    assert [bool(event.detail["as_of"]) for event in reads] == [True, True]
