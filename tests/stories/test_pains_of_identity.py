"""What hurts users of other indexes, one test each, named by its number in the list of pains of the standards.

Those that had a test already carry the number in its name: `pytest -k pain` runs them all. Of 1: also in
test_separate; 2, 3, 13: test_separate and test_undo; 4: test_golden; 5: test_preview; 6: test_deletion; 7 and 24:
test_ingest; 8: test_blocking; 9: test_match; 10: test_same_new_person; 17: test_identity; 21: test_link_and_unlink.
"""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from mpi.commands import Actor, system_actor
from mpi.errors import Separated
from mpi.mapping import record_from_flat
from mpi.models import GoldenRecord, InboundMessage, Link, LinkOrigin, OutboxEvent, PotentialMatch, SourceRecord
from mpi.queries.search import Query, find
from mpi.services.ingest import ingest
from mpi.services.match import match
from mpi.services.separate import separate
from mpi.services.systems import register_system
from mpi.services.unlink import unlink_record
from tests.services.acting import merge, unmerge
from tests.services.telling import (
    KATHERINE,
    KATHERINE_BRIDGE,
    KATHERINE_BY_NUMBER,
    KATHERINE_MARRIED,
    MARGARET,
    MARJORIE,
    flat,
    golden_state,
    last_event,
    link_of,
    owner,
    record_of,
    state,
    store,
    tell,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _systems(db: None) -> None:
    for rank, code in enumerate(("HIS", "LAB", "PORTAL", "CLINIC"), start=1):
        register_system(code=code, name=code.title(), rank=rank * 10, actor=system_actor("test"))


def separated(one: GoldenRecord, other: GoldenRecord, actor: Actor) -> None:
    separate(euid_a=one.euid, euid_b=other.euid, reason_code="twins", reason="", actor=actor)


def test_pain_01_the_database_itself_gives_a_record_to_one_person_only() -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    twice = Link(
        source_record=record_of("HIS", "1"),
        golden_record=owner("LAB", "2"),
        origin=LinkOrigin.STEWARD,
        opened_by_event=last_event(),
        opened_at=timezone.now(),
    )
    with pytest.raises(IntegrityError, match="one_open_link_a_record"), transaction.atomic():
        twice.save()


def test_pain_02_what_a_person_has_split_stays_two_whatever_arrives_on_either_side(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    act = merge(owner("HIS", "1"), owner("LAB", "2"), steward)
    unmerge(act, steward)
    tell("PORTAL", "3", MARGARET)
    tell("CLINIC", "4", {**MARJORIE, "ssn": MARGARET["ssn"]})
    tell("LAB", "2", MARJORIE, phone="603-555-0199")
    assert owner("HIS", "1") == owner("PORTAL", "3")
    assert owner("LAB", "2") != owner("HIS", "1")
    with pytest.raises(Separated):
        merge(owner("HIS", "1"), owner("LAB", "2"), steward)


def test_pain_04_a_golden_record_forgets_what_an_unlinked_record_told(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    before = golden_state()
    tell("LAB", "2", KATHERINE, suffix="III", email="other@example.org")
    assert owner("LAB", "2") == owner("HIS", "1")
    unlink_record(record_id=record_of("LAB", "2").pk, reason_code="namesake", reason="", actor=steward)
    golden = owner("HIS", "1")
    assert golden_state()[golden.euid] == before[golden.euid]


def test_pain_11_a_search_finds_a_person_once_and_never_a_source_record_beside_it() -> None:
    for system in ("HIS", "LAB", "PORTAL"):
        tell(system, "1", KATHERINE)
    assert [hit.person.euid for hit in find(Query.named("Oyelaran", "")).hits] == [owner("HIS", "1").euid]
    assert [hit.person.euid for hit in find(Query(number="1")).hits] == [owner("HIS", "1").euid]


def test_pain_15_twins_in_one_household_are_asked_about_and_never_merged() -> None:
    tell("HIS", "1", MARGARET)
    tell("HIS", "2", MARJORIE)
    assert owner("HIS", "1") != owner("HIS", "2")
    assert PotentialMatch.objects.filter(status="open").count() == 1
    tell("LAB", "3", {**MARJORIE, "ssn": "604-31-9922"})
    assert owner("LAB", "3") != owner("HIS", "1")


def test_pain_15_the_other_twin_under_a_known_number_waits_for_a_steward() -> None:
    tell("HIS", "1", {**MARGARET, "ssn": ""})
    before = owner("HIS", "1").values
    tell("HIS", "1", MARJORIE)
    assert record_of("HIS", "1").state == "quarantined"
    assert owner("HIS", "1").values == before


def test_pain_16_placeholders_bring_nobody_together() -> None:
    nobody = {
        "given_name": "UNKNOWN",
        "family_name": "UNKNOWN",
        "birth_date": "1900-01-01",
        "ssn": "999-99-9999",
        "phone": "0000000000",
    }
    for mrn in ("1", "2", "3"):
        tell("HIS", mrn, nobody)
    assert GoldenRecord.objects.count() == 3
    assert PotentialMatch.objects.count() == 0


def test_pain_21_unlinking_tells_of_the_split_and_of_the_new_person(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "2", KATHERINE)
    left = owner("HIS", "1")
    seen = OutboxEvent.objects.count()
    unlink_record(record_id=record_of("LAB", "2").pk, reason_code="namesake", reason="", actor=steward)
    told = OutboxEvent.objects.order_by("id")[seen:]
    assert {(event.type, event.euid) for event in told} >= {
        ("link.ended", left.euid),
        ("link.opened", owner("LAB", "2").euid),
        ("golden.created", owner("LAB", "2").euid),
    }


def test_pain_24_one_load_does_not_tear_a_person_apart_that_its_last_record_ties() -> None:
    """A and B are one, D and E are one; C is both: all five are one person, in one batch or one by one."""
    told = (
        ("HIS", "1", KATHERINE_BY_NUMBER),
        ("LAB", "1", KATHERINE_BY_NUMBER),
        ("PORTAL", "1", KATHERINE_MARRIED),
        ("CLINIC", "1", KATHERINE_MARRIED),
        ("HIS", "2", KATHERINE_BRIDGE),
    )
    ingest(message_ids=[store(*one) for one in told])
    assert len({owner(system, mrn).pk for system, mrn, _ in told}) == 1
    assert Link.objects.filter(ended_at__isnull=True).count() == len(told)


def test_pain_24_a_human_no_is_not_overridden_by_the_record_that_ties_both(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("PORTAL", "1", KATHERINE_MARRIED)
    separated(owner("HIS", "1"), owner("PORTAL", "1"), steward)
    tell("LAB", "9", KATHERINE_BRIDGE)
    assert owner("HIS", "1") != owner("PORTAL", "1")


def test_pain_24_rows_that_differ_only_in_which_field_is_empty_are_two_versions() -> None:
    tell("HIS", "1", {**MARGARET, "street": "Concord", "city": ""})
    tell("HIS", "1", {**MARGARET, "street": "", "city": "Concord"})
    assert record_of("HIS", "1").version == 2
    assert link_of("HIS", "1").ended_at is None


def test_pain_14_and_22_a_clerk_sees_who_would_match_and_nothing_is_kept(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    before = state()
    (found,) = match(record=record_from_flat(flat("HIS", "2", KATHERINE)).record, actor=steward)
    assert (found.golden.euid, found.grade) == (owner("HIS", "1").euid, "certain")
    assert state() == before
    assert (SourceRecord.objects.count(), InboundMessage.objects.count()) == (1, 1)
