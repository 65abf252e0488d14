"""Faults that the invariants have found, each as it came about."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.models import InboundMessage, Link, OutboxEvent
from mpi.queries.invariants import check_index
from mpi.services.ingest import ingest
from mpi.services.link import link_record
from mpi.services.systems import register_system
from mpi.services.undo import undo_event
from tests.services.telling import KATHERINE, KATHERINE_BY_NUMBER, MARCUS, owner, record_of, store, tell

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _systems(system: Actor) -> None:
    for code in ("HIS", "LAB"):
        register_system(code=code, actor=system)


def test_an_undo_names_the_golden_record_that_it_brings_back_to_life(steward: Actor) -> None:
    """It had lost its only source record: it was retired still when the undo was written down."""
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    katherine, marcus = owner("HIS", "1"), owner("HIS", "2")
    act = link_record(
        record_id=record_of("HIS", "2").pk,
        euid=katherine.euid,
        version=None,
        reason_code="slip",
        reason="",
        actor=steward,
    )
    undone = undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
    assert undone.euids == (katherine.euid, marcus.euid)
    told = AuditEvent.objects.get(action="identity.undone")
    assert f"golden_record:{marcus.euid}" in told.subjects
    assert check_index().is_clean


def test_subscribers_of_both_sides_are_told_when_the_engine_takes_a_record_away() -> None:
    """An update showed another person: the golden record that it left was told of nothing but other values."""
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("LAB", "2", KATHERINE_BY_NUMBER)
    left = owner("LAB", "2")
    assert left == owner("HIS", "1")
    deceased = {**KATHERINE_BY_NUMBER, "ssn": "219-44-7710", "birth_date": "1971-09-03", "given_name": "Kathleen"}
    tell("LAB", "2", deceased)
    assert owner("LAB", "2") != left
    ended = OutboxEvent.objects.get(type="link.ended")
    assert (ended.euid, ended.source_record_ids, ended.related_euids) == (
        left.euid,
        [record_of("LAB", "2").pk],
        [owner("LAB", "2").euid],
    )
    assert check_index().is_clean


def test_a_message_that_queues_does_not_say_when_it_was_applied() -> None:
    """In one batch: the first is held as an overlay, the second waits behind it."""
    tell("HIS", "1", KATHERINE)
    ingest(message_ids=[store("HIS", "1", MARCUS), store("HIS", "1", KATHERINE)])
    waiting = InboundMessage.objects.filter(state="queued")
    assert [message.applied_at for message in waiting] == [None, None]
    assert Link.objects.filter(ended_at__isnull=True).count() == 1
    assert check_index().is_clean
