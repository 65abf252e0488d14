"""What is typed into the search box, and who is found."""

from __future__ import annotations

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from mpi.queries.search import Query, find, read, read_date


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("Holloway, Margaret", Query(family="HOLLOWAY", given="MARGARET")),
        ("margaret holloway", Query(either=("MARGARET", "HOLLOWAY"))),
        ("holloway 09-Mar-1971", Query(either=("HOLLOWAY",), birth_date="1971-03-09")),
        ("03/09/1971", Query(birth_date="1971-03-09")),
        ("GH-4711", Query(number="GH-4711")),
        ("Núñez", Query(either=("NUNEZ",))),
        ("   ", Query()),
    ],
)
def test_a_line_is_understood(typed, query):
    assert read(typed) == query


def test_an_euid_is_known_by_its_check_character(people):
    assert read(people.margaret.euid.lower()) == Query(euid=people.margaret.euid)


def test_an_impossible_date_is_none():
    assert read_date("31-Feb-1971") == ""


@pytest.mark.parametrize(
    "typed",
    ["holloway", "HOLLOWAY, Marg", "margaret holloway", "holloway margaret", "09-Mar-1971", "GH-4711", "412-55-8801"],
)
def test_a_person_is_found_by(people, typed):
    assert people.margaret.euid in [hit.person.euid for hit in find(read(typed)).hits]


def test_a_number_of_another_source_system_is_not_found(people):
    assert not find(Query(number="GH-4711", system="CLINIC")).hits


def test_a_search_costs_two_queries(people, django_assert_num_queries):
    with django_assert_num_queries(2):
        find(read("holloway"))


def test_a_search_by_number_costs_seven_queries(people, django_assert_num_queries):
    """One of them asks whether the source has merged the number into another one."""
    with django_assert_num_queries(7):
        find(read("412-55-8801"))


def test_searching_is_by_post_and_is_written_down_with_everyone_found(people, sign_in):
    browser = sign_in("clerk")
    response = browser.post(reverse("search"), {"q": "holloway"})
    assert "HOLLOWAY, Margaret Ann" in response.content.decode()
    searched = AuditEvent.objects.filter(action="person.searched")
    subjects = {subject for event in searched for subject in event.subjects}
    assert {f"golden_record:{people.margaret.euid}", f"golden_record:{people.marjorie.euid}"} <= subjects


def test_results_mask_the_numbers(people, sign_in):
    text = sign_in("clerk").post(reverse("search"), {"q": "holloway"}).content.decode()
    results = text[text.index('aria-label="Results"') :]
    assert "GH-4711" not in results
    assert "4711" in results


def test_a_search_in_the_address_is_not_a_search(people, sign_in):
    response = sign_in("clerk").get(reverse("search"), {"q": "holloway"})
    assert "HOLLOWAY" not in response.content.decode()


def test_nobody_found_says_what_to_try(people, sign_in):
    assert "Nobody found" in sign_in("clerk").post(reverse("search"), {"q": "zzyzx"}).content.decode()


@pytest.mark.parametrize("form", [{}, {"q": "  "}, {"birth_date": "31-Feb-1971"}, {"q": "x" * 500}])
def test_a_search_that_cannot_be_done_says_why(people, sign_in, form):
    response = sign_in("clerk").post(reverse("search"), form)
    assert response.status_code == 422
    assert "Nothing was changed" in response.content.decode()


@pytest.mark.parametrize("typed", ["\x00", "%", "_", "'; --", "<script>", "😀", "-", ",", "0" * 120])
def test_odd_characters_are_no_error(people, sign_in, typed):
    assert sign_in("clerk").post(reverse("search"), {"q": typed}).status_code in {200, 422}
