"""Registration at the desk: look first; what the clerk decides stands; a form registers once."""

from __future__ import annotations

from uuid import uuid4

import pytest

from matching.records import SSN_AUTHORITY, Address, Identifier, Name, PatientRecord, Telecom
from mpi.access import Permission
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, CannotUndo, Forbidden, IdempotencyConflict, InvalidInput
from mpi.models import (
    GoldenRecord,
    InboundMessage,
    Link,
    PotentialMatch,
    Registration,
    Separation,
    SourceRecord,
)
from mpi.services.registration import register_new, register_visit
from mpi.services.registration_later import withdraw_registration
from mpi.services.registration_look import LookAgain, look
from mpi.services.undo import undo_event
from mpi.services.upsert import upsert_record
from tests.services.acting import merge
from tests.services.invariants import faults

pytestmark = pytest.mark.django_db


def told(
    given: str = "Margaret", *, system: str = "", mrn: str = "", ssn: str = "", phone: str = "6035550141"
) -> PatientRecord:
    return PatientRecord(
        source_system=system,
        mrn=mrn,
        names=(Name("Holloway", given, "Ann"),),
        birth_date="1971-03-09",
        sex="F",
        addresses=(Address("18 Orchard Lane", "Concord", "NH", "03301"),),
        telecoms=(Telecom("phone", phone),),
        identifiers=(Identifier(SSN_AUTHORITY, ssn, "SS"),) if ssn else (),
    )


@pytest.fixture
def margaret(system: Actor) -> GoldenRecord:
    upsert_record(record=told(system="HIS", mrn="H1", ssn="412558801"), source_time=None, actor=system)
    return GoldenRecord.objects.get()


def link_of(row: Registration) -> Link:
    return Link.objects.select_related("golden_record").get(source_record__mrn=row.number, ended_at__isnull=True)


def test_a_new_patient_whom_nobody_is_like_is_decided_by_the_engine(clerk: Actor) -> None:
    row, result = register_new(token=uuid4(), record=told(), seen=(), actor=clerk)
    record = SourceRecord.objects.get(mrn=row.number)
    assert record.source_system.code == "REGISTRATION"
    assert row.number[0] == "R"
    assert len(row.number) == 10
    assert result.created
    assert record.told["registrar"] == clerk.id
    assert not link_of(row).by_human
    assert faults() == {}


def test_somebody_likely_must_be_looked_at_and_there_must_be_a_reason(clerk: Actor, margaret: GoldenRecord) -> None:
    likely = look(told(), actor=clerk)
    assert [one.golden.euid for one in likely] == [margaret.euid]
    assert likely[0].probability is not None
    assert likely[0].probability > 0.95
    with pytest.raises(LookAgain):
        register_new(token=uuid4(), record=told(), seen=(), reason_code="namesake", actor=clerk)
    with pytest.raises(InvalidInput):
        register_new(token=uuid4(), record=told(), seen=[margaret.euid], actor=clerk)
    assert not Registration.objects.exists()
    assert SourceRecord.objects.count() == 1


def test_the_clerks_word_holds_against_a_certain_engine_and_a_steward_is_asked(
    clerk: Actor, margaret: GoldenRecord, system: Actor
) -> None:
    row, result = register_new(
        token=uuid4(), record=told(), seen=[margaret.euid], reason_code="namesake", reason="Passport", actor=clerk
    )
    link = link_of(row)
    assert link.by_human
    assert link.golden_record_id != margaret.pk
    assert result.standing is not None
    assert result.standing.is_asked_about
    question = PotentialMatch.objects.get(status="open")
    assert {question.golden_a_id, question.golden_b_id} == {margaret.pk, link.golden_record_id}
    assert row.shown == [{"euid": margaret.euid, "probability": row.shown[0]["probability"], "grade": "certain"}]
    event = link.opened_by_event
    assert (event.kind, event.actor_id, event.reason_code, event.reason) == (
        "register",
        clerk.id,
        "namesake",
        "Passport",
    )
    # the engine does not join the two afterwards, whatever it is told
    upsert_record(record=told(system="LAB", mrn="L1"), source_time=None, actor=system)
    assert GoldenRecord.objects.filter(status__in=("provisional", "confirmed")).count() >= 2
    assert link_of(row).golden_record_id == link.golden_record_id
    assert not Separation.objects.exists()
    assert faults() == {}


