"""Open questions asked again: what a new record of a person makes certain is joined, and can be undone."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi import codec
from mpi.commands import Actor
from mpi.models import Decision, GoldenRecord, IdentityEvent, Link, OutboxEvent, PotentialMatch
from mpi.services.ingest import ingest
from mpi.services.undo import undo_event
from mpi.services.unmerge import unmerge_golden_records
from tests.services.telling import (
    golden_state,
    link_of,
    link_state,
    owner,
    question,
    question_state,
    questions_rest_on_their_golden_records,
    record_of,
    store,
    tell,
)

CORA = {
    "given_name": "Cora",
    "middle_name": "Krystal",
    "family_name": "Heider",
    "birth_date": "1999-03-04",
    "sex": "F",
    "street": "1889 West Calumet Apt. 505",
    "city": "Macomb",
    "state": "MI",
    "postal_code": "48044",
    "email": "coraboy@example.org",
}
"""Before her marriage, without a number."""

CORA_MARRIED = {
    "given_name": "Cora",
    "middle_name": "Krystal",
    "family_name": "Snider",
    "sex": "F",
    "ssn": "260-49-9090",
    "street": "1889 W Calumet Dr Apt 505",
    "city": "Macomb",
    "state": "MI",
    "postal_code": "48044",
    "email": "coraboy@example.org",
}
"""Under another name, without a birth date: perhaps the same."""

CORA_BY_NUMBER = {
    "given_name": "Cora",
    "middle_name": "K",
    "family_name": "Snider",
    "birth_date": "1999-03-04",
    "sex": "F",
    "ssn": "260-49-9090",
    "street": "1889 West Calumet Drive",
    "city": "Macomb",
    "state": "MI",
    "postal_code": "48044",
}
"""Certainly the second one; with her birth date both are one."""

_TOLD = (("HIS", "1", CORA), ("LAB", "2", CORA_MARRIED), ("CLINIC", "3", CORA_BY_NUMBER))


@pytest.fixture
def asked() -> tuple[GoldenRecord, GoldenRecord]:
    """Two golden records with an open question between them."""
    tell(*_TOLD[0])
    tell(*_TOLD[1])
    assert {question().golden_a_id, question().golden_b_id} == {owner("HIS", "1").pk, owner("LAB", "2").pk}
    return owner("HIS", "1"), owner("LAB", "2")


def _persons() -> set[int]:
    return {owner(system, mrn).pk for system, mrn, _ in _TOLD}


def test_an_open_question_that_a_new_record_makes_certain_is_joined(asked: tuple[GoldenRecord, GoldenRecord]) -> None:
    older, newer = asked
    result = tell(*_TOLD[2])
    assert result.decision is not None
    assert (result.decision["outcome"], result.decision["person_ids"]) == ("link", [newer.pk])
    assert _persons() == {older.pk}
    newer.refresh_from_db()
    assert (newer.status, newer.merged_into_id, newer.member_count) == ("merged", older.pk, 0)
    assert not PotentialMatch.objects.filter(status="open").exists()
    assert PotentialMatch.objects.get().closed_reason == "same-golden-record"
    assert owner("CLINIC", "3").values["birth_date"] == "1999-03-04"


def test_the_join_is_an_event_of_its_own_with_its_decision_audit_and_notices(
    asked: tuple[GoldenRecord, GoldenRecord],
) -> None:
    older, newer = asked
    tell(*_TOLD[2])
    event = IdentityEvent.objects.get(kind="join")
    assert (event.reason_code, set(event.golden_record_ids)) == ("asked-again", {older.pk, newer.pk})
    assert len(event.payload["links_ended"]) == len(event.payload["links_opened"]) == 2
    decision = Decision.objects.get(outcome="join")
    assert set(Link.objects.filter(opened_by_event=event).values_list("decision", flat=True)) == {decision.pk}
    told = codec.decision_evidence(decision)
    assert told["person_ids"] == [older.pk, newer.pk]
    assert told["considered"][0]["evidence"]["comparisons"]
    assert AuditEvent.objects.filter(action="golden.merged").count() == 1
    assert OutboxEvent.objects.filter(type="golden.merged").count() == 2
    assert [row.history_type for row in newer.history.order_by("history_id")] == ["+", "~"]
    ended = Link.objects.filter(ended_by_event=event)
    assert {(row.history_type, row.ended_at is None) for link in ended for row in link.history.all()} >= {("~", False)}


def test_what_was_joined_so_is_undone_as_a_whole(asked: tuple[GoldenRecord, GoldenRecord], steward: Actor) -> None:
    before, open_before = golden_state(), question_state()
    older, newer = asked
    tell(*_TOLD[2])
    undo_event(event_uuid=IdentityEvent.objects.get(kind="join").uuid, reason="", actor=steward)
    assert owner("HIS", "1") == older
    assert owner("LAB", "2") == owner("CLINIC", "3") == newer
    assert golden_state()[older.euid] == before[older.euid]
    assert question_state() == open_before
    assert link_state()["LAB", "2"]["origin"] == "first"
    assert link_of("CLINIC", "3").supporting_record_id == record_of("LAB", "2").pk
    assert questions_rest_on_their_golden_records()


def test_two_people_unmerged_are_not_joined_by_the_next_record(
    asked: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    tell(*_TOLD[2])
    event = IdentityEvent.objects.get(kind="join")
    unmerge_golden_records(event_uuid=event.uuid, reason_code="wrong-merge", reason="", actor=steward)
    tell("CLINIC", "3", CORA_BY_NUMBER, phone="586-555-0120")
    tell("HIS", "4", CORA_BY_NUMBER)
    assert owner("HIS", "1") != owner("LAB", "2")
    assert IdentityEvent.objects.filter(kind="join").count() == 1


def test_a_golden_record_on_which_a_person_has_decided_is_not_joined(
    asked: tuple[GoldenRecord, GoldenRecord],
) -> None:
    Link.objects.filter(golden_record=asked[0]).update(by_human=True)
    tell(*_TOLD[2])
    assert owner("HIS", "1") != owner("CLINIC", "3")
    assert PotentialMatch.objects.filter(status="open").count() == 1


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("in_one_batch", [True, False])
def test_any_order_one_by_one_or_in_a_batch_ends_in_one_person(order: tuple[int, int, int], in_one_batch: bool) -> None:
    ids = [store(*_TOLD[place]) for place in order]
    for part in [ids] if in_one_batch else [[pk] for pk in ids]:
        ingest(message_ids=part)
    assert len(_persons()) == 1
    assert GoldenRecord.objects.exclude(status="merged").count() == 1
    assert not PotentialMatch.objects.filter(status="open").exists()
    assert questions_rest_on_their_golden_records()


def test_an_event_does_not_claim_what_a_later_one_of_the_same_batch_has_merged(
    asked: tuple[GoldenRecord, GoldenRecord],
) -> None:
    _, newer = asked
    tell(*_TOLD[2])
    link_event = IdentityEvent.objects.filter(kind="link").order_by("-id")[0]
    assert link_event.payload["golden_records"][str(newer.pk)]["after"]["status"] != "merged"
    join = IdentityEvent.objects.get(kind="join")
    assert join.payload["golden_records"][str(newer.pk)]["after"]["status"] == "merged"
