"""Ingest: what one message leaves behind, and what the next one makes of it."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi import codec
from mpi.commands import Actor
from mpi.models import (
    BlockingKey,
    Decision,
    GoldenRecord,
    IdentityEvent,
    IdentityTask,
    InboundMessage,
    OutboxEvent,
    PotentialMatch,
    SourceRecord,
)
from mpi.services.ingest import ingest
from mpi.services.overlay import decide_overlay
from mpi.services.parse import keys_of
from mpi.services.sweep import sweep_inbox
from tests.services.telling import (
    KATHERINE,
    KATHERINE_BRIDGE,
    KATHERINE_BY_NUMBER,
    KATHERINE_MARRIED,
    MARCUS,
    MARGARET,
    MARJORIE,
    golden_state,
    link_of,
    link_state,
    owner,
    past,
    question,
    record_of,
    store,
    tell,
)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_a_new_record_leaves_a_row_in_every_table_with_its_history() -> None:
    result = tell("HIS", "1", KATHERINE)
    assert (result.state, result.outcome) == ("applied", "created")
    record, link = record_of("HIS", "1"), link_of("HIS", "1")
    golden = link.golden_record
    assert (record.version, record.state, golden.status, golden.version) == (1, "active", "provisional", 1)
    assert (link.origin, link.by_human, link.supporting_record_id) == ("first", False, None)
    assert link.decision_id == Decision.objects.get().pk
    assert [row.history_type for row in record.history.all()] == ["+"]
    assert [row.history_type for row in golden.history.all()] == ["+"]
    assert [row.history_type for row in link.history.all()] == ["+"]
    event = IdentityEvent.objects.get()
    assert (event.kind, event.golden_record_ids, event.payload["links_opened"]) == ("link", [golden.pk], [link.pk])
    stored = set(BlockingKey.objects.filter(source_record=record).values_list("key", flat=True))
    assert stored == {key.hash for key in keys_of(codec.standard_record(record))}
    assert len(stored) > 5


def test_a_new_record_is_audited_and_told_to_subscribers_once() -> None:
    tell("HIS", "1", KATHERINE)
    told = actions()
    for action in ("message.received", "record.created", "link.opened", "golden.created"):
        assert told.count(action) == 1
    assert sorted(OutboxEvent.objects.values_list("type", flat=True)) == ["golden.created", "link.opened"]
    assert {row.euid for row in OutboxEvent.objects.all()} == {owner("HIS", "1").euid}


def test_the_one_recorded_time_of_a_transaction_stands_in_all_its_rows() -> None:
    tell("HIS", "1", KATHERINE)
    moment = record_of("HIS", "1").recorded_at
    link = link_of("HIS", "1")
    rows = [link.opened_at, link.golden_record.recorded_at, IdentityEvent.objects.get().recorded_at]
    rows += [row.history_date for row in link.history.all()] + [Decision.objects.get().recorded_at]
    rows += [OutboxEvent.objects.first().recorded_at, InboundMessage.objects.get().applied_at]
    assert set(rows) == {moment}


def test_the_decision_can_be_read_back_as_it_was() -> None:
    first = tell("HIS", "1", KATHERINE)
    second = tell("LAB", "7", KATHERINE)
    document = codec.decision_evidence(Decision.objects.get(source_record_id=second.record_id))
    assert document == second.decision
    assert (document["outcome"], document["person_ids"]) == ("link", [owner("HIS", "1").pk])
    assert document["considered"][0]["record_id"] == first.record_id
    assert "ssn" in document["keys"][str(owner("HIS", "1").pk)]


def test_the_message_is_applied_and_knows_its_record_and_decision() -> None:
    tell("HIS", "1", KATHERINE)
    message = InboundMessage.objects.get()
    assert (message.state, message.outcome, message.errors) == ("applied", "created", None)
    assert message.source_record_id == record_of("HIS", "1").pk
    assert message.decision_id == Decision.objects.get().pk


def test_the_same_record_again_changes_nothing() -> None:
    tell("HIS", "1", KATHERINE)
    before, links = golden_state(), link_state()
    rows = (SourceRecord.history.count(), GoldenRecord.history.count(), IdentityEvent.objects.count())
    assert tell("HIS", "1", KATHERINE).outcome == "unchanged"
    assert (golden_state(), link_state()) == (before, links)
    assert rows == (SourceRecord.history.count(), GoldenRecord.history.count(), IdentityEvent.objects.count())
    assert actions().count("record.unchanged") == 1


def test_a_message_is_applied_once_however_often_it_is_hinted() -> None:
    message_id = store("HIS", "1", KATHERINE)
    assert ingest(message_ids=[message_id])[message_id].outcome == "created"
    assert ingest(message_ids=[message_id]) == {}
    assert SourceRecord.objects.get().version == 1


def test_a_message_older_than_the_last_one_is_kept_and_changes_nothing() -> None:
    tell("HIS", "1", KATHERINE, updated_at=past(10))
    stale = tell("HIS", "1", KATHERINE, phone="937-555-0100", updated_at=past(9))
    assert stale.outcome == "stale"
    assert owner("HIS", "1").values["phone"].endswith("0141")
    assert record_of("HIS", "1").version == 1
    assert InboundMessage.objects.filter(outcome="stale", state="applied").count() == 1
    assert actions().count("record.outdated") == 1


def test_saying_the_same_later_outdates_what_was_said_between() -> None:
    tell("HIS", "1", KATHERINE, updated_at=past(1))
    assert tell("HIS", "1", KATHERINE, updated_at=past(10)).outcome == "unchanged"
    assert tell("HIS", "1", KATHERINE, street="1 Elm Row", updated_at=past(5)).outcome == "stale"
    record = record_of("HIS", "1")
    assert record.effective_at is not None
    assert record.effective_at.day == 10
    assert [row.history_type for row in record.history.order_by("history_id")] == ["+", "~"]


def test_an_update_makes_a_version_and_computes_the_golden_record_anew() -> None:
    tell("HIS", "1", KATHERINE)
    golden = owner("HIS", "1")
    assert tell("HIS", "1", KATHERINE, street="9 Linden Way").outcome == "updated"
    after = owner("HIS", "1")
    assert (after.euid, after.version) == (golden.euid, 2)
    assert after.values["address"]["street"] == "9 Linden Way"
    record = record_of("HIS", "1")
    told = [row.told["addresses"][0]["street"] for row in record.history.order_by("history_id")]
    assert (record.version, told) == (2, ["12 Alder Court", "9 Linden Way"])
    assert "golden.updated" in OutboxEvent.objects.values_list("type", flat=True)


def test_two_versions_in_one_batch_leave_both_in_the_history() -> None:
    ids = [store("HIS", "1", KATHERINE, street=street) for street in ("1 Elm Row", "2 Elm Row", "3 Elm Row")]
    results = ingest(message_ids=ids)
    assert [results[pk].outcome for pk in ids] == ["created", "updated", "updated"]
    rows = record_of("HIS", "1").history.order_by("history_id")
    assert [(row.history_type, row.version, row.told["addresses"][0]["street"]) for row in rows] == [
        ("+", 1, "1 Elm Row"),
        ("~", 2, "2 Elm Row"),
        ("~", 3, "3 Elm Row"),
    ]
    assert owner("HIS", "1").values["address"]["street"] == "3 Elm Row"


def test_a_change_and_its_taking_back_in_one_batch_leave_the_blocking_keys_right() -> None:
    tell("HIS", "1", KATHERINE)
    before = set(BlockingKey.objects.values_list("key", flat=True))
    ids = [store("HIS", "1", KATHERINE, phone=phone) for phone in ("937-555-0199", KATHERINE["phone"])]
    results = ingest(message_ids=ids)
    assert [results[pk].outcome for pk in ids] == ["updated", "updated"]
    assert set(BlockingKey.objects.values_list("key", flat=True)) == before


def test_old_blocking_keys_find_nobody_any_more() -> None:
    tell("HIS", "1", {"given_name": "Ada", "family_name": "Quist", "phone": "937-555-0141", "birth_date": "1971-03-09"})
    tell("HIS", "1", {"given_name": "Ada", "family_name": "Quist", "phone": "937-555-0142", "birth_date": "1971-03-09"})
    record = record_of("HIS", "1")
    stored = set(BlockingKey.objects.filter(source_record=record).values_list("key", flat=True))
    assert stored == {key.hash for key in keys_of(codec.standard_record(record))}


def test_a_second_source_links_and_confirms() -> None:
    tell("HIS", "1", KATHERINE)
    assert owner("HIS", "1").status == "provisional"
    tell("LAB", "7", KATHERINE)
    golden = owner("LAB", "7")
    assert golden == owner("HIS", "1")
    assert (golden.status, golden.member_count) == ("confirmed", 2)
    assert link_of("LAB", "7").supporting_record_id == record_of("HIS", "1").pk
    assert actions().count("golden.confirmed") == 1


def test_a_second_number_in_one_source_does_not_confirm() -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", KATHERINE)
    golden = owner("HIS", "2")
    assert (golden.member_count, golden.status) == (2, "provisional")


def test_what_only_a_person_can_tell_gets_a_golden_record_of_its_own_and_a_question() -> None:
    tell("HIS", "1", MARGARET)
    result = tell("LAB", "2", MARJORIE)
    assert result.decision is not None
    assert result.decision["outcome"] == "review"
    match = question()
    assert {match.golden_a_id, match.golden_b_id} == {owner("HIS", "1").pk, owner("LAB", "2").pk}
    assert (match.kind, match.version) == ("overlap", 1)
    assert {"given-differs"} <= {reason["code"] for reason in match.reasons}
    assert actions().count("potential_match.opened") == 1


def test_pain_07_an_update_that_takes_the_reason_away_closes_the_question(steward: Actor) -> None:
    """Another given name on one birth date might be the twin: a steward says first that it is she."""
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    tell("LAB", "2", MARJORIE, given_name="Margaret", ssn=MARGARET["ssn"])
    decide_overlay(task_uuid=IdentityTask.objects.get().uuid, accept=True, reason="Asked the ward", actor=steward)
    sweep_inbox(older_than_s=-60)
    assert not PotentialMatch.objects.filter(status="open").exists()
    assert owner("LAB", "2") == owner("HIS", "1")
    assert actions().count("potential_match.closed") == 1


def test_the_same_question_is_not_asked_twice_and_makes_no_event() -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    events = IdentityEvent.objects.count()
    assert tell("LAB", "2", MARJORIE, email="m@example.org").outcome == "updated"
    assert PotentialMatch.objects.count() == 1
    assert IdentityEvent.objects.count() == events


def test_pain_24_a_record_that_bridges_two_golden_records_joins_them() -> None:
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("LAB", "2", KATHERINE_MARRIED)
    older, newer = owner("HIS", "1"), owner("LAB", "2")
    assert older != newer
    result = tell("CLINIC", "3", KATHERINE_BRIDGE)
    assert result.decision is not None
    assert result.decision["outcome"] == "join"
    assert {owner("HIS", "1"), owner("LAB", "2"), owner("CLINIC", "3")} == {older}
    newer.refresh_from_db()
    assert (newer.status, newer.merged_into_id) == ("merged", older.pk)
    event = IdentityEvent.objects.get(kind="join")
    assert set(event.golden_record_ids) == {older.pk, newer.pk}
    assert actions().count("golden.merged") == 1
    assert not PotentialMatch.objects.filter(status="open").exists()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_one_batch_and_one_by_one_join_the_same(order: tuple[int, int, int]) -> None:
    told = [("HIS", "1", KATHERINE_BY_NUMBER), ("LAB", "2", KATHERINE_MARRIED), ("CLINIC", "3", KATHERINE_BRIDGE)]
    ids = [store(*told[place]) for place in order]
    ingest(message_ids=ids)
    assert len({owner(system, mrn).pk for system, mrn, _ in told}) == 1
    assert GoldenRecord.objects.exclude(status="merged").count() == 1


def test_what_cannot_be_applied_is_rejected_with_its_flaws_and_the_rest_goes_on() -> None:
    ids = [store("HIS", "1", KATHERINE), store("NOWHERE", "2", MARCUS), store("HIS", "3", {"birth_date": "1980-01-01"})]
    results = ingest(message_ids=ids)
    assert [results[pk].state for pk in ids] == ["applied", "rejected", "rejected"]
    assert results[ids[1]].errors[0].field == "source_system"
    assert InboundMessage.objects.get(pk=ids[2]).errors[0]["field"] == "family_name"
    assert actions().count("message.rejected") == 2


def test_an_unknown_candidate_does_not_widen_the_search() -> None:
    """A record without any usable value has no key and matches nobody."""
    tell("HIS", "1", KATHERINE)
    result = tell("LAB", "2", {"family_name": "UNKNOWN", "given_name": "UNKNOWN", "ssn": "999-99-9999"})
    assert result.decision is not None
    assert result.decision["outcome"] == "new"
    assert not BlockingKey.objects.filter(source_record=record_of("LAB", "2")).exists()


def test_a_changed_setting_makes_the_same_payload_take_effect_again() -> None:
    tell("HIS", "1", KATHERINE)
    SourceRecord.objects.update(settings_hash="an older one")
    assert tell("HIS", "1", KATHERINE).outcome == "updated"
    assert record_of("HIS", "1").settings_hash != "an older one"
