"""Undo and unmerge when more has happened since: chains of merges, records that arrived, questions that moved."""

from __future__ import annotations

import pytest

from mpi.commands import Actor
from mpi.models import GoldenRecord, IdentityEvent, Link, PotentialMatch
from mpi.services.link import link_record
from mpi.services.unlink import unlink_record
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.verify import verify_golden_record
from tests.services.acting import merge, undo
from tests.services.telling import (
    ESTEBAN,
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
    question,
    question_state,
    questions_rest_on_their_golden_records,
    record_of,
    state,
    take_back,
    tell,
)


@pytest.fixture
def three() -> tuple[GoldenRecord, GoldenRecord, GoldenRecord]:
    """Three persons of two, one and one source records."""
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    tell("LAB", "3", ESTEBAN)
    return owner("HIS", "1"), owner("HIS", "2"), owner("LAB", "3")


@pytest.mark.parametrize("first_undone", ["first", "second"])
def test_pain_03_chained_merges_are_undone_in_either_order(
    three: tuple[GoldenRecord, ...], steward: Actor, first_undone: str
) -> None:
    """A ← B, then C ← A. Undoing one leaves the other standing; undoing both restores all."""
    katherine, marcus, esteban = three
    start = state()
    first = merge(katherine, marcus, steward)
    second = merge(esteban, katherine, steward)
    undo(first if first_undone == "first" else second, steward)
    if first_undone == "first":
        assert owner("HIS", "2") == marcus
        assert {owner("HIS", "1"), owner("LAB", "1"), owner("LAB", "3")} == {esteban}
        katherine.refresh_from_db()
        assert (katherine.status, katherine.merged_into) == ("merged", esteban)
    else:
        assert {owner("HIS", "1"), owner("HIS", "2")} == {katherine}
        assert owner("LAB", "3") == esteban
    undo(second if first_undone == "first" else first, steward)
    assert state() == start


def test_undoing_again_after_a_repeated_merge_restores_the_start(
    three: tuple[GoldenRecord, ...], steward: Actor
) -> None:
    katherine, marcus, esteban = three
    start = state()
    undo(merge(katherine, marcus, steward), steward)
    first = merge(katherine, marcus, steward)
    undo(merge(esteban, katherine, steward), steward)
    undo(first, steward)
    assert state() == start


@pytest.fixture
def two_halves() -> tuple[GoldenRecord, GoldenRecord]:
    """Katherine by her number, and Katherine after her marriage: two golden records until somebody merges them."""
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("LAB", "2", KATHERINE_MARRIED)
    return owner("HIS", "1"), owner("LAB", "2")


