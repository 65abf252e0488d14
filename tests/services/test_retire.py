"""Retire: no patient, not served any more; and back again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mpi.commands import Actor
from mpi.errors import AlreadyMerged, CannotUndo, StaleVersion, UnderReview
from mpi.models import BlockingKey, GoldenRecord, OutboxEvent
from mpi.services.act import ActResult
from mpi.services.retire import retire_golden_record
from tests.services.acting import merge, undo
from tests.services.invariants import faults
from tests.services.telling import (
    KATHERINE,
    MARCUS,
    MARGARET,
    MARJORIE,
    owner,
    question,
    record_of,
    state,
    tell,
    versions,
)


@pytest.fixture(autouse=True)
def _every_invariant_holds(_systems: None) -> Iterator[None]:
    yield
    assert faults() == {}


def retire(golden: GoldenRecord, actor: Actor) -> ActResult:
    version = versions(golden)[golden.euid]
    return retire_golden_record(
        euid=golden.euid, version=version, reason_code="data-entry-error", reason="A test patient", actor=actor
    )


def test_it_is_found_by_nobody_and_what_is_told_again_begins_anew(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    golden = owner("HIS", "1")
    act = retire(golden, steward)
    golden.refresh_from_db()
    assert (golden.status, golden.member_count) == ("retired", 0)
    assert {record_of(system, "1").state for system in ("HIS", "LAB")} == {"deleted"}
    assert BlockingKey.objects.count() == 0
    assert OutboxEvent.objects.filter(type="golden.retired").count() == 1
    tell("CLINIC", "5", KATHERINE)
    assert owner("CLINIC", "5") != golden
    tell("HIS", "1", KATHERINE, phone="937-555-0100")
    assert owner("HIS", "1") == owner("CLINIC", "5")
    with pytest.raises(CannotUndo):
        undo(act, steward)


def test_undo_restores_it_with_its_questions(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    question()
    before, keys = state(), BlockingKey.objects.count()
    undo(retire(owner("HIS", "1"), steward), steward)
    assert (state(), BlockingKey.objects.count()) == (before, keys)


def test_what_cannot_be_is_refused(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    golden, other = owner("HIS", "1"), owner("HIS", "2")
    with pytest.raises(StaleVersion):
        retire_golden_record(euid=golden.euid, version=99, reason_code="slip", reason="", actor=steward)
    tell("HIS", "1", MARCUS)
    with pytest.raises(UnderReview):
        retire(golden, steward)
    retire(other, steward)
    with pytest.raises(AlreadyMerged):
        retire(other, steward)
    with pytest.raises(AlreadyMerged):
        merge(golden, other, steward)
