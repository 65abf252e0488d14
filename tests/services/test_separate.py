"""Separations: a human "no" holds on every path, until it is lifted."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, AlreadyMerged, CannotUndo, InvalidInput, NotFound, Separated
from mpi.models import GoldenRecord, IdentityEvent, OutboxEvent, PotentialMatch, Separation
from mpi.services.act import ActResult
from mpi.services.link import link_record
from mpi.services.merge import merge_golden_records
from mpi.services.resolve import resolve_potential_match
from mpi.services.separate import lift_separation, separate
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from tests.services.telling import (
    ESTEBAN,
    KATHERINE_BRIDGE,
    KATHERINE_BY_NUMBER,
    KATHERINE_MARRIED,
    MARGARET,
    MARJORIE,
    last_event,
    owner,
    question,
    record_of,
    state,
    tell,
    versions,
)


def keep_apart(one: GoldenRecord, other: GoldenRecord, actor: Actor) -> ActResult:
    return separate(euid_a=one.euid, euid_b=other.euid, reason_code="twins", reason="Birth register", actor=actor)


def merge(survivor: GoldenRecord, retired: GoldenRecord, actor: Actor) -> ActResult:
    return merge_golden_records(
        survivor_euid=survivor.euid,
        retired_euid=retired.euid,
        versions=versions(survivor, retired),
        reason_code="documents-seen",
        reason="",
        actor=actor,
    )


@pytest.fixture
def halves() -> tuple[GoldenRecord, GoldenRecord]:
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("LAB", "2", KATHERINE_MARRIED)
    return owner("HIS", "1"), owner("LAB", "2")


def test_a_separation_names_all_cross_pairs_and_is_one_event(
    halves: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    tell("CLINIC", "1", KATHERINE_BY_NUMBER)
    events = IdentityEvent.objects.count()
    newest = OutboxEvent.objects.order_by("-id")[0].pk
    act = keep_apart(*halves, steward)
    separation = Separation.objects.get()
    his, lab, clinic = (record_of(*key).pk for key in (("HIS", "1"), ("LAB", "2"), ("CLINIC", "1")))
    assert set(separation.pairs.values_list("record_low", "record_high")) == {(his, lab), (lab, clinic)}
    assert (separation.reason_code, separation.actor_id) == ("twins", steward.id)
    assert (IdentityEvent.objects.count(), last_event().kind) == (events + 1, "separate")
    assert act.undoable
    entry = AuditEvent.objects.get(action="separation.created")
    assert (entry.reason_code, entry.reason_text) == ("twins", "Birth register")
    assert {f"golden_record:{golden.euid}" for golden in halves} <= set(entry.subjects)
    assert {row.euid for row in OutboxEvent.objects.filter(pk__gt=newest)} == {golden.euid for golden in halves}


def test_a_separation_answers_the_open_question_of_the_pair_and_undo_asks_it_again(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    asked, before = question(), state()
    act = keep_apart(owner("HIS", "1"), owner("LAB", "2"), steward)
    asked.refresh_from_db()
    assert asked.status == "different"
    undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
    assert state() == before
    assert Separation.objects.get().lifted_at is not None


def test_a_record_that_is_told_again_stays_apart(halves: tuple[GoldenRecord, GoldenRecord], steward: Actor) -> None:
    keep_apart(*halves, steward)
    tell("LAB", "2", KATHERINE_BRIDGE)
    tell("HIS", "1", KATHERINE_BRIDGE)
    assert owner("HIS", "1") == halves[0]
    assert owner("LAB", "2") == halves[1]
    assert not PotentialMatch.objects.filter(status="open").exists()


def test_pain_02_a_third_record_does_not_bridge_what_a_person_keeps_apart(
    halves: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    keep_apart(*halves, steward)
    result = tell("CLINIC", "3", KATHERINE_BRIDGE)
    assert result.decision is not None
    assert (result.decision["outcome"], result.decision["person_ids"]) == ("review", [])
    assert len({owner(*key) for key in (("HIS", "1"), ("LAB", "2"), ("CLINIC", "3"))}) == 3
    assert PotentialMatch.objects.filter(status="open").count() == 2


def test_pain_01_resolving_one_side_of_a_bridge_closes_the_question_that_the_separation_answers(
    halves: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    keep_apart(*halves, steward)
    tell("CLINIC", "3", KATHERINE_BRIDGE)
    asked = next(
        match
        for match in PotentialMatch.objects.filter(status="open")
        if owner("HIS", "1").pk in (match.golden_a_id, match.golden_b_id)
    )
    resolve_potential_match(
        uuid=asked.uuid,
        outcome="same",
        version=asked.version,
        reason_code="documents-seen",
        reason="",
        actor=steward,
    )
    assert owner("CLINIC", "3") == owner("HIS", "1") != owner("LAB", "2")
    assert not PotentialMatch.objects.filter(status="open").exists()
    assert PotentialMatch.objects.get(status="closed").closed_reason == "separated"


def test_a_record_of_a_separated_person_raises_no_question_about_the_other(steward: Actor) -> None:
    """Margaret and Marjorie are two: a new record of Margaret's does not ask again."""
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    keep_apart(owner("HIS", "1"), owner("LAB", "2"), steward)
    tell("CLINIC", "3", MARGARET)
    assert owner("CLINIC", "3") == owner("HIS", "1")
    assert not PotentialMatch.objects.filter(status="open").exists()


