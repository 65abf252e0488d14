"""What did not survive is told with who tells it; a number only by its last four."""

from __future__ import annotations

from tests.rest.callers import KATHERINE, Caller
from tests.rest.test_as_of import as_of
from tests.services.history import now


def test_losing_values_name_their_source_records(caller: Caller) -> None:
    euid = caller.put("records/MERCY/1", {**KATHERINE, "phone": "937-555-0101"}).body["euid"]
    caller.put("records/GRACE/7", {**KATHERINE, "phone": "937-555-0102", "ssn": "536-22-8154"})
    answer = caller.get(f"golden-records/{euid}")
    told = answer.body["provenance"]
    assert told["phone"]["losing"] == [
        {"value": "937-555-0101", "source_records": [{"source_system": "MERCY", "mrn": "1"}]}
    ]
    assert told["ssn"]["losing"] == [
        {"value": "•••-••-8154", "source_records": [{"source_system": "GRACE", "mrn": "7"}]}
    ]
    assert told["sex"]["losing"] == []
    assert "record_id" not in answer.raw.decode()
    assert "536228154" not in answer.raw.decode().replace("-", "")


def test_losing_values_of_the_past_are_those_of_then(caller: Caller) -> None:
    euid = caller.put("records/MERCY/1", KATHERINE).body["euid"]
    caller.put("records/GRACE/7", {**KATHERINE, "ssn": "536-22-8154"})
    instant = now()
    caller.put("records/GRACE/7", {**KATHERINE, "ssn": "536-22-8164"})
    then = caller.get(f"golden-records/{euid}{as_of(instant)}").body
    assert then["provenance"]["ssn"]["losing"][0]["value"] == "•••-••-8154"
    assert caller.get(f"golden-records/{euid}").body["provenance"]["ssn"]["losing"][0]["value"] == "•••-••-8164"
