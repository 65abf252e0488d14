"""Registering, reading and taking back source records."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.models import InboundMessage, MessageState, SourceRecord
from mpi.services.ingest import ingest
from tests.rest.callers import KATHERINE, MARCUS, Caller


def test_a_new_record_answers_201_with_the_decision(caller: Caller) -> None:
    answer = caller.put("records/MERCY/1001", KATHERINE)
    assert answer.status == 201
    assert answer.headers["Location"] == "/api/v1/records/MERCY/1001"
    body = answer.body
    assert (body["source_system"], body["mrn"], body["version"]) == ("MERCY", "1001", 1)
    assert body["outcome"] == "created"
    assert body["golden_status"] == "provisional"
    assert body["decision"]["outcome"] == "new"
    assert body["potential_matches"] == []
    assert len(body["euid"].split("-")) == 3


def test_a_second_source_joins_the_same_person_and_confirms_it(caller: Caller) -> None:
    first = caller.put("records/MERCY/1001", KATHERINE).body
    second = caller.put("records/GRACE/G-7", KATHERINE)
    assert second.status == 201
    assert second.body["euid"] == first["euid"]
    assert second.body["golden_status"] == "confirmed"
    considered = second.body["decision"]["considered"][0]
    assert considered["euid"] == first["euid"]
    assert considered["source_record"] == {"source_system": "MERCY", "mrn": "1001"}
    assert considered["evidence"]["comparisons"]


def test_sending_the_same_again_changes_nothing_and_says_so(caller: Caller) -> None:
    first = caller.put("records/MERCY/1001", KATHERINE)
    again = caller.put("records/MERCY/1001", KATHERINE)
    assert again.status == 200
    assert again.body["outcome"] == "unchanged"
    assert again.body["euid"] == first.body["euid"]
    assert again.body["version"] == 1


def test_a_change_is_a_new_version_with_history(caller: Caller) -> None:
    caller.put("records/MERCY/1001", KATHERINE)
    changed = caller.put("records/MERCY/1001", {**KATHERINE, "street": "9 Linden Way"})
    assert (changed.status, changed.body["outcome"], changed.body["version"]) == (200, "updated", 2)
    read = caller.get("records/MERCY/1001").body
    assert [row["version"] for row in read["versions"]] == [2, 1]
    assert read["told"]["addresses"][0]["street"] == "9 Linden Way"


def test_post_takes_the_number_from_the_body(caller: Caller) -> None:
    answer = caller.post("records", {"source_system": "LAB", "mrn": "L/77", **MARCUS})
    assert answer.status == 201
    assert answer.headers["Location"] == "/api/v1/records/LAB/L%2F77"
    assert caller.get("records/LAB/L%2F77").body["mrn"] == "L/77"


def test_reading_a_record_shows_its_link_and_decision_and_masks_the_ssn(caller: Caller) -> None:
    put = caller.put("records/MERCY/1001", KATHERINE).body
    answer = caller.get("records/MERCY/1001")
    assert answer.status == 200
    assert answer.body["link"]["euid"] == put["euid"]
    assert answer.body["link"]["origin"] == "first"
    assert answer.body["decision"]["outcome"] == "new"
    assert "536-22-8145" not in answer.raw.decode()
    assert "536228145" not in answer.raw.decode()
    assert answer.body["told"]["identifiers"][0]["value"].endswith("8145")


def test_reading_a_record_is_audited(caller: Caller) -> None:
    caller.put("records/MERCY/1001", KATHERINE)
    answer = caller.get("records/MERCY/1001")
    event = AuditEvent.objects.get(action="record.read")
    assert str(event.correlation_id) == answer.headers["X-Correlation-Id"]
    assert (event.source, event.actor_kind) == ("rest", "client")


def test_a_number_in_the_body_that_differs_from_the_address_is_refused(caller: Caller) -> None:
    answer = caller.put("records/MERCY/1001", {**KATHERINE, "mrn": "1002"})
    assert answer.status == 422
    assert answer.body["flaws"][0]["field"] == "mrn"
    assert not SourceRecord.objects.exists()


def test_an_unknown_system_is_refused_and_nothing_is_stored(caller: Caller) -> None:
    answer = caller.put("records/NOWHERE/1", KATHERINE)
    assert (answer.status, answer.body["code"]) == (422, "unknown-system")
    assert not InboundMessage.objects.exists()


def test_an_unknown_field_is_refused_by_name(caller: Caller) -> None:
    answer = caller.put("records/MERCY/1", {**KATHERINE, "favourite_colour": "red"})
    assert answer.status == 422
    assert [flaw["field"] for flaw in answer.body["flaws"]] == ["favourite_colour"]


@pytest.mark.parametrize("told", ["1971-02-30", "1971-13-01", "3071-01-01", "yesterday", "0000-00-00", "17710309"])
def test_an_impossible_birth_date_is_refused_with_a_mend(caller: Caller, told: str) -> None:
    answer = caller.put("records/MERCY/1", {**KATHERINE, "birth_date": told})
    assert answer.status == 422
    (flaw,) = answer.body["flaws"]
    assert flaw["field"] == "birth_date"
    assert flaw["mend"]
    assert told not in answer.raw.decode()


def test_respond_async_answers_202_and_the_message_tells_the_rest(caller: Caller) -> None:
    answer = caller.put("records/MERCY/1001", KATHERINE, Prefer="respond-async")
    assert answer.status == 202
    assert answer.headers["Preference-Applied"] == "respond-async"
    location = answer.headers["Location"]
    assert caller.get(location).body["state"] == "received"
    ingest(message_ids=[InboundMessage.objects.get().pk])
    told = caller.get(location).body
    assert (told["state"], told["outcome"]) == ("applied", "created")
    assert told["source_record"] == {"source_system": "MERCY", "mrn": "1001"}
    assert told["euid"]


def test_an_earlier_message_of_the_record_is_applied_first(caller: Caller) -> None:
    caller.put("records/MERCY/1001", KATHERINE, Prefer="respond-async")
    second = caller.put("records/MERCY/1001", {**KATHERINE, "street": "9 Linden Way"})
    assert (second.status, second.body["outcome"], second.body["version"]) == (200, "updated", 2)
    assert not InboundMessage.objects.exclude(state=MessageState.APPLIED).exists()


def test_a_message_behind_a_quarantined_one_is_taken_and_waits(caller: Caller) -> None:
    caller.put("records/MERCY/1001", KATHERINE, Prefer="respond-async")
    InboundMessage.objects.update(state=MessageState.QUEUED)
    second = caller.put("records/MERCY/1001", {**KATHERINE, "street": "9 Linden Way"})
    assert second.status == 202
    assert "Preference-Applied" not in second.headers
    assert caller.get(second.headers["Location"]).body["state"] in ("received", "queued")


def test_deleting_is_soft_and_the_record_leaves_its_person(caller: Caller) -> None:
    caller.put("records/MERCY/1001", KATHERINE)
    caller.put("records/GRACE/7", KATHERINE)
    assert caller.call("DELETE", "records/MERCY/1001").status == 204
    read = caller.get("records/MERCY/1001").body
    assert (read["state"], read["link"]) == ("deleted", None)


def test_deleting_what_is_not_there_is_404(caller: Caller) -> None:
    assert caller.call("DELETE", "records/MERCY/9").status == 404


def test_a_key_sent_twice_answers_as_the_first_time(caller: Caller) -> None:
    first = caller.put("records/MERCY/1", KATHERINE, Idempotency_Key="registration-1")
    again = caller.put("records/MERCY/1", KATHERINE, Idempotency_Key="registration-1")
    assert first.body["replayed"] is False
    assert again.body["replayed"] is True
    assert (again.status, again.body["message_id"]) == (first.status, first.body["message_id"])
    assert InboundMessage.objects.count() == 1


def test_a_key_with_another_payload_is_refused(caller: Caller) -> None:
    caller.put("records/MERCY/1", KATHERINE, Idempotency_Key="registration-1")
    answer = caller.put("records/MERCY/1", MARCUS, Idempotency_Key="registration-1")
    assert (answer.status, answer.body["code"]) == (409, "idempotency-conflict")
    assert caller.get("records/MERCY/1").body["version"] == 1


def test_an_older_message_never_overwrites_newer_data(caller: Caller) -> None:
    caller.put("records/MERCY/1", {**KATHERINE, "street": "9 Linden Way", "updated_at": "2026-03-01T10:00:00Z"})
    late = caller.put("records/MERCY/1", {**KATHERINE, "updated_at": "2026-01-01T10:00:00Z"})
    assert late.body["outcome"] == "stale"
    assert caller.get("records/MERCY/1").body["told"]["addresses"][0]["street"] == "9 Linden Way"
