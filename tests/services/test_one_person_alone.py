"""One person alone does not get by another door what policy asks two people for."""

from __future__ import annotations

from uuid import uuid4

import pytest

from matching.records import SSN_AUTHORITY, Identifier, Name, PatientRecord
from mpi.commands import Actor
from mpi.errors import SecondPersonNeeded
from mpi.models import GoldenRecord, SourceRecord
from mpi.services.link import link_record
from mpi.services.registration import register_visit
from mpi.services.source_merge import merge_source_records
from mpi.services.unlink import unlink_record
from mpi.services.vip import lift_vip, mark_vip
from tests.services.acting import merge
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, owner, tell

pytestmark = pytest.mark.django_db
NAMELESS = {"given_name": "Oskar", "family_name": "Lindqvist", "birth_date": "1999-01-02"}


@pytest.fixture(autouse=True)
def _policy_of_the_product(settings) -> None:
    settings.SECOND_PERSON = settings.SECOND_PERSON_OF_THE_PRODUCT


def _key(system: str, mrn: str) -> int:
    return SourceRecord.objects.get(source_system__code=system, mrn=mrn).pk


def test_a_number_typed_at_the_desk_is_none_that_two_persons_have_in_common(steward: Actor) -> None:
    tell("HIS", "1", MARCUS)
    tell("LAB", "2", ESTEBAN)
    one, other = owner("HIS", "1"), owner("LAB", "2")
    typed = PatientRecord(
        source_system="",
        mrn="",
        names=(Name("Whitfield", "Marcus"),),
        birth_date="1984-11-30",
        identifiers=(Identifier(SSN_AUTHORITY, "604319922", "SS"),),
    )
    register_visit(token=uuid4(), record=typed, euid=one.euid, reason="He says so", actor=steward)
    one, other = (GoldenRecord.objects.get(pk=pk) for pk in (one.pk, other.pk))
    assert one.member_count == 2
    with pytest.raises(SecondPersonNeeded) as refused:
        merge(one, other, steward)
    assert refused.value.extra["asked_by"] == ["conflicting-identifiers"]
    with pytest.raises(SecondPersonNeeded):
        link_record(
            record_id=_key("LAB", "2"), euid=one.euid, version=None, reason_code="documents-seen", reason="",
            actor=steward,
        )  # fmt: skip


def test_an_old_merge_is_not_taken_apart_record_by_record(steward: Actor, settings) -> None:
    tell("HIS", "1", MARCUS)
    tell("LAB", "2", NAMELESS)
    tell("PORTAL", "3", KATHERINE)
    merge(owner("HIS", "1"), owner("LAB", "2"), steward)
    settings.OLD_MERGE_DAYS = 0
    why = {"reason_code": "wrong-merge", "reason": "", "actor": steward}
    with pytest.raises(SecondPersonNeeded) as refused:
        unlink_record(record_id=_key("LAB", "2"), **why)
    assert refused.value.extra["asked_by"] == ["old-merge"]
    with pytest.raises(SecondPersonNeeded):
        link_record(record_id=_key("LAB", "2"), euid=owner("PORTAL", "3").euid, version=None, **why)
    settings.OLD_MERGE_DAYS = 1
    unlink_record(record_id=_key("LAB", "2"), **why)


def test_two_numbers_of_a_source_are_no_way_round_for_a_steward(steward: Actor, system: Actor) -> None:
    tell("HIS", "1", MARCUS)
    tell("HIS", "2", ESTEBAN)
    said = {"system": "HIS", "survivor_mrn": "1", "subsumed_mrn": "2", "reason_code": "documents-seen", "reason": ""}
    with pytest.raises(SecondPersonNeeded) as refused:
        merge_source_records(**said, actor=steward)
    assert refused.value.extra["asked_by"] == ["conflicting-identifiers"]
    assert SourceRecord.objects.filter(state="active").count() == 2
    merge_source_records(**said, actor=system)  # the source's own word


def test_who_lifts_a_vip_mark_does_not_then_act_alone(steward: Actor, supervisor: Actor) -> None:
    tell("HIS", "1", MARCUS)
    tell("LAB", "2", NAMELESS)
    mark_vip(euid=owner("LAB", "2").euid, reason="In the news", actor=supervisor)
    lift_vip(euid=owner("LAB", "2").euid, reason="Forgotten", actor=supervisor)
    with pytest.raises(SecondPersonNeeded) as refused:
        merge(owner("HIS", "1"), owner("LAB", "2"), supervisor)
    assert refused.value.extra["asked_by"] == ["vip"]
    merge(owner("HIS", "1"), owner("LAB", "2"), steward)
