"""The pages of rematch runs: who may see and act, what they show, and that an act is asked for once more."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from mpi.commands import Actor
from mpi.models import RematchRun, User
from mpi.services.rematch_work import work_on
from mpi.services.verify import verify_golden_record
from tests.rematch.rematching import BLIND, SHIPPED, applied, approved, preview, undone, use
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, MARGARET, MARJORIE, owner, tell

SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(db: None) -> SignIn:
    def enter(username: str, role: str) -> Client:
        user, _ = User.objects.get_or_create(username=username, display_name=username.title())
        user.groups.set(Group.objects.filter(name=role))
        client = Client()
        client.force_login(user)
        return client

    return enter


@pytest.fixture
def apart(db: None) -> None:
    use(BLIND)
    for number, person in enumerate((KATHERINE, MARCUS, ESTEBAN), start=1):
        for system in ("HIS", "LAB"):
            tell(system, str(number), person)
    use(SHIPPED)
    tell("HIS", "9", MARGARET)
    tell("LAB", "9", MARJORIE)


def test_a_comparison_is_ordered_on_the_page_and_made_by_a_worker(apart: None, sign_in: SignIn) -> None:
    client = sign_in("susan", "supervisor")
    answer = client.post(reverse("rematches"), {"model": SHIPPED.version, "note": "New weights"})
    run = RematchRun.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("rematch", args=[run.uuid]))
    assert "waiting for a worker" in client.get(answer.headers["Location"]).text.lower()
    work_on(run.pk)
    text = client.get(reverse("rematch", args=[run.uuid])).text
    assert "Golden records that become one" in text
    assert "another person who may manage models has to look" in text
    assert client.get(reverse("rematches")).text.count(reverse("rematch", args=[run.uuid])) == 1


def test_two_people_take_a_run_from_its_difference_to_its_undoing(apart: None, sign_in: SignIn) -> None:
    susan, sven = sign_in("susan", "supervisor"), sign_in("sven", "supervisor")
    susan.post(reverse("rematches"), {"model": SHIPPED.version})
    run = RematchRun.objects.get()
    work_on(run.pk)
    assert "You started this run" in susan.get(reverse("rematch-approve", args=[run.uuid])).text
    assert susan.post(reverse("rematch-approve", args=[run.uuid])).status_code == 403
    assert sven.post(reverse("rematch-approve", args=[run.uuid])).status_code == 302
    assert owner("HIS", "1") != owner("LAB", "1")
    assert susan.post(reverse("rematch-apply", args=[run.uuid])).status_code == 302
    assert 'hx-trigger="every 2s"' in susan.get(reverse("rematch", args=[run.uuid])).text
    work_on(run.pk)
    assert owner("HIS", "1") == owner("LAB", "1")
    assert susan.post(reverse("rematch-undo", args=[run.uuid]), {"reason": ""}).status_code == 422
    assert susan.post(reverse("rematch-undo", args=[run.uuid]), {"reason": "A mistake"}).status_code == 302
    work_on(run.pk)
    assert owner("HIS", "1") != owner("LAB", "1")
    assert "Undone" in susan.get(reverse("rematch", args=[run.uuid])).text


@pytest.mark.parametrize("name", ["rematch-approve", "rematch-apply", "rematch-undo"])
def test_an_act_is_asked_for_once_more_and_looking_changes_nothing(
    apart: None, supervisor: Actor, sign_in: SignIn, name: str
) -> None:
    run = preview(supervisor)
    page = sign_in("sven", "supervisor").get(reverse(name, args=[run.uuid]))
    assert (page.status_code, "What will change" in page.text) == (200, True)
    run.refresh_from_db()
    assert run.status == "previewed"


@pytest.mark.parametrize(
    ("role", "seen", "ordered"),
    [
        ("steward", 200, 403),
        ("compliance officer", 200, 403),
        ("clerk", 403, 403),
        ("supervisor", 200, 302),
        ("administrator", 200, 302),
    ],
)
def test_who_may_read_models_may_look_and_who_manages_them_may_act(
    apart: None, supervisor: Actor, sign_in: SignIn, role: str, seen: int, ordered: int
) -> None:
    run = preview(supervisor)
    client = sign_in("somebody", role)
    for address in (reverse("rematches"), reverse("rematch", args=[run.uuid])):
        assert client.get(address).status_code == seen
    assert client.post(reverse("rematches"), {"model": SHIPPED.version}).status_code == ordered
    assert client.post(reverse("rematch-approve", args=[run.uuid])).status_code == ordered


def test_changes_are_filtered_by_kind_grade_and_state(apart: None, supervisor: Actor, sign_in: SignIn) -> None:
    run = preview(supervisor)
    client = sign_in("sven", "supervisor")
    address = reverse("rematch", args=[run.uuid])
    assert client.get(f"{address}?kind=join").text.count("the evidence is certain") == 3
    assert "No change of this kind" in client.get(f"{address}?kind=split").text
    assert "No change of this kind" in client.get(f"{address}?kind=join&grade=possible").text
    assert "No change of this kind" in client.get(f"{address}?state=applied").text
    assert client.get(f"{address}?kind=%C3%A9%22%3E&after=999999999999999999999").status_code == 200


def test_what_was_refused_is_named_on_the_page(
    apart: None, supervisor: Actor, second_supervisor: Actor, steward: Actor, sign_in: SignIn
) -> None:
    run = applied(approved(supervisor, second_supervisor), supervisor)
    golden = owner("HIS", "1")
    verify_golden_record(euid=golden.euid, version=golden.version, reason="Seen", actor=steward)
    undone(run, supervisor)
    text = sign_in("sven", "supervisor").get(reverse("rematch", args=[run.uuid])).text
    assert "Not undone" in text
    assert f"{steward.name} has acted on these golden records since" in text


def test_no_page_shows_a_value_of_a_patient(apart: None, supervisor: Actor, sign_in: SignIn) -> None:
    run = preview(supervisor)
    client = sign_in("sven", "supervisor")
    text = client.get(reverse("rematch", args=[run.uuid])).text + client.get(reverse("rematches")).text
    values = [
        value
        for person in (KATHERINE, MARCUS, MARGARET)
        for key, value in person.items()
        if key not in ("sex", "state")
    ]
    assert not [value for value in values if re.search(rf"\b{re.escape(value)}\b", text)]


def test_the_page_of_a_run_costs_a_fixed_number_of_queries(
    apart: None, supervisor: Actor, sign_in: SignIn, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    run = preview(supervisor)
    client = sign_in("sven", "supervisor")
    with django_assert_max_num_queries(10):
        client.get(reverse("rematch", args=[run.uuid]))


def test_an_unknown_run_is_not_found(apart: None, sign_in: SignIn) -> None:
    unknown = reverse("rematch", args=["00000000-0000-4000-8000-000000000000"])
    assert sign_in("sven", "supervisor").get(unknown).status_code == 404
