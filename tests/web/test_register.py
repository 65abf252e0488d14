"""The pages of the registration desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from mpi.models import GoldenRecord, PotentialMatch, Registration, SourceRecord
from mpi.services.registration_alias import register_alias
from mpi.services.upsert import upsert_record
from tests.web.conftest import People, told

pytestmark = pytest.mark.django_db

SignIn = Callable[[str], Client]
_DRAFT = re.compile(r'name="draft" value="([^"]+)"')
LIKE_MARGARET = {
    "family_name": "Holloway",
    "given_name": "Margaret",
    "middle_name": "Ann",
    "birth_date": "09-Mar-1971",
    "sex": "F",
    "ssn": "412-55-8801",
    "phone": "603-555-0141",
    "street": "18 Orchard Ln",
    "city": "Concord",
    "state": "NH",
    "postal_code": "03301",
}


def _typed(**other: str) -> dict[str, str]:
    return {**LIKE_MARGARET, "token": str(uuid4()), **other}


def _draft(answer: Any) -> str:
    found = _DRAFT.search(answer.content.decode())
    assert found is not None, answer.content.decode()
    return found.group(1)


def test_who_is_likely_is_shown_with_reasons_and_probability_while_typing(people: People, sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    part = clerk.post(reverse("register-look-up"), _typed(), headers={"HX-Request": "true"}).content.decode()
    assert "HOLLOWAY, Margaret" in part
    assert re.search(r"9\d\.\d %", part)
    assert "Birth date:" in part
    assert "412-55-8801" not in part
    assert "412558801" not in part
    assert "•••-••-8801" in part
    early = clerk.post(reverse("register-look-up"), {"family_name": "Holl"}, headers={"HX-Request": "true"})
    assert "Others whose name begins like this" in early.content.decode()


def test_the_number_of_queries_does_not_grow_with_those_who_are_likely(
    people: People, sign_in: SignIn, django_assert_max_num_queries: Any, his_client: Any
) -> None:
    clerk = sign_in("clerk")
    for number in range(5):
        record = told("GENHOSP", f"GH-{number}", given=("Maggie", "Peggy", "Greta", "Marge", "Margret")[number])
        upsert_record(record=record, source_time=None, actor=his_client)
    with django_assert_max_num_queries(22):
        clerk.post(reverse("register-look-up"), _typed(), headers={"HX-Request": "true"})


def test_a_visit_of_a_known_person(people: People, sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    page = clerk.post(reverse("register-choose"), {**_typed(phone="603-555-0199"), "euid": people.margaret.euid})
    assert "What you typed does not look" not in page.content.decode()
    draft = _draft(page)
    for _ in range(2):  # sent twice it registers once
        done = clerk.post(reverse("register-visit"), {"draft": draft, "reason": ""})
        assert done.status_code == 302
    row = Registration.objects.get()
    assert row.home_euid == people.margaret.euid
    shown = clerk.get(done.url).content.decode()
    assert row.number in shown
    assert "Visit registered" in shown


def test_somebody_new_needs_a_reason_where_somebody_is_likely(people: People, sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    draft = _draft(clerk.post(reverse("register-create"), _typed()))
    refused = clerk.post(reverse("register-new"), {"draft": draft, "reason_code": "", "reason": ""})
    assert refused.status_code == 422
    assert not Registration.objects.exists()
    done = clerk.post(reverse("register-new"), {"draft": draft, "reason_code": "namesake", "reason": "ID card"})
    assert done.status_code == 302
    row = Registration.objects.get()
    assert "messages" in done.cookies, "a notice travels in a cookie"
    assert row.number not in done.cookies.output()
    assert (row.kind, row.reason_code, row.shown_count > 0) == ("new", "namesake", True)
    assert PotentialMatch.objects.filter(status="open").exists()
    assert "Same name, another person" in clerk.get(done.url).content.decode()


def test_what_is_typed_is_checked_and_named(people: People, sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    answer = clerk.post(reverse("register-create"), _typed(birth_date="31-Feb-1971"))
    assert answer.status_code == 422
    assert "This is no date" in answer.content.decode()
    nameless = clerk.post(reverse("register-create"), _typed(family_name="", given_name=""))
    assert "This is missing, and so is the given name" in nameless.content.decode()


def test_a_form_of_somebody_else_cannot_be_sent(people: People, sign_in: SignIn) -> None:
    draft = _draft(sign_in("clerk").post(reverse("register-create"), _typed()))
    answer = sign_in("steward").post(reverse("register-new"), {"draft": draft})
    assert answer.status_code == 422
    assert "412" not in draft


def test_what_no_step_of_the_desk_has_made_is_refused(people: People, sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    foreign = _draft(clerk.post(reverse("register-choose"), {**_typed(), "euid": people.margaret.euid}))
    for name, sent in (
        ("register-look-up", {"registration": "no number"}),
        ("register-choose", _typed()),
        ("register-choose", {"draft": "enc:no"}),
        ("register-visit", {}),
        ("register-new", {"draft": foreign}),
        ("register-born", {"draft": foreign}),
        ("register-newborn-check", {"draft": foreign, "birth_date": "20-Nov-2026", "sex_1": "F"}),
        ("register-create", {**_typed(), "token": "no token"}),
    ):
        assert 400 <= clerk.post(reverse(name), sent).status_code < 500, name
    assert not Registration.objects.exists()


def test_whoever_may_not_register_is_refused(people: People, sign_in: SignIn) -> None:
    auditor = sign_in("compliance officer")
    assert auditor.get(reverse("register")).status_code == 403
    assert auditor.post(reverse("register-look-up"), _typed()).status_code == 403


def test_twins_are_registered_with_a_new_mother(people: People, sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    mother = _typed(family_name="Castellan", given_name="Marie", birth_date="1994-05-17", ssn="", phone="603-555-0177")
    draft = _draft(clerk.post(reverse("register-with-mother"), mother))
    draft = _draft(clerk.post(reverse("register-with-mother"), {"draft": draft, "reason_code": ""}))
    children = {"birth_date": "20-Nov-2026", "sex_1": "F", "sex_2": "M", "given_2": "Theo"}
    shown = clerk.post(reverse("register-newborn-check"), {"draft": draft, **children})
    assert "CASTELLAN, Girl1Marie" in shown.content.decode()
    done = clerk.post(reverse("register-born"), {"draft": _draft(shown)})
    assert done.status_code == 302, done.content.decode()
    kinds = list(Registration.objects.order_by("place").values_list("kind", "birth_order"))
    assert kinds == [("new", None), ("newborn", 1), ("newborn", 2)]
    waits = clerk.get(reverse("register-waiting")).content.decode()
    assert "CASTELLAN, Girl1Marie" in waits
    assert "Theo" not in waits
    first = Registration.objects.get(birth_order=1)
    named = clerk.post(reverse("register-name", args=[first.uuid]), {"version": 1, "given_name": "Ida"})
    assert named.status_code == 302
    page = clerk.get(named.url).content.decode()
    assert "CASTELLAN, Ida" in page
    assert "Registered together" in page


def test_a_mother_who_is_unlikely_to_be_one_is_said_beforehand(people: People, sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    page = clerk.get(reverse("register-children", args=[people.margaret.euid]))
    assert "Make sure that this is the mother" not in page.text
    shown = clerk.post(
        reverse("register-newborn-check"), {"draft": _draft(page), "birth_date": "20-Nov-1975", "sex_1": "F"}
    )
    assert "about 4 years older than the child" in shown.text


def test_an_unknown_patient_is_identified_by_a_steward(people: People, sign_in: SignIn) -> None:
    steward = sign_in("steward")
    token = str(uuid4())
    done = steward.post(reverse("register-unidentified"), {"token": token, "sex": "F"})
    row = Registration.objects.get()
    assert "TRAUMA" in steward.get(done.url).content.decode()
    alias = GoldenRecord.objects.get(links__source_record__mrn=row.number)
    look = steward.post(reverse("register-identify", args=[row.uuid]), _typed())
    assert "HOLLOWAY, Margaret" in look.content.decode()
    check = steward.post(
        reverse("register-identify-check", args=[row.uuid]), {**_typed(), "euid": people.margaret.euid}
    )
    assert "is merged into" in check.content.decode()
    answer = {"draft": _draft(check), "reason_code": "documents-seen", "reason": "Passport"}
    assert steward.post(reverse("register-identified", args=[row.uuid]), answer).status_code == 302
    alias.refresh_from_db()
    assert alias.merged_into_id == people.margaret.pk


def test_a_registration_is_taken_back(people: People, sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    draft = _draft(clerk.post(reverse("register-choose"), {**_typed(), "euid": people.margaret.euid}))
    clerk.post(reverse("register-visit"), {"draft": draft, "reason": ""})
    row = Registration.objects.get()
    assert clerk.post(reverse("register-withdraw", args=[row.uuid]), {"reason": ""}).status_code == 422
    done = clerk.post(reverse("register-withdraw", args=[row.uuid]), {"reason": "The wrong row"})
    assert "Registration taken back" in clerk.get(done.url).content.decode()
    assert SourceRecord.objects.get(mrn=row.number).state == "deleted"


def test_lists_cost_the_same_for_few_and_many(
    people: People, sign_in: SignIn, clerk: Any, django_assert_max_num_queries: Any
) -> None:
    browser = sign_in("supervisor")
    for number in (3, 12):
        while Registration.objects.count() < number:
            register_alias(token=uuid4(), actor=clerk)
        with django_assert_max_num_queries(16):
            assert browser.get(reverse("register-waiting")).status_code == 200
    with django_assert_max_num_queries(16):
        assert browser.get(reverse("registration", args=[Registration.objects.latest("pk").uuid])).status_code == 200
    with django_assert_max_num_queries(12):
        assert browser.get(reverse("alias-names")).status_code == 200
