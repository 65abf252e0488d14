"""Rules change while others write: no golden record is left with the rules of before."""

from __future__ import annotations

import threading

from mpi.commands import Actor
from mpi.models import GoldenRecord
from mpi.services.rules_run import follow_rules
from mpi.services.unit import UnitOfWork
from tests.concurrency.racing import Racers
from tests.services.ruling import activate, draft
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, tell


def test_a_writer_that_had_read_the_rules_of_before_is_waited_for_and_its_records_are_found(
    racers: Racers, supervisor: Actor, monkeypatch
) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    draft(supervisor, "by-rank", phone=["source_rank"])
    settled, go_on = threading.Event(), threading.Event()
    write = UnitOfWork.write

    def late(unit: UnitOfWork) -> None:
        if threading.current_thread() is not threading.main_thread():
            settled.set()
            assert go_on.wait(20)
        write(unit)

    monkeypatch.setattr(UnitOfWork, "write", late)
    finish = racers.start([lambda: tell("LAB", "3", ESTEBAN)])
    assert settled.wait(20)
    activate(supervisor, "by-rank")
    first = follow_rules()
    assert (first.is_finished, first.is_waiting, first.recomputed) == (False, True, 2)
    go_on.set()
    finish()
    late_one = GoldenRecord.objects.order_by("-pk")[0]
    assert late_one.provenance["rules"] == "default-1"
    done = follow_rules()
    assert (done.is_finished, done.recomputed) == (True, 3)
    assert {golden.provenance["rules"] for golden in GoldenRecord.objects.all()} == {"by-rank"}
