"""Identity tasks that are no overlays: their pages, their answers, and the undo of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actions import Action
from mpi.commands import Actor
from mpi.models import GoldenRecord, IdentityTask, Separation, TaskType
from mpi.services.undo import undo_event
from review.services.claim import claim
from tests.review.conftest import ROBERT, Tell, audited, plain

pytestmark = pytest.mark.django_db


@pytest.fixture
def conflict(tell: Tell) -> IdentityTask:
    """Margaret and Robert tell one SSN."""
    one, other = tell("GH", "1001", ssn="412-55-8801"), tell("LAB", "9", **ROBERT | {"ssn": "412-55-8801"})
    return IdentityTask.objects.create(
        type=TaskType.IDENTIFIER_CONFLICT,
        source_record=one,
        other_record=other,
        reasons=["identifier_shared", "identifier:SSA|SS"],
        opened_at=timezone.now(),
    )


@pytest.fixture
def large(tell: Tell) -> Callable[[int], IdentityTask]:
    """Margaret, with as many records as asked for."""

    def made(records: int) -> IdentityTask:
        told = [tell("GH", f"1{number:03}", middle="Ann", ssn="412-55-8801") for number in range(records)]
        task, _ = IdentityTask.objects.get_or_create(
            type=TaskType.LARGE_PERSON,
            source_record=told[0],
            defaults={"reasons": ["large_person", f"members:{records}"], "opened_at": timezone.now()},
        )
        return task

    return made


def page(browser: Client, task: IdentityTask) -> str:
    response = browser.get(f"/review/tasks/{task.uuid}/")
    assert response.status_code == 200
    return response.content.decode()


def test_the_number_that_goes_on_is_named_as_its_source_names_it(stefan: Client, tell: Tell) -> None:
    one, other = tell("GH", "1001"), tell("GH", "1002")
    task = IdentityTask.objects.create(
        type=TaskType.SOURCE_MERGE,
        source_record=one,
        reasons=["separated", f"survivor:{other.uuid}"],
        opened_at=timezone.now(),
    )
    html = page(stefan, task)
    assert f"is that of the source record {other.source_system.name} 1002" in html
    assert str(other.uuid) not in html


def send(browser: Client, task: IdentityTask, act: str, **said: Any) -> Any:
    basis = re.search(r'name="basis" value="([^"]+)"', page(browser, task))
    assert basis
    data = {"basis": basis.group(1), "comment": "", "reason_code": ""} | said
    return browser.post(f"/review/tasks/{task.uuid}/{act}/", data)


def live() -> int:
    return GoldenRecord.objects.filter(status__in=("provisional", "confirmed")).count()


def test_a_conflict_sets_both_persons_side_by_side(conflict: IdentityTask, stefan: Client) -> None:
    html = page(stefan, conflict)
    words = plain(html)
    assert "One person, or two?" in words
    assert "Two persons hold the same number" in words
    assert "HOLLOWAY, Margaret" in words
    assert "FIELDING, Robert" in words
    assert "different given name" in words
    assert "2 source records under one golden record" in words
    assert "412-55" not in html
    # "Later" alone asks for no reason, so the browser is told not to ask for one either.
    for letter, act, asks in (
        ("s", "same", ""),
        ("d", "different", ""),
        ("c", "seen", ""),
        ("l", "later", " formnovalidate"),
    ):
        assert f'formaction="/review/tasks/{conflict.uuid}/{act}/"{asks} data-key="{letter}"' in html
    assert audited(Action.TASK_READ, actor_id="stefan") == 1
    assert audited(Action.PERSON_SHOWN, actor_id="stefan") == 1


@pytest.mark.parametrize(
    ("act", "status", "persons", "apart"), [("same", "accepted", 1, 0), ("different", "rejected", 2, 1)]
)
def test_a_conflict_is_answered_in_one_undoable_act(
    conflict: IdentityTask, stefan: Client, steward: Actor, act: str, status: str, persons: int, apart: int
) -> None:
    assert send(stefan, conflict, act).status_code == 422
    assert send(stefan, conflict, act, reason_code="documents-seen").status_code == 302
    conflict.refresh_from_db()
    assert (conflict.status, live()) == (status, persons)
    assert Separation.objects.filter(lifted_at=None).count() == apart
    closed = page(stefan, conflict)
    found = re.search(r'href="/[^"]*?([0-9a-f-]{36})/[^"]*" data-key="u"', closed)
    assert found
    undo_event(event_uuid=found.group(1), reason="a slip", actor=steward)
    conflict.refresh_from_db()
    assert (conflict.status, live()) == ("open", 2)
    assert not Separation.objects.filter(lifted_at=None).exists()


def test_a_stale_or_held_conflict_is_not_answered(
    conflict: IdentityTask, stefan: Client, second_steward: Actor, tell: Tell
) -> None:
    basis = re.search(r'name="basis" value="([^"]+)"', page(stefan, conflict))
    assert basis
    said = {"basis": basis.group(1), "reason_code": "documents-seen", "comment": "She showed her passport"}
    tell("GH", "1001", ssn="412-55-8801", phone="6035550199")
    stale = stefan.post(f"/review/tasks/{conflict.uuid}/same/", said)
    assert stale.status_code == 409
    assert "She showed her passport" in stale.content.decode()
    claim(task=conflict.uuid, actor=second_steward)
    assert "Held by Sonja" in plain(page(stefan, conflict))
    assert stefan.post(f"/review/tasks/{conflict.uuid}/seen/", said).status_code == 409
    assert live() == 2


def test_a_large_person_shows_who_fits_least_and_is_closed_and_opened_again(
    large: Callable[[int], IdentityTask], stefan: Client, tell: Tell
) -> None:
    task = large(3)
    words = plain(page(stefan, task))
    assert "One person, or several?" in words
    assert "Unlink it (General Hospital 1000)" in words
    assert send(stefan, task, "seen").status_code == 422
    assert send(stefan, task, "seen", comment="Asked all three wards").status_code == 302
    task.refresh_from_db()
    assert task.status == "accepted"
    assert "You saw to it" in plain(page(stefan, task))
    basis = re.search(r'name="basis" value="([^"]+)"', page(stefan, task))
    assert basis
    for _ in range(2):
        stefan.post(f"/review/tasks/{task.uuid}/undo/", {"basis": basis.group(1)})
    task.refresh_from_db()
    assert task.status == "open"
    assert audited(Action.TASK_REOPENED) == 1


def test_a_task_is_put_off_and_taken_up_again(conflict: IdentityTask, stefan: Client) -> None:
    assert send(stefan, conflict, "later", comment="The clinic calls back").status_code == 302
    words = plain(page(stefan, conflict))
    assert "Set aside by Stefan Weber until" in words
    assert "The clinic calls back" in words
    stefan.post(f"/review/tasks/{conflict.uuid}/undo/", {"basis": "x"})
    assert "Set aside" not in plain(page(stefan, conflict))


def test_the_page_takes_the_same_queries_for_few_records_and_for_many(
    large: Callable[[int], IdentityTask], stefan: Client
) -> None:
    def cost(task: IdentityTask) -> int:
        page(stefan, task)
        with CaptureQueriesContext(connection) as found:
            page(stefan, task)
        return len(found)

    few = cost(large(3))
    assert cost(large(12)) == few
