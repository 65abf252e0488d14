"""The console page: two sides by POST, the evidence beside each other, errors at their field."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from mpi.models import Link
from tests.web.conftest import People

SignIn = Callable[[str], Client]


def sent(**values: str) -> dict[str, str]:
    return {name.replace("__", "-"): value for name, value in values.items()}


def test_two_persons_stand_beside_each_other_with_evidence_and_policy(people: People, sign_in: SignIn) -> None:
    browser = sign_in("steward")
    links = Link.objects.count()
    asked = sent(left__reference=people.margaret.euid, right__reference=people.marjorie.euid)
    answer = browser.post(reverse("compare"), asked)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "A steward would be asked" in page
    assert "Record by record" in page
    assert reverse("merge", args=[people.margaret.euid, people.marjorie.euid]) in page
    assert people.margaret.euid not in answer.request["QUERY_STRING"]
    assert Link.objects.count() == links


def test_a_number_is_set_against_values_typed_in(people: People, sign_in: SignIn) -> None:
    asked = sent(left__reference="GH-4711", left__system="GENHOSP")
    asked |= sent(right__family_name="Holloway", right__given_name="Peggy", right__birth_date="09-Mar-1971")
    page = sign_in("clerk").post(reverse("compare"), asked).content.decode()
    assert "Not in the index; nothing of it is kept." in page
    assert "nickname of Margaret" in page
    assert 'value="Peggy"' in page
    assert "Merge…" not in page


def test_errors_name_their_side_and_field_and_how_to_mend_it(people: People, sign_in: SignIn) -> None:
    browser = sign_in("clerk")
    nothing = browser.post(reverse("compare"), sent(left__reference="", right__birth_date="31-Feb-1971"))
    page = nothing.content.decode()
    assert nothing.status_code == 422
    assert "Name a person or a source record, or type values in below." in page
    assert "id_right-family_name_error" in page
    unknown = browser.post(reverse("compare"), sent(left__reference="nobody", right__reference=people.margaret.euid))
    assert unknown.status_code == 422
    assert "id_left-reference_error" in unknown.content.decode()
    absent = sent(left__reference="1", left__system="CLINIC", right__reference=people.margaret.euid)
    assert browser.post(reverse("compare"), absent).status_code == 404
