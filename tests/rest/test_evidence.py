"""One evidence document: the answer of an upsert, the stored decision and the record's page hold the same object."""

from __future__ import annotations

from matching.evidence import FORMAT
from mpi import codec
from mpi.models import Decision
from tests.rest.callers import KATHERINE, Caller


def test_the_answer_holds_what_is_stored(caller: Caller) -> None:
    assert caller.put("records/MERCY/1", KATHERINE).status == 201
    answer = caller.put("records/MERCY/2", KATHERINE)
    stored = codec.decision_evidence(Decision.objects.get(source_record__mrn="2"))
    told = answer.body["decision"]["considered"][0]["evidence"]
    assert told == stored["considered"][0]["evidence"]
    assert told["format"] == FORMAT
    assert "ssn" in told["keys"]
    read = caller.get("records/MERCY/2").body["decision"]["considered"][0]["evidence"]
    assert read == told


def test_a_match_answers_with_the_same_document(caller: Caller) -> None:
    caller.put("records/MERCY/1", KATHERINE)
    caller.put("records/MERCY/2", KATHERINE)
    stored = codec.decision_evidence(Decision.objects.get(source_record__mrn="2"))["considered"][0]["evidence"]
    told = caller.post("match", KATHERINE).body["candidates"][0]["evidence"]
    assert told.keys() == stored.keys()
    assert told["comparisons"][0].keys() == stored["comparisons"][0].keys()
    assert told["keys"]
