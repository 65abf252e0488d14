"""An answer to a doubtful update while something else happens to its source record."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from mpi import codec
from mpi.commands import Actor
from mpi.models import EventKind, GoldenRecord, IdentityEvent, IdentityTask, SourceRecord
from mpi.services.act import begin
from mpi.services.locking import LockClass, lock_keys
from mpi.services.neighbourhood import open_links
from mpi.services.overlay import OverlayAnswer, decide_overlay
from mpi.services.parse import keys_of
from mpi.services.receive import order_key
from mpi.services.record_states import lock_own_keys
from mpi.services.undo_records import lock_records_of
from tests.concurrency.racing import Racers
from tests.services.telling import ESTEBAN, KATHERINE, owner, record_of, tell

CORRECTED = {**KATHERINE, "ssn": "604-31-9922"}


@pytest.fixture
def applied() -> IdentityTask:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "1", CORRECTED)
    return IdentityTask.objects.get()


def rejecting(task: IdentityTask, actor: Actor) -> Callable[[], OverlayAnswer]:
    return lambda: decide_overlay(task_uuid=task.uuid, accept=False, reason="Wrong chart", actor=actor)


def somebody_waits() -> None:
    """Until another session waits for a lock."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")


def held_keys() -> set[int]:
    """The folded hashes that this session has locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND pid = pg_backend_pid()",
            [LockClass.KEYS.value],
        )
        return {key for (key,) in cursor.fetchall()}


def folded(standard: SourceRecord) -> set[int]:
    return {key.hash & 0x7FFFFFFF for key in keys_of(codec.standard_record(standard))}


def test_an_answer_sees_a_merge_that_came_before_its_locks(
    applied: IdentityTask, racers: Racers, steward: Actor
) -> None:
    tell("LAB", "9", ESTEBAN)
    left, taker = owner("HIS", "1"), owner("LAB", "9")
    with transaction.atomic():
        unit = begin(steward, {left.pk, taker.pk})
        results = racers.start([rejecting(applied, steward)])
        somebody_waits()
        event = unit.event(EventKind.MERGE, reason_code="slip")
        gone, stays = (unit.golden_records[golden.pk] for golden in (left, taker))
        unit.merge(event, gone, stays, open_links([gone.pk])[gone.pk])
        unit.flush()
    (answer,) = results()
    assert isinstance(answer, OverlayAnswer), answer
    told = IdentityEvent.objects.get(uuid=answer.event_uuid)
    assert told.golden_record_ids == [taker.pk]
    assert GoldenRecord.objects.get(pk=taker.pk).member_count == 2


def test_an_answer_takes_the_keys_of_the_record_before_its_task(
    applied: IdentityTask, racers: Racers, steward: Actor
) -> None:
    with transaction.atomic():
        lock_keys([order_key("HIS", "1")])
        results = racers.start([rejecting(applied, steward)])
        somebody_waits()
        assert IdentityTask.objects.select_for_update(nowait=True).get(pk=applied.pk).status == "open"
    (answer,) = results()
    assert isinstance(answer, OverlayAnswer), answer


def test_whoever_puts_blocking_keys_back_has_locked_them(applied: IdentityTask, racers: Racers, steward: Actor) -> None:
    now, then = record_of("HIS", "1"), SourceRecord.history.get(version=1)
    answer = rejecting(applied, steward)()
    back = record_of("HIS", "1")
    with transaction.atomic():
        lock_own_keys([back])
        assert held_keys() >= folded(back)
    assert folded(now) - folded(then), "the update has keys of its own"
    with transaction.atomic():
        lock_records_of(IdentityEvent.objects.get(uuid=answer.event_uuid))
        assert held_keys() >= folded(now) | folded(back)
