"""A doubtful update that was applied has moved its source record, or joined two people: what an answer makes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from audit.models import AuditEvent
from mpi import codec
from mpi.commands import Actor
from mpi.errors import CannotUndo, Separated, StaleVersion
from mpi.models import EventKind, GoldenRecord, IdentityEvent, IdentityTask, PotentialMatch, SeparationPair
from mpi.services.overlay import OverlayAnswer, decide_overlay
from mpi.services.overlay_split import split_overlay
from mpi.services.retire import retire_golden_record
from mpi.services.separate import separate
from mpi.services.source_merge import merge_source_records
from mpi.services.source_unmerge import unmerge_source_records
from mpi.services.sweep import sweep_inbox
from mpi.services.undo import undo_event
from mpi.services.unmerge import unmerge_golden_records
from tests.services.acting import merge, undo
from tests.services.invariants import faults
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    MARCUS,
    MARGARET,
    MARJORIE,
    NAMESAKE,
    link_of,
    owner,
    record_of,
    state,
    take_back,
    tell,
    versions,
)


@pytest.fixture(autouse=True)
def _every_invariant_holds(_systems: None) -> Iterator[None]:
    yield
    assert faults() == {}


def reject(actor: Actor) -> OverlayAnswer:
    return decide_overlay(task_uuid=overlay_task().uuid, accept=False, reason="Wrong chart", actor=actor)


def accept(actor: Actor) -> OverlayAnswer:
    return decide_overlay(task_uuid=overlay_task().uuid, accept=True, reason="Asked the ward", actor=actor)


def split(actor: Actor) -> OverlayAnswer:
    return split_overlay(task_uuid=overlay_task().uuid, reason="Given out twice", actor=actor)


def take_the_answer_back(answer: OverlayAnswer, actor: Actor) -> None:
    undo_event(event_uuid=answer.event_uuid, reason="The wrong row", actor=actor)


def overlay_task() -> IdentityTask:
    return IdentityTask.objects.get(type="overlay", status="open")


def retire(golden: GoldenRecord, actor: Actor) -> IdentityEvent:
    act = retire_golden_record(
        euid=golden.euid,
        version=versions(golden)[golden.euid],
        reason_code="data-entry-error",
        reason="A test patient",
        actor=actor,
    )
    return IdentityEvent.objects.get(uuid=act.event_uuid)


@pytest.fixture
def moved() -> GoldenRecord:
    """HIS 1 was Katherine, as LAB 1 knows her; an update took it to her namesake of PORTAL 1. Gives Katherine."""
    tell("LAB", "1", KATHERINE)
    tell("HIS", "1", KATHERINE)
    katherine = owner("LAB", "1")
    assert owner("HIS", "1") == katherine
    tell("PORTAL", "1", NAMESAKE)
    tell("HIS", "1", NAMESAKE)
    assert owner("HIS", "1") == owner("PORTAL", "1") != katherine
    return katherine


@pytest.fixture
def joined() -> IdentityEvent:
    """HIS 1 was Katherine, alone; an update of it joined her with the namesake that LAB 1 knows. Gives the join."""
    tell("LAB", "1", NAMESAKE)
    tell("HIS", "1", KATHERINE)
    assert owner("HIS", "1") != owner("LAB", "1")
    tell("HIS", "1", NAMESAKE)
    assert owner("HIS", "1") == owner("LAB", "1")
    return IdentityEvent.objects.get(kind=EventKind.JOIN)


def audited(action: str, record_uuid: object) -> int:
    return AuditEvent.objects.filter(action=action, subject_id=str(record_uuid)).count()


# -- reject --------------------------------------------------------------------------------------------


def test_reject_takes_the_record_home_and_says_so(moved: GoldenRecord, steward: Actor) -> None:
    before, record = state(), record_of("HIS", "1")
    namesake = owner("PORTAL", "1")
    ended, opened = audited("link.ended", record.uuid), audited("link.opened", record.uuid)
    answer = reject(steward)
    assert owner("HIS", "1") == moved
    assert audited("link.ended", record.uuid) == ended + 1
    assert audited("link.opened", record.uuid) == opened + 1
    entry = AuditEvent.objects.get(action="task.resolved")
    for euid in (moved.euid, namesake.euid):
        assert any(euid in subject for subject in entry.subjects)
    take_the_answer_back(answer, steward)
    assert state() == before
    assert audited("record.updated", record.uuid) == 2, "what it tells since the undo is somebody's act"
    reject(steward)
    assert owner("HIS", "1") == moved, "an answer that was taken back is given again"


def test_reject_does_not_cross_a_separation(moved: GoldenRecord, steward: Actor) -> None:
    namesake = owner("PORTAL", "1")
    separate(euid_a=moved.euid, euid_b=namesake.euid, reason_code="namesake", reason="", actor=steward)
    with pytest.raises(Separated):
        reject(steward)
    assert owner("HIS", "1") == namesake


def test_reject_does_not_bring_a_retired_golden_record_back(moved: GoldenRecord, steward: Actor) -> None:
    event = retire(moved, steward)
    with pytest.raises(StaleVersion, match="retired") as refusal:
        reject(steward)
    assert refusal.value.extra == {"event": str(event.uuid)}
    moved.refresh_from_db()
    assert moved.status == "retired"


def test_a_merge_that_was_undone_does_not_change_where_home_is(moved: GoldenRecord, steward: Actor) -> None:
    tell("CLINIC", "9", ESTEBAN)
    act = merge(owner("CLINIC", "9"), owner("PORTAL", "1"), steward)
    undo(act, steward)
    reject(steward)
    assert owner("HIS", "1") == moved


def test_reject_is_refused_while_a_later_merge_stands(moved: GoldenRecord, steward: Actor) -> None:
    tell("CLINIC", "9", ESTEBAN)
    act = merge(owner("CLINIC", "9"), owner("PORTAL", "1"), steward)
    for answer in (reject, split):
        with pytest.raises(StaleVersion, match="moved since") as refusal:
            answer(steward)
        assert refusal.value.extra == {"event": str(act.event_uuid)}
    assert accept(steward).task.status == "accepted"


def test_home_is_the_survivor_of_a_later_merge(moved: GoldenRecord, steward: Actor) -> None:
    tell("CLINIC", "9", ESTEBAN)
    merge(owner("CLINIC", "9"), moved, steward)
    reject(steward)
    assert owner("HIS", "1") == owner("LAB", "1") == owner("CLINIC", "9") != owner("PORTAL", "1")


# -- joins ---------------------------------------------------------------------------------------------


def test_no_answer_leaves_two_patients_in_one_golden_record(joined: IdentityEvent, steward: Actor) -> None:
    for answer in (reject, split):
        with pytest.raises(StaleVersion, match="joined two golden records") as refusal:
            answer(steward)
        assert refusal.value.extra == {"event": str(joined.uuid)}
    unmerge_golden_records(event_uuid=joined.uuid, reason_code="wrong-merge", reason="", actor=steward)
    reject(steward)
    assert owner("HIS", "1") != owner("LAB", "1")
    assert codec.golden_values(owner("HIS", "1"))["ssn"] != codec.golden_values(owner("LAB", "1"))["ssn"]


def test_an_accept_is_not_undone_while_what_it_let_through_keeps_two_joined(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", MARCUS)
    tell("HIS", "1", MARCUS)
    answer = accept(steward)
    sweep_inbox(older_than_s=-60)
    assert owner("HIS", "1") == owner("LAB", "1")
    join = IdentityEvent.objects.get(kind=EventKind.JOIN)
    with pytest.raises(CannotUndo, match="joined") as refusal:
        take_the_answer_back(answer, steward)
    assert refusal.value.extra == {"event": str(join.uuid)}


# -- split ---------------------------------------------------------------------------------------------


def test_split_leaves_a_record_that_the_update_has_moved_with_its_true_person(
    moved: GoldenRecord, steward: Actor
) -> None:
    namesake, people = owner("PORTAL", "1"), GoldenRecord.objects.count()
    split(steward)
    assert owner("HIS", "1") == owner("PORTAL", "1") == namesake
    assert GoldenRecord.objects.count() == people
    assert link_of("HIS", "1").by_human
    pair = {record_of("HIS", "1").pk, record_of("LAB", "1").pk}
    standing = SeparationPair.objects.filter(separation__lifted_at__isnull=True)
    assert pair in [{row.record_low_id, row.record_high_id} for row in standing]
    tell("HIS", "1", KATHERINE)
    assert owner("HIS", "1") != moved, "kept apart whatever is told"


def test_and_its_undo_restores_everything(moved: GoldenRecord, steward: Actor) -> None:
    before = state()
    take_the_answer_back(split(steward), steward)
    assert state() == before
    split(steward)
    assert owner("HIS", "1") == owner("PORTAL", "1")


def test_the_audit_log_says_which_values_a_split_has_restored(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "1", {**KATHERINE, "ssn": "604-31-9922"})
    split(steward)
    assert "ssn" in AuditEvent.objects.get(action="task.resolved").detail["restored"]


# -- records that are withdrawn ------------------------------------------------------------------------


def test_nobody_is_asked_about_a_record_that_its_source_takes_back(moved: GoldenRecord, steward: Actor) -> None:
    task = overlay_task()
    take_back("HIS", "1")
    task.refresh_from_db()
    assert task.status == "closed"
    tell("HIS", "1", KATHERINE)
    tell("HIS", "1", {**KATHERINE, "ssn": "412-55-8801"})
    assert overlay_task().pk != task.pk


def test_nor_about_one_of_a_retired_golden_record_until_that_is_undone(moved: GoldenRecord, steward: Actor) -> None:
    task = overlay_task()
    event = retire(owner("PORTAL", "1"), steward)
    task.refresh_from_db()
    assert task.status == "closed"
    undo_event(event_uuid=event.uuid, reason="A slip", actor=steward)
    assert overlay_task().pk == task.pk


def test_an_answer_about_a_record_that_belongs_to_nobody_is_undone(moved: GoldenRecord, steward: Actor) -> None:
    task = overlay_task()
    take_back("HIS", "1")
    IdentityTask.objects.filter(pk=task.pk).update(status="open", closed_at=None)
    take_the_answer_back(accept(steward), steward)
    assert overlay_task().pk == task.pk
    assert audited("identity.undone", record_of("HIS", "1").uuid) == 1


def test_undoing_an_accept_does_not_undo_a_later_retirement(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "1", MARCUS)
    answer = accept(steward)
    sweep_inbox(older_than_s=-60)
    marcus = owner("HIS", "1")
    retire(marcus, steward)
    with pytest.raises(CannotUndo, match="acted on it"):
        take_the_answer_back(answer, steward)
    marcus.refresh_from_db()
    assert (marcus.status, record_of("HIS", "1").state) == ("retired", "deleted")


def test_a_withdrawn_record_comes_back_where_it_would_be_without_a_merge_that_was_undone(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    tell("LAB", "2", MARCUS)
    tell("PORTAL", "9", ESTEBAN)
    marcus = owner("LAB", "2")
    wrong = merge(owner("PORTAL", "9"), marcus, steward)
    why = "source-confirmed"
    merge_source_records(system="HIS", survivor_mrn="1", subsumed_mrn="2", reason_code=why, reason="", actor=steward)
    unmerge_golden_records(event_uuid=wrong.event_uuid, reason_code="wrong-merge", reason="", actor=steward)
    unmerge_source_records(system="HIS", subsumed_mrn="2", reason_code=why, reason="", actor=steward)
    assert owner("HIS", "2") == owner("LAB", "2") == marcus
    pair = {record_of("HIS", "2").pk, record_of("PORTAL", "9").pk}
    standing = SeparationPair.objects.filter(separation__lifted_at__isnull=True)
    assert pair in [{row.record_low_id, row.record_high_id} for row in standing]


def test_a_question_goes_along_with_its_record_to_a_golden_record_of_its_own(steward: Actor) -> None:
    """Margaret and Marjorie are asked about; the record that the question rests on becomes a third sister."""
    tell("HIS", "1", MARGARET)
    tell("CLINIC", "1", {**MARGARET, "street": "4 Mill Road", "phone": "603-555-0177", "email": ""})
    tell("LAB", "1", MARJORIE)
    asked = PotentialMatch.objects.get(status="open")
    assert record_of("CLINIC", "1").pk in (asked.record_a_id, asked.record_b_id)
    sister = {**MARGARET, "given_name": "Meredith", "middle_name": "", "ssn": "219-44-7710"}
    tell("CLINIC", "1", sister)
    while open_doubts := IdentityTask.objects.filter(type="overlay", status="open"):
        task = open_doubts[0]
        decide_overlay(task_uuid=task.uuid, accept=True, reason="Asked the ward", actor=steward)
        sweep_inbox(older_than_s=-60)
    assert owner("CLINIC", "1") not in (owner("HIS", "1"), owner("LAB", "1"))
    standing = PotentialMatch.objects.filter(status="open")
    asked.refresh_from_db()
    assert {asked.golden_a_id, asked.golden_b_id} == {owner("CLINIC", "1").pk, owner("LAB", "1").pk}
    assert asked in standing
