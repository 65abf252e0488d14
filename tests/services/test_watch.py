"""The watch over persons: one number on two people, and people with too many records, are asked about once."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from pytest_django import DjangoAssertNumQueries, Settings

from audit.actions import Action
from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.models import IdentityTask, PotentialMatch, Separation, TaskType
from mpi.queries.identity_tasks import reasons_of
from mpi.services.identity_task import answer_task
from mpi.services.separate import lift_separation, separate
from mpi.services.watch import Watched, watch_persons
from tests.services.acting import merge, undo
from tests.services.invariants import faults
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, owner, record_of, tell

NOTHING = Watched(opened=0, closed=0, waiting=False)


@pytest.fixture(autouse=True)
def _sound(db: None) -> object:
    cache.clear()
    yield
    assert faults() == {}


@pytest.fixture
def conflict() -> IdentityTask:
    """Katherine's number stands on Marcus, too."""
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    tell("LAB", "2", MARCUS, ssn=KATHERINE["ssn"])
    assert not PotentialMatch.objects.exists(), "so different that nobody would ask"
    assert watch_persons() == Watched(opened=1, closed=0, waiting=False)
    return IdentityTask.objects.get()


def test_two_persons_with_one_number_are_asked_about_once(conflict: IdentityTask) -> None:
    assert conflict.type == TaskType.IDENTIFIER_CONFLICT
    assert conflict.source_record == record_of("HIS", "1")
    assert conflict.other_record == record_of("LAB", "2")
    assert [reason["words"] for reason in reasons_of(conflict)][1] == "The number is the SSN."
    assert KATHERINE["ssn"].replace("-", "") not in str(conflict.reasons)
    opened = AuditEvent.objects.get(action=Action.TASK_OPENED)
    assert (opened.actor_id, opened.detail["type"]) == ("system:watch", "identifier-conflict")
    assert watch_persons() == NOTHING
    assert watch_persons(whole=True) == NOTHING


def test_a_run_looks_at_what_is_fresh_and_a_whole_one_at_everything(conflict: IdentityTask) -> None:
    conflict.delete()
    cache.set("watch-over-persons", (10**9, 10**9), timeout=None)
    assert watch_persons() == NOTHING, "nothing came since that mark"
    assert watch_persons(whole=True).opened == 1


def test_it_closes_by_itself_when_they_are_kept_apart_and_is_asked_again_when_that_is_lifted(
    conflict: IdentityTask, steward: Actor
) -> None:
    one, other = owner("HIS", "1"), owner("LAB", "2")
    separate(euid_a=one.euid, euid_b=other.euid, reason_code="other", reason="Both came in person", actor=steward)
    assert watch_persons() == Watched(opened=0, closed=1, waiting=False)
    conflict.refresh_from_db()
    assert conflict.status == "closed"
    assert AuditEvent.objects.filter(action=Action.TASK_CLOSED, actor_id="system:watch").count() == 1
    assert watch_persons(whole=True) == NOTHING
    standing = Separation.objects.get()
    lift_separation(separation_uuid=standing.uuid, reason="It was one person after all", actor=steward)
    assert watch_persons(whole=True).opened == 1


def test_it_closes_by_itself_when_the_two_are_merged_and_comes_back_with_the_undo(
    conflict: IdentityTask, steward: Actor
) -> None:
    merged = merge(owner("HIS", "1"), owner("LAB", "2"), steward)
    assert watch_persons().closed == 1
    undo(merged, steward)
    assert watch_persons().opened == 1


def test_it_closes_by_itself_when_the_number_is_told_otherwise(conflict: IdentityTask) -> None:
    tell("LAB", "2", MARCUS)
    assert watch_persons() == Watched(opened=0, closed=1, waiting=False)


def test_what_a_steward_has_seen_to_is_not_asked_again(conflict: IdentityTask, steward: Actor) -> None:
    answer_task(task_uuid=conflict.uuid, accept=True, reason="The tax office was asked", actor=steward)
    tell("LAB", "2", MARCUS, ssn=KATHERINE["ssn"], phone="419-555-0100")
    assert watch_persons(whole=True) == NOTHING


def test_of_a_number_that_many_hold_one_task_stands_for_all(steward: Actor) -> None:
    people = (KATHERINE, MARCUS, ESTEBAN)
    given = ("Ottoline", "Bertrand", "Ludmilla")
    for number in range(6):
        who = people[number % 3]
        told = {**who, "given_name": given[number % 3] if number > 2 else who["given_name"]}
        born = {"birth_date": f"19{30 + 7 * number}-0{1 + number}-1{number}", "phone": f"80{number}-555-01{number}9"}
        tell("HIS", str(number), told, ssn="536-22-8145", street=f"{number} Elm", **born)
    assert len({owner("HIS", str(number)).pk for number in range(6)}) > 4
    assert watch_persons() == Watched(opened=1, closed=0, waiting=False)
    task = IdentityTask.objects.get()
    assert (task.source_record, task.other_record) == (record_of("HIS", "0"), record_of("HIS", "1"))
    assert reasons_of(task)[-1]["words"].startswith("6 persons hold it: a placeholder or a fault of its source")
    assert watch_persons(whole=True) == NOTHING
    answer_task(task_uuid=task.uuid, accept=True, reason="The laboratory was told", actor=steward)
    assert watch_persons(whole=True) == NOTHING


def test_a_person_with_too_many_records_is_asked_about_and_again_only_when_grown_by_half(
    settings: Settings, steward: Actor
) -> None:
    settings.LARGE_PERSON = 2
    systems = ("HIS", "LAB", "PORTAL", "CLINIC")
    for system in systems[:2]:
        tell(system, "1", KATHERINE)
    assert watch_persons() == NOTHING
    tell("PORTAL", "1", KATHERINE)
    assert watch_persons().opened == 1
    task = IdentityTask.objects.get()
    assert (task.type, task.reasons) == (TaskType.LARGE_PERSON, ["large_person", "members:3"])
    assert watch_persons(whole=True) == NOTHING
    answer_task(task_uuid=task.uuid, accept=True, reason="All of them are hers", actor=steward)
    tell("CLINIC", "1", KATHERINE)
    assert watch_persons() == NOTHING
    tell("HIS", "2", KATHERINE)
    assert watch_persons().opened == 1
    settings.LARGE_PERSON = 20
    assert watch_persons().closed == 1


def test_a_run_over_nothing_new_takes_few_queries(
    conflict: IdentityTask, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(6):
        watch_persons()
