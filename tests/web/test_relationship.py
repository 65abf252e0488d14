"""The pages of relationships: a look at what changes, then the act; shown on both persons; ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from matching.records import PatientRecord
from mpi.commands import Actor
from mpi.models import GoldenRecord, Relationship
from mpi.queries.relationships import relatives_of
from mpi.services.relationship import relate
from mpi.services.upsert import upsert_record
from tests.web.conftest import People, told

SignIn = Callable[[str], Client]


@pytest.fixture
def dead(people: People, his_client: Actor) -> GoldenRecord:
    """Somebody who has died."""
    record = told("CLINIC", "CN-1", given="Walter", family="Ibsen", middle="", birth_date="1940-05-06", sex="M")
    values = {name: getattr(record, name) for name in PatientRecord.__dataclass_fields__}
    upsert_record(record=PatientRecord(**values | {"deceased_date": "2020-01-08"}), source_time=None, actor=his_client)
    return GoldenRecord.objects.get(family_name="IBSEN")


def test_a_clerk_records_a_mother_after_a_look_at_what_changes(
    people: People, dead: GoldenRecord, sign_in: SignIn
) -> None:
    browser = sign_in("clerk")
    address = reverse("relate", args=[people.margaret.euid])
    asked = {"other": dead.euid, "relation": "of-mother", "reason": "Birth certificate seen"}
    assert browser.get(address).status_code == 200
    looked = browser.post(address, asked).content.decode()
    assert "kept apart as two people" in looked
    assert "less than ten years older" in looked
    assert "Make sure that this act is meant for a deceased person" in looked
    assert not Relationship.objects.exists()
    done = browser.post(address, {**asked, "confirmed": "yes"}, follow=True).content.decode()
    assert "two people" in done
    (found,) = relatives_of(people.margaret)
    assert (found.words, found.person.euid) == ("child", dead.euid)


def test_what_is_missing_is_named_and_nothing_is_recorded(people: People, sign_in: SignIn) -> None:
    browser = sign_in("clerk")
    address = reverse("relate", args=[people.margaret.euid])
    answer = browser.post(address, {"other": "nobody", "relation": "", "reason": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "its check character does not fit" in page
    assert 'id="id_reason_error"' in page
    assert not Relationship.objects.exists()


def test_a_steward_ends_a_relationship_and_a_clerk_may_not(
    people: People, dead: GoldenRecord, sign_in: SignIn, steward: Actor
) -> None:
    relate(from_euid=dead.euid, to_euid=people.margaret.euid, kind="father", reason="Told so", actor=steward)
    address = reverse("unrelate", args=[Relationship.objects.get().uuid])
    assert sign_in("clerk").get(address).status_code == 403
    browser = sign_in("steward")
    assert "Father and child" in browser.get(address).content.decode()
    browser.post(address, {"reason": "The uncle"})
    assert relatives_of(people.margaret) == ()
    assert browser.get(address).status_code == 404


@pytest.mark.parametrize("act", ["verify", "retire", "override"])
def test_an_act_on_somebody_deceased_warns_first(dead: GoldenRecord, sign_in: SignIn, act: str) -> None:
    page = sign_in("steward").get(reverse(act, args=[dead.euid])).content.decode()
    assert "Make sure that this act is meant for a deceased person" in page


def test_the_deceased_are_marked_in_words_and_shape_in_every_list(
    people: People, dead: GoldenRecord, sign_in: SignIn, steward: Actor
) -> None:
    relate(from_euid=dead.euid, to_euid=people.margaret.euid, kind="father", reason="Told so", actor=steward)
    browser = sign_in("steward")
    found = browser.post(reverse("search"), {"q": "Ibsen"}).content.decode()
    other = browser.get(reverse("separate", args=[people.margaret.euid, dead.euid])).content.decode()
    for page in (found, other):
        assert '<span class="tag tag-dead">Deceased</span>' in page
        assert "died aged 79 y" in page