def test_a_record_that_arrived_since_follows_the_record_that_earned_its_link(
    two_halves: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    numbered, married = two_halves
    act = merge(numbered, married, steward)
    tell("CLINIC", "9", KATHERINE_MARRIED)
    tell("PORTAL", "9", KATHERINE_BY_NUMBER)
    assert {owner("CLINIC", "9"), owner("PORTAL", "9")} == {numbered}
    undo(act, steward)
    assert {owner("LAB", "2"), owner("CLINIC", "9")} == {married}
    assert {owner("HIS", "1"), owner("PORTAL", "9")} == {numbered}
    assert {owner("LAB", "2").member_count, owner("HIS", "1").member_count} == {2}


def test_a_record_that_arrived_follows_through_a_chain_of_support_and_a_later_merge(
    two_halves: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    numbered, married = two_halves
    tell("LAB", "3", ESTEBAN)
    esteban = owner("LAB", "3")
    act = merge(numbered, married, steward)
    tell("CLINIC", "9", KATHERINE_MARRIED, middle_name="Louise", phone="937-555-0177")
    tell("PORTAL", "9", KATHERINE_MARRIED, middle_name="Louise", phone="937-555-0177")
    assert link_of("PORTAL", "9").supporting_record_id == record_of("CLINIC", "9").pk
    merge(esteban, numbered, steward)
    undo(act, steward)
    assert {owner("LAB", "2"), owner("CLINIC", "9"), owner("PORTAL", "9")} == {married}
    assert {owner("HIS", "1"), owner("LAB", "3")} == {esteban}


def test_what_a_person_has_decided_since_stands(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, marcus, esteban = three
    act = merge(katherine, marcus, steward)
    link_record(
        record_id=record_of("HIS", "2").pk,
        euid=esteban.euid,
        version=None,
        reason_code="documents-seen",
        reason="",
        actor=steward,
    )
    undo(act, steward)
    assert owner("HIS", "2") == esteban
    marcus.refresh_from_db()
    assert marcus.status == "retired"


def test_a_record_deleted_since_does_not_come_back(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, marcus, _ = three
    act = merge(katherine, marcus, steward)
    take_back("HIS", "2")
    undo(act, steward)
    marcus.refresh_from_db()
    assert (marcus.status, marcus.merged_into) == ("retired", None)
    assert not Link.objects.filter(source_record=record_of("HIS", "2"), ended_at__isnull=True).exists()


def test_an_undone_unlink_after_a_merge_goes_to_the_survivor(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, _, esteban = three
    act = unlink_record(record_id=record_of("LAB", "1").pk, reason_code="namesake", reason="", actor=steward)
    merge(esteban, katherine, steward)
    undo(act, steward)
    assert owner("LAB", "1") == esteban
    assert not Link.objects.filter(golden_record__status="merged", ended_at__isnull=True).exists()


def test_the_engines_join_is_undone_and_unmerged_like_a_merge(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("LAB", "2", KATHERINE_MARRIED)
    before = {name: golden_state()[owner(*name).euid]["values"] for name in (("HIS", "1"), ("LAB", "2"))}
    newer = owner("LAB", "2")
    tell("CLINIC", "3", KATHERINE_BRIDGE)
    supported = link_of("CLINIC", "3").supporting_record_id
    unmerge_golden_records(
        event_uuid=IdentityEvent.objects.get(kind="join").uuid, reason_code="wrong-merge", reason="", actor=steward
    )
    assert owner("LAB", "2") == newer
    assert owner("HIS", "1") != newer
    home = ("HIS", "1") if supported == record_of("HIS", "1").pk else ("LAB", "2")
    assert owner("CLINIC", "3") == owner(*home)
    other = ("LAB", "2") if home == ("HIS", "1") else ("HIS", "1")
    assert golden_state()[owner(*other).euid]["values"] == before[other]
    tell("CLINIC", "3", KATHERINE_BRIDGE, street="1 Elm Row")
    assert owner("LAB", "2") != owner("HIS", "1")
    assert questions_rest_on_their_golden_records()


def test_a_question_follows_a_merge_and_comes_back_with_its_undo(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    tell("HIS", "5", ESTEBAN)
    asked, before = question(), question_state()
    act = merge(owner("HIS", "5"), owner("HIS", "1"), steward)
    asked.refresh_from_db()
    assert {asked.golden_a_id, asked.golden_b_id} == {owner("HIS", "5").pk, owner("LAB", "2").pk}
    assert questions_rest_on_their_golden_records()
    undo(act, steward)
    assert question_state() == before
    assert questions_rest_on_their_golden_records()


def test_pain_13_a_question_follows_its_record_through_chained_merges_and_their_undoing(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    tell("HIS", "5", ESTEBAN)
    tell("HIS", "6", MARCUS)
    before = question_state()
    first = merge(owner("HIS", "5"), owner("HIS", "1"), steward)
    second = merge(owner("HIS", "6"), owner("HIS", "5"), steward)
    undo(first, steward)
    assert question_state() == before
    undo(second, steward)
    assert question_state() == before
    assert PotentialMatch.objects.count() == 1


def test_being_vouched_for_survives_a_merge_and_its_undo(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    _, marcus, esteban = three
    verify_golden_record(euid=marcus.euid, version=marcus.version, reason="", actor=steward)
    before = state()
    act = merge(esteban, marcus, steward)
    esteban.refresh_from_db()
    assert (esteban.verified, esteban.status) == (True, "confirmed")
    undo(act, steward)
    assert state() == before
    assert link_state()["HIS", "2"]["origin"] == "first"