def test_a_visit_is_linked_by_hand_to_the_chosen_person(clerk: Actor, margaret: GoldenRecord) -> None:
    row, result = register_visit(token=uuid4(), record=told(), euid=margaret.euid, actor=clerk)
    link = link_of(row)
    assert (link.golden_record_id, link.by_human, link.origin) == (margaret.pk, True, "steward")
    assert result.standing is not None
    assert result.standing.euid == margaret.euid
    assert GoldenRecord.objects.count() == 1
    assert faults() == {}
    with pytest.raises(CannotUndo):
        undo_event(event_uuid=link.opened_by_event.uuid, reason="A slip", actor=_may_merge(clerk))


def test_a_visit_follows_a_merge_of_the_chosen_person(clerk: Actor, margaret: GoldenRecord, steward: Actor) -> None:
    other, _ = register_new(
        token=uuid4(), record=told("Greta"), seen=[margaret.euid], reason_code="namesake", actor=clerk
    )
    gone = link_of(other).golden_record
    merge(margaret, gone, steward)
    row, _ = register_visit(token=uuid4(), record=told(), euid=gone.euid, actor=clerk)
    assert link_of(row).golden_record_id == margaret.pk


def test_somebody_who_does_not_look_like_the_chosen_person_needs_words(clerk: Actor, margaret: GoldenRecord) -> None:
    stranger = PatientRecord("", "", names=(Name("Ibarra", "Luz"),), birth_date="1999-01-02")
    with pytest.raises(InvalidInput):
        register_visit(token=uuid4(), record=stranger, euid=margaret.euid, actor=clerk)
    row, _ = register_visit(
        token=uuid4(), record=stranger, euid=margaret.euid, reason="Married name, ID seen", actor=clerk
    )
    assert row.shown[-1]["grade"] == "certainly-not"


def test_somebody_with_the_same_ssn_is_shown_though_nothing_else_agrees(clerk: Actor, margaret: GoldenRecord) -> None:
    stranger = PatientRecord(
        "", "", names=(Name("Ibarra", "Luz"),), birth_date="1999-01-02",
        identifiers=(Identifier(SSN_AUTHORITY, "412-55-8801", "SS"),),
    )  # fmt: skip
    assert margaret.euid in [one.golden.euid for one in look(stranger, actor=clerk)]


def test_a_form_sent_again_registers_once_and_other_entries_are_refused(clerk: Actor, margaret: GoldenRecord) -> None:
    form = uuid4()
    for _ in range(2):
        register_new(token=form, record=told("Ruth"), seen=[margaret.euid], reason_code="family-member", actor=clerk)
    assert Registration.objects.count() == 1
    assert InboundMessage.objects.filter(source_system="REGISTRATION").count() == 1
    with pytest.raises(IdempotencyConflict):
        register_new(token=form, record=told("Edith"), seen=[margaret.euid], reason_code="family-member", actor=clerk)
    assert SourceRecord.objects.filter(source_system__code="REGISTRATION").count() == 1


def test_taken_back_the_person_is_as_before(clerk: Actor, margaret: GoldenRecord, his_client: Actor) -> None:
    row, _ = register_visit(token=uuid4(), record=told(), euid=margaret.euid, actor=clerk)
    colleague = Actor("user", "cora", "Cora", clerk.permissions, source="web")
    with pytest.raises(Forbidden):
        withdraw_registration(registration_uuid=row.uuid, reason="Wrong row", actor=colleague)
    withdraw_registration(registration_uuid=row.uuid, reason="Wrong row", actor=clerk)
    margaret.refresh_from_db()
    assert margaret.member_count == 1
    assert not Link.objects.filter(source_record__mrn=row.number, ended_at__isnull=True).exists()
    with pytest.raises(AlreadyDecided):
        withdraw_registration(registration_uuid=row.uuid, reason="Wrong row", actor=clerk)
    assert faults() == {}


def test_registering_needs_the_permission(auditor: Actor, margaret: GoldenRecord) -> None:
    with pytest.raises(Forbidden):
        register_visit(token=uuid4(), record=told(), euid=margaret.euid, actor=auditor)


def _may_merge(actor: Actor) -> Actor:
    return Actor("user", actor.id, actor.name, actor.permissions | {Permission.MERGE})
