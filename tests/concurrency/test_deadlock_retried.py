"""A ring of locks that the lock law does not foresee: the database breaks it, and who is told of it tries again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

import psycopg
from django.db import OperationalError

from mpi.commands import Actor
from mpi.services.act import begin
from mpi.services.locking import lock_golden_records, run_act
from tests.concurrency.racing import Racers
from tests.services.telling import KATHERINE, MARCUS, owner, tell


def in_turn(order: Sequence[int], actor: Actor, together: threading.Barrier) -> Callable[[], list[object]]:
    """An act that locks one golden record after the other. Returns what its attempts that failed were told."""
    told: list[object] = []

    def act() -> list[object]:
        unit = begin(actor, order[:1])
        if not told:
            together.wait(timeout=30)  # each has its first one: now the ring closes
        try:
            unit.golden_records |= lock_golden_records(order[1:])
        except OperationalError as error:
            told.append(type(error.__cause__))
            raise
        for pk in order:
            unit.touch_values(unit.golden_records[pk])
        unit.flush()
        return told

    return partial(run_act, act)


def test_an_act_that_is_told_of_a_deadlock_is_done_all_the_same(racers: Racers, steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    one, other = sorted(owner("HIS", mrn).pk for mrn in ("1", "2"))
    together = threading.Barrier(2)
    told = racers.race([in_turn(order, steward, together) for order in ((one, other), (other, one))])
    assert sorted(told, key=len) == [[], [psycopg.errors.DeadlockDetected]]
