"""Answering a potential match, and vouching for a golden record."""

from __future__ import annotations

from uuid import uuid4

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, CannotUndo, InvalidInput, NotFound, StaleVersion
from mpi.models import IdentityEvent, OutboxEvent, PotentialMatch, Separation
from mpi.services.act import ActResult
from mpi.services.resolve import resolve_potential_match
from mpi.services.undo import undo_event
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.verify import verify_golden_record
from tests.services.telling import (
    KATHERINE,
    MARGARET,
    MARJORIE,
    golden_state,
    last_event,
    owner,
    question,
    record_of,
    state,
    tell,
    versions,
)


@pytest.fixture
def asked() -> PotentialMatch:
    """Margaret and Marjorie: one or two?"""
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    return question()


def answer(match: PotentialMatch, outcome: str, actor: Actor, /, **changed: object) -> ActResult:
    said: dict[str, object] = {
        "uuid": match.uuid,
        "outcome": outcome,
        "version": match.version,
        "versions": versions(match.golden_a, match.golden_b),
        "reason_code": "documents-seen" if outcome == "same" else "twins",
        "reason": "Birth register",
        "actor": actor,
    }
    return resolve_potential_match(**(said | changed))  # type: ignore[arg-type]


def test_the_same_person_is_a_merge_into_the_older_golden_record(asked: PotentialMatch, steward: Actor) -> None:
    older, newer, events = owner("HIS", "1"), owner("LAB", "2"), IdentityEvent.objects.count()
    act = answer(asked, "same", steward)
    assert owner("LAB", "2") == older
    newer.refresh_from_db()
    assert newer.merged_into == older
    asked.refresh_from_db()
    assert (asked.status, asked.resolved_by_event.uuid) == ("same", act.event_uuid)
    assert (IdentityEvent.objects.count(), last_event().kind) == (events + 1, "same-person")
    entry = AuditEvent.objects.get(action="potential_match.resolved")
    assert (entry.actor_id, entry.detail["outcome"], entry.reason_text) == (steward.id, "same", "Birth register")
    assert [row.history_type for row in asked.history.order_by("history_id")] == ["+", "~"]
    assert "golden.merged" in OutboxEvent.objects.values_list("type", flat=True)


def test_different_people_is_a_separation(asked: PotentialMatch, steward: Actor) -> None:
    act = answer(asked, "different", steward)
    assert owner("LAB", "2") != owner("HIS", "1")
    asked.refresh_from_db()
    assert (asked.status, asked.resolved_by_event.uuid) == ("different", act.event_uuid)
    assert Separation.objects.get().event.uuid == act.event_uuid
    assert last_event().kind == "different-people"
    tell("LAB", "2", MARJORIE, given_name="Margaret", ssn=MARGARET["ssn"])
    assert owner("LAB", "2") != owner("HIS", "1")


@pytest.mark.parametrize("outcome", ["same", "different"])
def test_undoing_an_answer_is_identity_and_asks_again(asked: PotentialMatch, steward: Actor, outcome: str) -> None:
    before = state()
    act = answer(asked, outcome, steward)
    undo_event(event_uuid=act.event_uuid, reason="A slip", actor=steward)
    assert state() == before
    asked.refresh_from_db()
    assert asked.status == "open"
    answer(asked, outcome, steward)


def test_an_answer_to_a_stale_question_is_refused(asked: PotentialMatch, steward: Actor) -> None:
    before = state()
    with pytest.raises(StaleVersion):
        answer(asked, "same", steward, version=asked.version + 1)
    with pytest.raises(StaleVersion):
        answer(asked, "same", steward, versions={asked.golden_a.euid: 99})
    assert state() == before


def test_the_second_steward_is_told_who_decided(asked: PotentialMatch, steward: Actor, second_steward: Actor) -> None:
    answer(asked, "different", steward)
    with pytest.raises(AlreadyDecided, match="Stefan"):
        answer(asked, "same", second_steward)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"outcome": "perhaps"}, InvalidInput),
        ({"reason_code": "because"}, InvalidInput),
        ({"reason_code": "other", "reason": " "}, InvalidInput),
        ({"reason": "x" * 501}, InvalidInput),
        ({"reason": "a\0b"}, InvalidInput),
        ({"uuid": uuid4()}, NotFound),
    ],
)
def test_an_answer_that_cannot_be_taken_changes_nothing(
    asked: PotentialMatch, steward: Actor, changed: dict[str, object], error: type[Exception]
) -> None:
    before, events = state(), IdentityEvent.objects.count()
    with pytest.raises(error):
        answer(asked, "same", steward, **changed)
    assert (state(), IdentityEvent.objects.count()) == (before, events)


def test_unmerging_an_answer_keeps_the_two_apart(asked: PotentialMatch, steward: Actor) -> None:
    goldens, links, _ = state()
    act = answer(asked, "same", steward)
    unmerge_golden_records(event_uuid=act.event_uuid, reason_code="wrong-merge", reason="", actor=steward)
    assert state() == (goldens, links, {})
    asked.refresh_from_db()
    assert asked.status == "different"


def test_a_single_sourced_golden_record_is_confirmed_by_vouching_for_it(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    golden, events = owner("HIS", "1"), IdentityEvent.objects.count()
    act = verify_golden_record(euid=golden.euid, version=golden.version, reason="Seen in person", actor=steward)
    after = owner("HIS", "1")
    assert (after.status, after.verified, after.version) == ("confirmed", True, golden.version + 1)
    assert (IdentityEvent.objects.count(), last_event().kind, act.undoable) == (events + 1, "verify", True)
    assert AuditEvent.objects.get(action="golden.verified").reason_text == "Seen in person"
    assert "golden.verified" in OutboxEvent.objects.values_list("type", flat=True)
    assert after.history.first().history_user_id == steward.id


def test_undoing_a_verification_is_identity(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    before, golden = state(), owner("HIS", "1")
    act = verify_golden_record(euid=golden.euid, version=golden.version, reason="", actor=steward)
    undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
    assert state() == before


def test_a_verification_on_a_stale_screen_or_a_second_one_is_refused(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    golden = owner("HIS", "1")
    with pytest.raises(StaleVersion):
        verify_golden_record(euid=golden.euid, version=golden.version + 1, reason="", actor=steward)
    verify_golden_record(euid=golden.euid, version=golden.version, reason="", actor=steward)
    with pytest.raises(AlreadyDecided):
        verify_golden_record(euid=golden.euid, version=golden.version + 1, reason="", actor=steward)


def test_the_engines_own_link_is_not_undone_but_unlinked(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    with pytest.raises(CannotUndo):
        undo_event(event_uuid=last_event().uuid, reason="", actor=steward)
    with pytest.raises(NotFound):
        undo_event(event_uuid=uuid4(), reason="", actor=steward)
    assert golden_state()[owner("HIS", "1").euid]["member_count"] == 2
    assert record_of("LAB", "1").state == "active"
