"""Relationships: said of two people, who are kept apart by it; they follow merges, unmerges and undos."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, CannotUndo, Forbidden, InvalidInput, NotFound, Related, Separated, UnderReview
from mpi.models import GoldenRecord, IdentityTask, OutboxEvent, PotentialMatch, Relationship, Separation
from mpi.queries.relationships import kinship_words, relatives_of
from mpi.services.act import ActResult
from mpi.services.link import link_record
from mpi.services.overlay_split import split_overlay
from mpi.services.relationship import preview_relate, relate, unrelate
from mpi.services.separate import lift_separation
from mpi.services.source_merge import merge_source_records
from mpi.services.sweep import sweep_inbox
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from tests.services.acting import merge, undo, unmerge
from tests.services.invariants import faults
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    KATHERINE_BY_NUMBER,
    MARCUS,
    MARGARET,
    MARJORIE,
    owner,
    past,
    question,
    record_of,
    state,
    take_back,
    tell,
)


@pytest.fixture(autouse=True)
def _sound(db: None) -> object:
    yield
    assert faults() == {}


@pytest.fixture
def family() -> tuple[GoldenRecord, GoldenRecord]:
    """Katherine, at two sources, and Marcus."""
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    return owner("HIS", "1"), owner("HIS", "2")


def mother(first: GoldenRecord, second: GoldenRecord, actor: Actor, kind: str = "mother") -> ActResult:
    return relate(from_euid=first.euid, to_euid=second.euid, kind=kind, reason="Birth register", actor=actor)


def told(golden: GoldenRecord) -> list[tuple[str, str]]:
    return [(one.words, one.person.euid) for one in relatives_of(golden)]


def test_related_persons_are_kept_apart_and_shown_on_both_sides(
    family: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    katherine, marcus = family
    newest = OutboxEvent.objects.order_by("-id")[0].pk
    act = mother(katherine, marcus, steward)
    assert (act.kind, act.undoable, act.euids) == ("relate", True, (katherine.euid, marcus.euid))
    assert told(katherine) == [("child", marcus.euid)]
    assert told(marcus) == [("mother", katherine.euid)]
    with pytest.raises(Separated):
        merge(katherine, marcus, steward)
    entry = AuditEvent.objects.get(action="relationship.created")
    assert entry.reason_text == "Birth register"
    assert {f"golden_record:{golden.euid}" for golden in family} <= set(entry.subjects)
    kinds = {(row.type, row.euid) for row in OutboxEvent.objects.filter(pk__gt=newest)}
    assert {("golden.related", golden.euid) for golden in family} <= kinds


def test_undoing_it_gives_the_state_before(family: tuple[GoldenRecord, GoldenRecord], steward: Actor) -> None:
    before = state()
    act = mother(*family, steward)
    undo(act, steward)
    assert (told(family[0]), told(family[1]), state()) == ([], [], before)
    assert Separation.objects.get().lifted_at is not None
    mother(*family, steward)
    assert told(family[1]) == [("mother", family[0].euid)]


def test_it_follows_a_merge_its_undo_and_its_unmerge(family: tuple[GoldenRecord, GoldenRecord], steward: Actor) -> None:
    katherine, marcus = family
    tell("CLINIC", "9", ESTEBAN)
    esteban = owner("CLINIC", "9")
    mother(katherine, marcus, steward)
    act = merge(esteban, katherine, steward)
    assert told(marcus) == [("mother", esteban.euid)]
    assert told(esteban) == [("child", marcus.euid)]
    undo(act, steward)
    assert (told(marcus), told(esteban)) == ([("mother", katherine.euid)], [])
    again = merge(owner("CLINIC", "9"), owner("HIS", "1"), steward)
    mother(owner("CLINIC", "9"), marcus, steward, kind="guardian")
    unmerge(again, steward)
    assert set(told(marcus)) == {("mother", katherine.euid), ("guardian", esteban.euid)}


def test_it_follows_its_record_by_hand_and_stays_when_one_record_is_deleted(
    family: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    katherine, marcus = family
    mother(katherine, marcus, steward)
    take_back("HIS", "1")
    assert told(marcus) == [("mother", katherine.euid)]
    tell("CLINIC", "9", ESTEBAN)
    link_record(
        record_id=record_of("LAB", "1").pk,
        euid=owner("CLINIC", "9").euid,
        version=None,
        reason_code="documents-seen",
        reason="",
        actor=steward,
    )
    assert told(marcus) == [("mother", owner("CLINIC", "9").euid)]
    unlink_record(record_id=record_of("LAB", "1").pk, reason_code="data-entry-error", reason="", actor=steward)
    assert told(marcus) == [("mother", owner("LAB", "1").euid)]
    take_back("LAB", "1")
    assert told(marcus) == []


def test_it_follows_a_number_that_its_source_merges(family: tuple[GoldenRecord, GoldenRecord], steward: Actor) -> None:
    tell("HIS", "7", ESTEBAN)
    mother(owner("HIS", "2"), owner("HIS", "7"), steward, kind="father")
    tell("HIS", "8", {**ESTEBAN, "given_name": "Stefano", "ssn": ""}, birth_date="1951-02-03", street="1 Elm Street")
    act = merge_source_records(
        system="HIS",
        survivor_mrn="8",
        subsumed_mrn="7",
        reason_code="source-confirmed",
        reason="",
        actor=steward,
    )
    assert told(owner("HIS", "2")) == [("child", owner("HIS", "8").euid)]
    undo(act, steward)
    assert told(owner("HIS", "2")) == [("child", owner("HIS", "7").euid)]


def test_ending_it_keeps_them_apart_and_can_be_undone(
    family: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    katherine, marcus = family
    mother(katherine, marcus, steward)
    row, separation = Relationship.objects.get(), Separation.objects.get()
    with pytest.raises(Related):
        lift_separation(separation_uuid=separation.uuid, reason="", actor=steward)
    act = unrelate(relationship_uuid=row.uuid, reason="The neighbour", actor=steward)
    assert told(marcus) == []
    with pytest.raises(Separated):
        merge(katherine, marcus, steward)
    with pytest.raises(AlreadyDecided):
        unrelate(relationship_uuid=row.uuid, reason="The neighbour", actor=steward)
    undo(act, steward)
    assert told(marcus) == [("mother", katherine.euid)]
    last = Relationship.objects.get(ended_at__isnull=True)
    act = unrelate(relationship_uuid=last.uuid, reason="The neighbour", actor=steward)
    lift_separation(separation_uuid=separation.uuid, reason="", actor=steward)
    with pytest.raises(CannotUndo, match="relate the two anew"):
        undo_event(event_uuid=act.event_uuid, reason="", actor=steward)


def test_what_cannot_be_is_refused_and_what_is_odd_is_warned_of(
    family: tuple[GoldenRecord, GoldenRecord], steward: Actor, outsider: Actor
) -> None:
    katherine, marcus = family
    with pytest.raises(InvalidInput, match="themselves"):
        mother(katherine, katherine, steward)
    with pytest.raises(InvalidInput):
        mother(katherine, marcus, steward, kind="cousin")
    with pytest.raises(InvalidInput):
        relate(from_euid=katherine.euid, to_euid=marcus.euid, kind="mother", reason=" ", actor=steward)
    with pytest.raises(NotFound):
        relate(from_euid=katherine.euid, to_euid="nobody", kind="mother", reason="x", actor=steward)
    with pytest.raises(Forbidden):
        mother(katherine, marcus, outsider)
    seen = preview_relate(from_euid=marcus.euid, to_euid=katherine.euid, kind="mother", actor=steward)
    assert len(seen.warnings) == 2
    mother(katherine, marcus, steward)
    with pytest.raises(AlreadyDecided):
        mother(katherine, marcus, steward)
    with pytest.raises(InvalidInput, match="own parent"):
        mother(marcus, katherine, steward, kind="father")
    mother(katherine, marcus, steward, kind="spouse")
    with pytest.raises(AlreadyDecided):
        mother(marcus, katherine, steward, kind="spouse")


def test_it_answers_an_open_question_but_not_by_a_clerk(clerk: Actor, steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    asked, sides = question(), (owner("HIS", "1"), owner("LAB", "2"))
    with pytest.raises(UnderReview):
        mother(*sides, clerk, kind="twin")
    act = mother(*sides, steward, kind="twin")
    asked.refresh_from_db()
    assert asked.status == "different"
    assert "two people" in kinship_words(sides[0].pk, sides[1].pk)[0]
    undo(act, steward)
    assert PotentialMatch.objects.get(status="open").pk == asked.pk


def test_a_clerk_relates_and_common_parents_are_evidence(
    family: tuple[GoldenRecord, GoldenRecord], clerk: Actor
) -> None:
    tell("HIS", "7", ESTEBAN)
    tell("CLINIC", "7", {**KATHERINE_BY_NUMBER, "ssn": "", "given_name": "Zoe", "family_name": "Abbot"})
    katherine, marcus = family
    for child in (owner("HIS", "7"), marcus):
        mother(katherine, child, clerk)
    (words,) = kinship_words(marcus.pk, owner("HIS", "7").pk)
    assert words.startswith(f"Both are recorded as a child of one mother (EUID {katherine.euid})")
    assert kinship_words(katherine.pk, owner("CLINIC", "7").pk) == ()
    mother(marcus, owner("CLINIC", "7"), clerk)
    assert "different mothers" in kinship_words(owner("HIS", "7").pk, owner("CLINIC", "7").pk)[0]


def test_reading_relatives_costs_the_same_for_three_and_for_twelve(
    family: tuple[GoldenRecord, GoldenRecord], steward: Actor, django_assert_max_num_queries: object
) -> None:
    katherine, _ = family
    for number in range(12):
        born = {"given_name": "ABCDEFGHIJKL"[number] * 6, "family_name": "MNOPQRSTUVWX"[number] * 7}
        tell("CLINIC", f"c{number}", {**born, "birth_date": f"20{10 + number}-03-{10 + number}"})
    children = {owner("CLINIC", f"c{number}").euid for number in range(12)} - {katherine.euid}
    for euid in children:
        mother(katherine, GoldenRecord.objects.get(euid=euid), steward)
    assert len(children) == 12
    with django_assert_max_num_queries(4):
        assert len(relatives_of(katherine)) == 12


@pytest.mark.parametrize("beside", [True, False])
def test_a_number_that_speaks_of_another_patient_takes_no_relatives_along(steward: Actor, beside: bool) -> None:
    tell("HIS", "1", KATHERINE, updated_at=past(1))
    if beside:
        tell("LAB", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    katherine, marcus = owner("HIS", "1"), owner("HIS", "2")
    mother(katherine, marcus, steward)
    tell("HIS", "1", ESTEBAN, updated_at=past(2))
    task = IdentityTask.objects.get(type="overlay", status="open")
    answer = split_overlay(task_uuid=task.uuid, reason="Given out twice", actor=steward)
    sweep_inbox(older_than_s=-60)
    other = owner("HIS", "1")
    assert other != katherine
    assert told(other) == []
    assert told(marcus) == ([("mother", katherine.euid)] if beside else [])
    undo_event(event_uuid=answer.event_uuid, reason="The wrong row", actor=steward)
    assert told(marcus) == [("mother", katherine.euid)]
    assert relatives_of(marcus)[0].by == steward.name


def test_a_relationship_goes_on_with_a_record_that_was_taken_out_of_the_person(
    family: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    """The number that speaks of another patient now was the first of hers; the other one had been taken out."""
    katherine, marcus = family
    mother(katherine, marcus, steward)
    unlink_record(record_id=record_of("LAB", "1").pk, reason_code="data-entry-error", reason="", actor=steward)
    assert told(marcus) == [("mother", katherine.euid)]
    tell("HIS", "1", ESTEBAN)
    task = IdentityTask.objects.get(type="overlay", status="open")
    answer = split_overlay(task_uuid=task.uuid, reason="Given out twice", actor=steward)
    assert told(marcus) == [("mother", owner("LAB", "1").euid)]
    undo_event(event_uuid=answer.event_uuid, reason="The wrong row", actor=steward)
    assert told(marcus) == [("mother", katherine.euid)]


def test_what_was_taken_back_twice_over_is_gone(family: tuple[GoldenRecord, GoldenRecord], steward: Actor) -> None:
    """Ended, that undone, and then said never to have been: the row that came back ends, too."""
    katherine, marcus = family
    act = mother(katherine, marcus, steward)
    ended = unrelate(relationship_uuid=Relationship.objects.get().uuid, reason="The wrong child", actor=steward)
    undo(ended, steward)
    assert told(marcus) == [("mother", katherine.euid)]
    undo(act, steward)
    assert told(marcus) == []
    assert not Separation.objects.filter(lifted_at=None).exists()


def test_what_is_taken_back_after_a_split_does_not_come_back_with_it(
    family: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    katherine, marcus = family
    act = mother(katherine, marcus, steward)
    tell("HIS", "1", ESTEBAN)
    task = IdentityTask.objects.get(type="overlay", status="open")
    answer = split_overlay(task_uuid=task.uuid, reason="Given out twice", actor=steward)
    assert told(marcus) == [("mother", katherine.euid)]
    undo(act, steward)
    assert told(marcus) == []
    undo_event(event_uuid=answer.event_uuid, reason="The wrong row", actor=steward)
    assert told(marcus) == []
