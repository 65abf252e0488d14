"""`POST match` through the door, with the real engine."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.models import GoldenRecord, InboundMessage, SourceRecord
from tests.rest.callers import KATHERINE, MARCUS, Caller


@pytest.fixture
def registered(caller: Caller) -> str:
    """Katherine and Marcus are in the index; the answer is Katherine's EUID."""
    assert caller.put("records/MERCY/2", MARCUS).status == 201
    answer = caller.put("records/MERCY/1", KATHERINE)
    assert answer.status == 201
    return str(answer.body["euid"])


def test_the_right_person_comes_first_with_probability_grade_and_evidence(caller: Caller, registered: str) -> None:
    answer = caller.post("match", {**KATHERINE, "given_name": "Kathy", "phone": ""})
    assert answer.status == 200
    best = answer.body["candidates"][0]
    assert best["euid"] == registered
    assert best["grade"] == "certain"
    assert best["probability"] > 0.95
    assert best["golden_record"]["values"]["family_name"].upper() == "OYELARAN"


def test_the_evidence_adds_up_to_the_match_weight(caller: Caller, registered: str) -> None:
    evidence = caller.post("match", KATHERINE).body["candidates"][0]["evidence"]
    parts = sum(part["bits"] + part["frequency_bits"] for part in evidence["comparisons"])
    assert evidence["match_weight_bits"] == pytest.approx(evidence["prior_bits"] + parts, abs=1e-6)
    assert all(part["words"] for part in evidence["comparisons"])


def test_matching_writes_nothing_but_the_audit(caller: Caller, registered: str) -> None:
    before = (GoldenRecord.objects.count(), SourceRecord.objects.count(), InboundMessage.objects.count())
    events = AuditEvent.objects.count()
    caller.post("match", KATHERINE)
    after = (GoldenRecord.objects.count(), SourceRecord.objects.count(), InboundMessage.objects.count())
    assert after == before
    fresh = AuditEvent.objects.order_by("id")[events:]
    assert {event.action for event in fresh} == {"match.requested"}
    assert registered.replace("-", "") in {event.subject_id for event in fresh}


def test_a_stranger_finds_nobody(caller: Caller, registered: str) -> None:
    stranger = {"given_name": "Ingrid", "family_name": "Solheim", "birth_date": "1990-06-01", "sex": "F"}
    answer = caller.post("match", stranger)
    assert answer.status == 200
    assert answer.body["candidates"] == []


def test_the_limit_holds(caller: Caller, registered: str) -> None:
    assert len(caller.post("match?limit=1", KATHERINE).body["candidates"]) == 1


@pytest.mark.parametrize("limit", ["0", "51", "-1", "ten", "1e3", "²"])
def test_a_limit_that_cannot_be_is_refused_by_name(caller: Caller, limit: str) -> None:
    answer = caller.post(f"match?limit={limit}", KATHERINE)
    assert answer.status == 422
    assert answer.body["flaws"][0]["field"] == "limit"


def test_pain_09_only_certain_leaves_out_what_would_not_link(caller: Caller, registered: str) -> None:
    vague = {"given_name": "Katherine", "family_name": "Oyelaran", "birth_date": "1971-03-09"}
    everything = caller.post("match", vague).body["candidates"]
    certain = caller.post("match?only_certain=true", vague).body["candidates"]
    assert {one["grade"] for one in certain} <= {"certain"}
    assert len(certain) <= len(everything)


def test_repeated_values_are_understood(caller: Caller, registered: str) -> None:
    told = {
        "names": [{"given": "Katherine", "family": "Oyelaran"}, {"family": "Bassey", "use": "maiden"}],
        "birth_date": "1971-03-09",
        "telecoms": [{"kind": "phone", "value": "(937) 555-0141", "use": "mobile"}],
        "identifiers": [{"authority": "SSA", "type": "SS", "value": "536228145"}],
    }
    assert caller.post("match", told).body["candidates"][0]["euid"] == registered


def test_no_ssn_stands_in_an_answer_in_clear(caller: Caller, registered: str) -> None:
    raw = caller.post("match", KATHERINE).raw.decode()
    assert "536-22-8145" not in raw
    assert "536228145" not in raw
    assert "8145" in raw


def test_a_record_that_tells_nothing_is_refused_with_a_mend(caller: Caller) -> None:
    answer = caller.post("match", {"given_name": "UNKNOWN", "family_name": "UNKNOWN"})
    assert answer.status == 422
    assert answer.body["flaws"][0]["mend"]
