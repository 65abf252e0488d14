"""A supervisor gives tasks to people: one by one, in turn, and back again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actions import Action
from mpi.access import ROLES
from mpi.commands import Actor
from mpi.errors import CannotUndo, Forbidden, InvalidInput
from mpi.models import PotentialMatch, User
from review.models import Assignment, SavedView
from review.queries.colleagues import Colleague, dealt
from review.queries.queue import QueueFilter, queue_page
from review.queries.queue_counts import counts
from review.services.assign import assign, undo_assignment, withdraw
from review.services.claim import claim, claim_next
from review.services.saved_views import MOST_VIEWS, save_view
from tests.review.conftest import audited, plain, sign_in

pytestmark = pytest.mark.django_db
ALL = QueueFilter()


@pytest.fixture
def boss(stefan: Client, sonja: Client) -> Actor:
    """A supervisor; both stewards can sign in."""
    return Actor(kind="user", id="sven", name="Sven Aalto", permissions=ROLES["supervisor"], source="web")


@pytest.fixture
def four(twins: PotentialMatch, town: Callable[[int], None]) -> list[PotentialMatch]:
    """Four open pairs, the riskiest first."""
    town(3)
    return list(PotentialMatch.objects.filter(status="open").order_by("-risk", "pk"))


def standing() -> dict[int, str]:
    return dict(Assignment.objects.filter(ended_at__isnull=True).values_list("potential_match_id", "user_id"))


def test_next_brings_what_is_assigned_first_and_nobody_elses(
    four: list[PotentialMatch], boss: Actor, steward: Actor, second_steward: Actor
) -> None:
    assign(to={four[0].uuid: "sonja", four[3].uuid: "stefan"}, actor=boss)
    taken = [claim_next(wanted=ALL, actor=steward) for _ in range(1)]
    assert [one.uuid for one in taken if one] == [four[3].uuid], "their own first, though it is the least urgent"
    others = queue_page(QueueFilter(assigned="nobody"), user_id="stefan", now=timezone.now()).rows
    assert [row.uuid for row in others] == [four[1].uuid, four[2].uuid]
    mine = queue_page(QueueFilter(assigned="me"), user_id="sonja", now=timezone.now()).rows
    assert [row.uuid for row in mine] == [four[0].uuid]
    assert counts(user_id="sonja", now=timezone.now()).assigned == 1
    assert claim(task=four[0].uuid, actor=second_steward), "by hand anybody may: the assignee may be away"
    assert audited(Action.TASK_ASSIGNED, actor_id="sven") == 2


def test_what_somebody_works_on_is_left_with_them_and_so_is_what_is_decided(
    four: list[PotentialMatch], boss: Actor, steward: Actor
) -> None:
    claim(task=four[0].uuid, actor=steward)
    PotentialMatch.objects.filter(pk=four[1].pk).update(status="closed", closed_at=timezone.now(), closed_reason="gone")
    outcome = assign(to={match.uuid: "sonja" for match in four[:3]}, actor=boss)
    assert (outcome.done, outcome.left_out) == (1, 2)
    assert standing() == {four[2].pk: "sonja"}


def test_an_act_of_assigning_is_undone_as_a_whole(four: list[PotentialMatch], boss: Actor) -> None:
    first = assign(to={four[0].uuid: "sonja", four[1].uuid: "sonja"}, actor=boss)
    second = assign(to={four[0].uuid: "stefan", four[2].uuid: "stefan"}, actor=boss)
    assert standing() == {four[0].pk: "stefan", four[1].pk: "sonja", four[2].pk: "stefan"}
    undo_assignment(batch=second.batch, actor=boss)
    assert standing() == {four[0].pk: "sonja", four[1].pk: "sonja"}
    taken = withdraw(tasks=[four[0].uuid, four[1].uuid], actor=boss)
    assert standing() == {}
    undo_assignment(batch=taken.batch, actor=boss)
    assert standing() == {four[0].pk: "sonja", four[1].pk: "sonja"}
    for batch in (first.batch, four[0].uuid):
        with pytest.raises(CannotUndo):  # others have changed all of it since; no such act
            undo_assignment(batch=batch, actor=boss)
    assert standing() == {four[0].pk: "sonja", four[1].pk: "sonja"}


def test_only_a_supervisor_assigns_and_only_to_who_may_review(
    four: list[PotentialMatch], boss: Actor, steward: Actor
) -> None:
    with pytest.raises(Forbidden):
        assign(to={four[0].uuid: "sonja"}, actor=steward)
    User.objects.create(username="clara")
    for nobody in ("clara", "nobody"):
        with pytest.raises(InvalidInput):
            assign(to={four[0].uuid: nobody}, actor=boss)
    with pytest.raises(InvalidInput):
        assign(to={}, actor=boss)
    assert standing() == {}


def test_tasks_are_dealt_in_turn_beginning_with_who_has_least() -> None:
    people = [Colleague("a", "Ada", 3), Colleague("b", "Bo", 0), Colleague("c", "Cy", 3)]
    assert [one.user_id for one in dealt(range(5), people)] == ["b", "a", "c", "b", "a"]
    assert dealt(range(3), []) == []


def test_sharing_out_shows_beforehand_what_it_does_and_does_exactly_that(
    four: list[PotentialMatch], boss: Actor
) -> None:
    worker = Actor(kind="user", id="x", name="X", permissions=frozenset({"review"}), source="web")
    browser = sign_in("sven", "supervisor", "Sven Aalto")
    asked = {"number": "3", "person": ["stefan", "sonja"]}
    html = browser.post(reverse("review-share"), asked).content.decode()
    words = plain(html)
    assert "Sonja Lindqvist 0 2 2 Overlap across sources" in words or "Sonja Lindqvist 0 2 2 Duplicate" in words
    assert "Stefan Weber 0 1 1" in words
    assert standing() == {}
    pairs = re.findall(r'name="pair" value="([^"]+)"', html)
    claim(task=four[1].uuid, actor=worker)
    done = browser.post(reverse("review-share-out"), {"pair": pairs}, follow=True)
    assert standing() == {four[0].pk: "sonja", four[2].pk: "sonja"}
    assert "2 tasks assigned." in plain(done.content.decode())
    assert "1 left as they were" in plain(done.content.decode())
    undo = re.search(r'action="(/review/assign/[^"]+/undo/)"', done.content.decode())
    assert undo
    browser.post(undo.group(1))
    assert standing() == {}


def test_ticked_tasks_go_to_one_person_and_flaws_are_said_where_they_are(
    four: list[PotentialMatch], boss: Actor, stefan: Client
) -> None:
    browser = sign_in("sven", "supervisor", "Sven Aalto")
    ticked = [str(match.uuid) for match in four[:2]]
    assert browser.post(reverse("review-assign"), {"task": ticked, "to": "stefan"}).status_code == 302
    assert standing() == {four[0].pk: "stefan", four[1].pk: "stefan"}
    assert browser.post(reverse("review-assign"), {"task": ticked, "to": ""}).status_code == 302
    assert standing() == {}
    for bad in ({"to": "stefan"}, {"to": "stefan", "task": ["x"]}):
        refused = browser.post(reverse("review-assign"), bad)
        assert refused.status_code == 422
    assert "No task is ticked" in plain(browser.post(reverse("review-assign"), {}).content.decode())
    refused = browser.post(reverse("review-share"), {"number": "0"})
    assert "Tick at least one person" in plain(refused.content.decode())
    assert stefan.post(reverse("review-assign"), {"task": ticked, "to": "stefan"}).status_code == 403
    assert 'name="task"' not in stefan.get(reverse("review-queue")).content.decode()


def test_a_filter_is_kept_as_a_view_of_ones_own(twins: PotentialMatch, stefan: Client, sonja: Client) -> None:
    said = {"kind": "overlap", "age": "late", "name": "  Old   overlaps "}
    page = stefan.post(reverse("review-view-save"), said, follow=True)
    assert "Saved as “Old overlaps”." in plain(page.content.decode())
    html = stefan.get(reverse("review-queue")).content.decode()
    assert 'href="/review/?kind=overlap&amp;age=late">Old overlaps</a>' in html
    assert "Old overlaps" not in sonja.get(reverse("review-queue")).content.decode()
    kept = SavedView.objects.get()
    assert sonja.post(reverse("review-view-remove", kwargs={"number": kept.pk})).status_code == 302
    assert SavedView.objects.exists(), "only one's own"
    gone = stefan.post(reverse("review-view-remove", kwargs={"number": kept.pk}))
    assert gone["Location"] == "/review/?kind=overlap&age=late"
    assert not SavedView.objects.exists()


def test_a_view_needs_a_name_a_filter_and_room(twins: PotentialMatch, stefan: Client, steward: Actor) -> None:
    refused = stefan.post(reverse("review-view-save"), {"kind": "overlap", "name": " "})
    assert refused.status_code == 422
    assert "Give the view a name" in plain(refused.content.decode())
    assert stefan.post(reverse("review-view-save"), {"name": "All"}).status_code == 422
    for number in range(MOST_VIEWS):
        save_view(name=str(number), wanted=QueueFilter(age="late"), actor=steward)
    save_view(name="3", wanted=QueueFilter(age="soon"), actor=steward)
    with pytest.raises(InvalidInput):
        save_view(name="one more", wanted=QueueFilter(age="late"), actor=steward)