def test_separated_golden_records_are_merged_by_nobody_until_it_is_lifted(
    halves: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    keep_apart(*halves, steward)
    with pytest.raises(Separated):
        merge(*halves, steward)
    with pytest.raises(Separated):
        link_record(
            record_id=record_of("LAB", "2").pk,
            euid=halves[0].euid,
            version=None,
            reason_code="documents-seen",
            reason="",
            actor=steward,
        )
    lift_separation(separation_uuid=Separation.objects.get().uuid, reason="The same after all", actor=steward)
    assert merge(*halves, steward).euids == (halves[0].euid,)


def test_a_separation_holds_through_a_merge_of_one_side(
    halves: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    keep_apart(*halves, steward)
    tell("HIS", "5", ESTEBAN)
    merge(owner("HIS", "5"), halves[0], steward)
    with pytest.raises(Separated):
        merge(owner("HIS", "5"), halves[1], steward)


def test_lifting_is_audited_told_and_done_once(halves: tuple[GoldenRecord, GoldenRecord], steward: Actor) -> None:
    keep_apart(*halves, steward)
    separation = Separation.objects.get()
    events, newest = IdentityEvent.objects.count(), OutboxEvent.objects.order_by("-id")[0].pk
    act = lift_separation(separation_uuid=separation.uuid, reason="The same after all", actor=steward)
    separation.refresh_from_db()
    assert (separation.lifted_by_event.uuid, act.undoable) == (act.event_uuid, False)
    assert IdentityEvent.objects.count() == events + 1
    entry = AuditEvent.objects.get(action="separation.lifted")
    assert entry.reason_text == "The same after all"
    assert {row.euid for row in OutboxEvent.objects.filter(pk__gt=newest)} == {golden.euid for golden in halves}
    with pytest.raises(AlreadyDecided):
        lift_separation(separation_uuid=separation.uuid, reason="", actor=steward)
    with pytest.raises(CannotUndo):
        undo_event(event_uuid=act.event_uuid, reason="", actor=steward)


def test_after_lifting_the_engine_may_join_again(halves: tuple[GoldenRecord, GoldenRecord], steward: Actor) -> None:
    keep_apart(*halves, steward)
    lift_separation(separation_uuid=Separation.objects.get().uuid, reason="", actor=steward)
    tell("CLINIC", "3", KATHERINE_BRIDGE)
    assert owner("HIS", "1") == owner("LAB", "2") == owner("CLINIC", "3")


def test_a_separation_is_of_two_live_golden_records(halves: tuple[GoldenRecord, GoldenRecord], steward: Actor) -> None:
    with pytest.raises(InvalidInput):
        keep_apart(halves[0], halves[0], steward)
    with pytest.raises(NotFound):
        separate(euid_a=halves[0].euid, euid_b="nobody", reason_code="twins", reason="", actor=steward)
    merge(*halves, steward)
    with pytest.raises(AlreadyMerged):
        keep_apart(*halves, steward)


def test_undo_brings_nothing_together_that_was_kept_apart_since(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("CLINIC", "1", KATHERINE_BY_NUMBER)
    clinic = record_of("CLINIC", "1")
    act = unlink_record(record_id=clinic.pk, reason_code="twins", reason="", actor=steward)
    keep_apart(owner("HIS", "1"), owner("CLINIC", "1"), steward)
    before = state()
    with pytest.raises(CannotUndo, match="later separation"):
        undo_event(event_uuid=act.event_uuid, reason="A slip", actor=steward)
    assert state() == before
    assert owner("HIS", "1") != owner("CLINIC", "1")
