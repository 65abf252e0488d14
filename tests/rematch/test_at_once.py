"""Two processes at one run, and a process that is killed: each change is made once, in order."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from django.db import connection

from mpi.commands import Actor
from mpi.models import EventKind, IdentityEvent, Link, RematchRun
from mpi.services.rematch import make_preview, order_preview
from mpi.services.rematch_apply import continue_applying, start_applying
from mpi.services.rematch_run import close_interrupted, find_run, held
from mpi.services.rematch_undo import continue_undoing, start_undoing
from mpi.services.rematch_work import resume_rematches, work_on
from tests.concurrency.racing import Racers
from tests.rematch.rematching import BLIND, SHIPPED, approved, kinds, use
from tests.services.telling import KATHERINE, link_state, owner, tell

pytestmark = pytest.mark.django_db(transaction=True)
_GIVEN = ("Ada", "Beatrix", "Cleo", "Dorothy", "Edna", "Freya", "Gwen", "Hilda", "Ines", "Jolanta", "Kirsten", "Luz")
_FAMILY = (
    "Oyelaran",
    "Whitfield",
    "Quiroga",
    "Holloway",
    "Brandt",
    "Nakamura",
    "Petrov",
    "Zimmer",
    "Adeyemi",
    "Castellan",
    "Dubois",
    "Ekholm",
)
_PEOPLE = len(_FAMILY)


@pytest.fixture
def racers() -> Iterator[Racers]:
    found = Racers(2)
    yield found
    found.close()


def _person(number: int) -> dict[str, str]:
    """Somebody with nothing in common with the others."""
    return {
        "given_name": _GIVEN[number],
        "family_name": _FAMILY[number],
        "birth_date": f"{1930 + number * 5}-{1 + number:02}-{3 + 2 * number:02}",
        "sex": "F",
        "ssn": f"{211 + number * 37}-{11 + number * 7}-{1009 + number * 731}",
        "phone": f"{205 + number * 41}-555-{1003 + number * 617}",
    }


@pytest.fixture
def run(supervisor: Actor, second_supervisor: Actor) -> RematchRun:
    """An approved run with a change for each of a dozen people."""
    use(BLIND)
    for number in range(_PEOPLE):
        for system in ("HIS", "LAB"):
            tell(system, str(number), _person(number))
    use(SHIPPED)
    return approved(supervisor, second_supervisor)


def test_two_processes_at_one_run_make_each_change_once(run: RematchRun, supervisor: Actor, racers: Racers) -> None:
    begun = start_applying(run_uuid=run.uuid, actor=supervisor, by_worker=False)
    assert racers.race([lambda: continue_applying(begun)] * 2) == [True, True]
    assert kinds(run) == [("join", "applied")] * _PEOPLE
    assert IdentityEvent.objects.filter(kind=EventKind.JOIN).count() == _PEOPLE
    begun = start_undoing(run_uuid=run.uuid, reason="A mistake", actor=supervisor, by_worker=False)
    assert racers.race([lambda: continue_undoing(begun)] * 2) == [True, True]
    assert kinds(run) == [("join", "undone")] * _PEOPLE
    assert IdentityEvent.objects.filter(kind=EventKind.UNDO).count() == _PEOPLE


def test_messages_that_arrive_while_a_run_is_applied_lose_nothing(
    run: RematchRun, supervisor: Actor, racers: Racers
) -> None:
    begun = start_applying(run_uuid=run.uuid, actor=supervisor, by_worker=False)

    def arrive() -> str:
        for number in range(_PEOPLE):
            tell("PORTAL", str(number), {**KATHERINE, "given_name": "Zoe", "ssn": f"219-44-7{number:03}"})
        return "arrived"

    assert racers.race([lambda: continue_applying(begun), arrive]) == [True, "arrived"]
    assert {state for _, state in kinds(run)} <= {"applied", "skipped"}
    assert Link.objects.filter(ended_at__isnull=True).count() == 3 * _PEOPLE


def _in_a_process_of_its_own(run: RematchRun) -> int:
    """A child that applies the run; it must not end the connection that its parent holds."""
    pid = os.fork()
    if pid:
        return pid
    connection.connection = None
    try:
        continue_applying(run)
    finally:
        os._exit(0)


def test_a_process_killed_in_the_middle_leaves_a_run_that_goes_on(run: RematchRun, supervisor: Actor) -> None:
    begun = start_applying(run_uuid=run.uuid, actor=supervisor, by_worker=False)
    pid = _in_a_process_of_its_own(begun)
    while not run.changes.filter(state="applied").exists():
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    done = run.changes.filter(state="applied").count()
    assert 0 < done < _PEOPLE
    assert find_run(run.uuid).status == "applying"
    assert continue_applying(begun)
    assert kinds(run) == [("join", "applied")] * _PEOPLE
    assert IdentityEvent.objects.filter(kind=EventKind.JOIN).count() == _PEOPLE
    assert all(owner("HIS", str(number)) == owner("LAB", str(number)) for number in range(_PEOPLE))


def test_a_worker_goes_on_with_whatever_a_run_waits_for(run: RematchRun, supervisor: Actor) -> None:
    before = link_state()
    work_on(run.pk)
    assert find_run(run.uuid).status == "approved"
    start_applying(run_uuid=run.uuid, actor=supervisor)
    work_on(run.pk, seconds=0)
    assert find_run(run.uuid).status == "applying"
    work_on(run.pk)
    assert find_run(run.uuid).status == "applied"
    start_undoing(run_uuid=run.uuid, reason="A mistake", actor=supervisor)
    work_on(run.pk)
    assert find_run(run.uuid).status == "undone"
    assert link_state() == before


def test_a_comparison_that_is_ordered_is_made_by_one_worker(run: RematchRun, supervisor: Actor, racers: Racers) -> None:
    ordered = order_preview(model_name="", actor=supervisor)
    racers.race([lambda: work_on(ordered.pk)] * 2)
    made = find_run(ordered.uuid)
    assert made.status == "previewed"
    assert made.changes.count() == _PEOPLE


def test_a_comparison_whose_process_died_is_closed_and_one_under_way_is_not(
    run: RematchRun, supervisor: Actor, racers: Racers
) -> None:
    left = order_preview(model_name="", actor=supervisor, by_worker=False)
    RematchRun.objects.filter(pk=left.pk).update(started_at=left.started_at.replace(year=2020))
    with held(left):
        racers.race([close_interrupted])
        assert find_run(left.uuid).status == "previewing"
    resume_rematches()
    found = find_run(left.uuid)
    assert (found.status, "Start another" in found.error) == ("failed", True)
    assert make_preview(found).status == "failed"
