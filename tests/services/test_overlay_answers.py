"""Answers to a doubtful update: accept, reject, split at a time; each undone exactly while nothing contradicts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from audit.models import AuditEvent
from mpi import codec
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, CannotUndo, InvalidInput, StaleVersion
from mpi.models import BlockingKey, Identifier, IdentityTask, InboundMessage, OutboxEvent
from mpi.services.ingest import ingest
from mpi.services.overlay import OverlayAnswer, decide_overlay
from mpi.services.overlay_split import split_overlay
from mpi.services.sweep import sweep_inbox
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from tests.services.invariants import faults
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, link_of, owner, past, record_of, state, store, tell

CORRECTED = {**KATHERINE, "ssn": "604-31-9922"}
"""Katherine under another number: applied, and looked at."""
Answer = Callable[[IdentityTask, Actor], OverlayAnswer]


@pytest.fixture(autouse=True)
def _every_invariant_holds(_systems: None) -> Iterator[None]:
    yield
    assert faults() == {}


def accept(task: IdentityTask, actor: Actor) -> OverlayAnswer:
    return decide_overlay(task_uuid=task.uuid, accept=True, reason="Asked the ward", actor=actor)


def reject(task: IdentityTask, actor: Actor) -> OverlayAnswer:
    return decide_overlay(task_uuid=task.uuid, accept=False, reason="Wrong chart", actor=actor)


def split(task: IdentityTask, actor: Actor, at: datetime | None = None) -> OverlayAnswer:
    return split_overlay(task_uuid=task.uuid, at=at, reason="The number was given out twice", actor=actor)


def undo(answer: OverlayAnswer, actor: Actor) -> None:
    undo_event(event_uuid=answer.event_uuid, reason="The wrong row", actor=actor)


def overlay_task() -> IdentityTask:
    return IdentityTask.objects.get(type="overlay", status="open")


def apply_what_waits() -> None:
    sweep_inbox(older_than_s=-60)


def told(system: str, mrn: str) -> tuple[object, ...]:
    """What a record says and how it is found."""
    record = record_of(system, mrn)
    keys = BlockingKey.objects.filter(source_record=record).order_by("key").values_list("key", flat=True)
    numbers = Identifier.objects.filter(source_record=record).order_by("id").values_list("value_index", flat=True)
    shown = [bytes(number) for number in numbers]
    return record.state, record.told, codec.standard_record(record), record.message_id, list(keys), shown


def messages() -> list[str]:
    return list(InboundMessage.objects.order_by("pk").values_list("state", flat=True))


@pytest.fixture
def held() -> IdentityTask:
    """HIS 1 is Katherine, as LAB 1 knows her; then it was told that it is Marcus."""
    tell("HIS", "1", KATHERINE, updated_at=past(1))
    tell("LAB", "1", KATHERINE)
    tell("HIS", "1", MARCUS, updated_at=past(9))
    return overlay_task()


@pytest.fixture
def applied() -> IdentityTask:
    """HIS 1 got another SSN: plausible, applied, and to be looked at."""
    tell("HIS", "1", KATHERINE)
    tell("HIS", "1", CORRECTED)
    return overlay_task()


@pytest.mark.parametrize("answer", [accept, reject, split])
def test_an_answer_to_an_update_that_waits_is_undone_before_it_takes_effect(
    held: IdentityTask, steward: Actor, answer: Answer
) -> None:
    before, record = state(), told("HIS", "1")
    undo(answer(held, steward), steward)
    assert (state(), told("HIS", "1")) == (before, record)
    assert messages() == ["applied", "applied", "queued"]
    assert overlay_task().pk == held.pk
    assert IdentityTask.objects.filter(status="open").count() == 1


@pytest.mark.parametrize("answer", [accept, reject, split])
def test_and_after_it(held: IdentityTask, steward: Actor, answer: Answer) -> None:
    before, record = state()[1:], told("HIS", "1")
    katherine = owner("LAB", "1")
    given = answer(held, steward)
    apply_what_waits()
    undo(given, steward)
    assert (state()[1:], told("HIS", "1")) == (before, record)
    assert owner("HIS", "1") == owner("LAB", "1") == katherine
    assert messages() == ["applied", "applied", "queued"]
    assert reject(overlay_task(), steward).task.status == "rejected"


@pytest.mark.parametrize("answer", [accept, reject, split])
def test_not_once_the_source_has_told_more(held: IdentityTask, steward: Actor, answer: Answer) -> None:
    given = answer(held, steward)
    apply_what_waits()
    tell("HIS", "1", {**codec_values("HIS", "1"), "phone": "419-555-0155"})
    with pytest.raises(CannotUndo, match="told more"):
        undo(given, steward)


@pytest.mark.parametrize("answer", [reject, split])
def test_nor_an_answer_to_an_applied_update(applied: IdentityTask, steward: Actor, answer: Answer) -> None:
    given = answer(applied, steward)
    tell("HIS", "1", {**CORRECTED, "phone": "419-555-0155"})
    before, record = state(), told("HIS", "1")
    with pytest.raises(CannotUndo, match="told more") as refusal:
        undo(given, steward)
    later = InboundMessage.objects.get(uuid=refusal.value.extra["message"])
    assert later.pk == record_of("HIS", "1").message_id
    assert (state(), told("HIS", "1")) == (before, record)


@pytest.mark.parametrize("wait", [False, True])
def test_a_split_before_the_update_that_waits_is_undone_too(steward: Actor, wait: bool) -> None:
    tell("HIS", "1", KATHERINE, updated_at=past(1))
    tell("LAB", "1", KATHERINE)
    tell("HIS", "1", {**KATHERINE, "phone": "419-555-0155"}, updated_at=past(5))
    tell("HIS", "1", MARCUS, updated_at=past(9))
    before, record = state()[1:], told("HIS", "1")
    given = split(overlay_task(), steward, at=datetime.fromisoformat(past(3)))
    assert owner("HIS", "1") != owner("LAB", "1")
    if wait:
        apply_what_waits()
    undo(given, steward)
    assert (state()[1:], told("HIS", "1")) == (before, record)
    assert messages() == ["applied", "applied", "applied", "queued"]


def codec_values(system: str, mrn: str) -> dict[str, str]:
    return dict(MARCUS if owner(system, mrn).values["family_name"] == "Whitfield" else KATHERINE)


def test_not_once_a_person_has_put_the_record_elsewhere(held: IdentityTask, steward: Actor) -> None:
    given = reject(held, steward)
    record = record_of("HIS", "1")
    unlink_record(record_id=record.pk, reason_code="namesake", reason="", actor=steward)
    with pytest.raises(CannotUndo) as refusal:
        undo(given, steward)
    assert "event" in refusal.value.extra


def test_split_keeps_the_first_patient_and_makes_the_other_one_a_person(held: IdentityTask, steward: Actor) -> None:
    katherine = owner("LAB", "1")
    answer = split(held, steward)
    assert record_of("HIS", "1").state == "deleted", "between the answer and the update nobody is served wrongly"
    apply_what_waits()
    marcus = owner("HIS", "1")
    assert (marcus.values["family_name"], owner("LAB", "1")) == ("Whitfield", katherine)
    katherine.refresh_from_db()
    assert (katherine.values["family_name"], katherine.member_count) == ("Oyelaran", 1)
    assert answer.task.status == "split"
    correction = IdentityTask.objects.get(status="open")
    assert (correction.type, correction.source_record) == ("source-correction", record_of("HIS", "1"))
    assert OutboxEvent.objects.filter(type="golden.split", euid=katherine.euid).count() == 1
    entry = AuditEvent.objects.get(action="task.resolved")
    assert entry.detail["split_at"].startswith("2025-03-09")
    # Whatever either source tells from now on, the two stay two.
    tell("HIS", "1", MARCUS, phone="419-555-0100")
    tell("LAB", "1", KATHERINE, phone="937-555-0100")
    assert owner("HIS", "1") != owner("LAB", "1")


def test_split_of_the_only_record_retires_the_first_patient_as_she_was(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    katherine = owner("HIS", "1")
    tell("HIS", "1", MARCUS)
    split(overlay_task(), steward)
    apply_what_waits()
    katherine.refresh_from_db()
    assert (katherine.status, katherine.values["family_name"]) == ("retired", "Oyelaran")
    assert owner("HIS", "1") != katherine
    assert owner("HIS", "1").values["family_name"] == "Whitfield"


def test_the_other_patient_is_joined_to_who_he_is_known_to_be(steward: Actor) -> None:
    tell("LAB", "8", MARCUS)
    tell("HIS", "1", KATHERINE)
    tell("HIS", "1", MARCUS)
    split(overlay_task(), steward)
    apply_what_waits()
    assert owner("HIS", "1") == owner("LAB", "8")


@pytest.mark.parametrize("day", [1, 10])
def test_a_time_outside_the_history_is_refused_by_name(held: IdentityTask, steward: Actor, day: int) -> None:
    before = state()
    with pytest.raises(InvalidInput) as refusal:
        split(held, steward, at=datetime.fromisoformat(past(day)))
    (flaw,) = refusal.value.flaws
    assert (flaw.field, "outside the history" in flaw.problem) == ("at", True)
    assert "give a time after 2025-03-01" in flaw.mend
    assert (state(), overlay_task().version) == (before, 1)


def test_a_plausible_update_is_applied_and_looked_at(applied: IdentityTask) -> None:
    assert (applied.reasons, record_of("HIS", "1").state, record_of("HIS", "1").version) == (
        ["ssn_replaced"],
        "active",
        2,
    )
    tell("HIS", "1", {**CORRECTED, "ssn": "412-55-8801"})
    assert IdentityTask.objects.count() == 1, "one question a record"


def test_an_update_that_waits_comes_before_one_that_was_applied(applied: IdentityTask) -> None:
    tell("HIS", "1", MARCUS)
    applied.refresh_from_db()
    assert applied.status == "closed"
    assert overlay_task().reasons != ["ssn_replaced"]


def test_accepting_an_applied_update_only_closes_the_task(applied: IdentityTask, steward: Actor) -> None:
    before, record = state()[1:], told("HIS", "1")
    answer = accept(applied, steward)
    assert (state()[1:], told("HIS", "1"), answer.task.status) == (before, record, "accepted")
    undo(answer, steward)
    assert overlay_task().pk == applied.pk


def test_rejecting_an_applied_update_restores_what_was_told_before(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    before = told("HIS", "1")
    ssn = codec.golden_values(owner("HIS", "1"))["ssn"]
    tell("HIS", "1", CORRECTED)
    after = told("HIS", "1")
    answer = reject(overlay_task(), steward)
    assert told("HIS", "1") == before
    assert codec.golden_values(owner("HIS", "1"))["ssn"] == ssn
    assert (record_of("HIS", "1").version, messages()) == (3, ["applied", "rejected"])
    undo(answer, steward)
    assert told("HIS", "1") == after
    assert messages() == ["applied", "applied"]


def test_rejecting_it_is_refused_once_the_source_has_told_more(applied: IdentityTask, steward: Actor) -> None:
    tell("HIS", "1", CORRECTED, phone="937-555-0100")
    with pytest.raises(StaleVersion, match="split"):
        reject(applied, steward)


def test_split_of_an_applied_update_takes_what_came_with_it_along(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE, updated_at=past(1))
    tell("PORTAL", "1", {**KATHERINE, "phone": "937-555-0199"})
    katherine, before = owner("HIS", "1"), None
    assert owner("PORTAL", "1") == katherine
    tell("HIS", "1", CORRECTED, updated_at=past(5))
    before = state()[1:]
    answer = split(overlay_task(), steward)
    assert owner("HIS", "1") != katherine
    assert owner("PORTAL", "1") == katherine
    assert link_of("HIS", "1").by_human
    undo(answer, steward)
    assert state()[1:] == before
    split(overlay_task(), steward)
    tell("HIS", "1", CORRECTED, phone="937-555-0100")
    assert owner("HIS", "1") != owner("PORTAL", "1"), "kept apart whatever is told"


def test_split_of_the_only_record_after_the_update_was_applied_shows_the_first_patient(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    katherine = owner("HIS", "1")
    ssn = codec.golden_values(katherine)["ssn"]
    tell("HIS", "1", CORRECTED)
    answer = split(overlay_task(), steward)
    katherine.refresh_from_db()
    assert (katherine.status, codec.golden_values(katherine)["ssn"]) == ("retired", ssn)
    assert codec.golden_values(owner("HIS", "1"))["ssn"] != ssn
    undo(answer, steward)
    assert owner("HIS", "1") == katherine


def test_a_stale_task_and_a_second_answer_are_refused(held: IdentityTask, steward: Actor) -> None:
    with pytest.raises(StaleVersion):
        decide_overlay(task_uuid=held.uuid, accept=True, reason="Asked", actor=steward, version=7)
    with pytest.raises(InvalidInput):
        split_overlay(task_uuid=held.uuid, reason=" ", actor=steward)
    reject(held, steward)
    with pytest.raises(AlreadyDecided):
        split(held, steward)


def test_what_queued_behind_a_split_follows_in_order(held: IdentityTask, steward: Actor) -> None:
    later = [store("HIS", "1", MARCUS, phone=f"419-555-010{digit}") for digit in (1, 2)]
    assert ingest(message_ids=later) == {}
    split(held, steward)
    apply_what_waits()
    assert messages() == ["applied"] * 5
    assert owner("HIS", "1").values["phone"].endswith("0102")
    assert record_of("HIS", "1").recorded_at > datetime.now(UTC) - timedelta(minutes=5)


def test_another_patient_under_a_split_number_is_doubted_again(held: IdentityTask, steward: Actor) -> None:
    split(held, steward)
    apply_what_waits()
    tell("HIS", "1", ESTEBAN)
    assert overlay_task().pk != held.pk
