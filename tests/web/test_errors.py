"""Every refusal becomes a page that says what happened, what was not changed and what to do next."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse

from mpi.errors import Flaw, every_error
from mpi.web.middleware import ErrorMiddleware


def _answer(rf, error, path="/search/"):
    request = rf.get(path)
    request.user, request.actor = AnonymousUser(), None
    return ErrorMiddleware(lambda _: HttpResponse()).process_exception(request, error)


# The desk's own refusals are made of other arguments; tests/review shows their pages.
_TREE = [kind for kind in every_error() if kind.__module__ == "mpi.errors"]


@pytest.mark.parametrize("kind", _TREE)
def test_every_error_of_the_tree_has_a_page(rf, kind):
    response = _answer(rf, kind("It did not work out.", flaws=[Flaw("birth_date", "is no date", "write 1971-03-09")]))
    text = response.content.decode()
    assert response.status_code == kind.http_status
    for words in ("It did not work out.", kind.title, "What was not changed", "What to do next", "birth_date"):
        assert words in text


def test_a_defect_stays_a_defect(rf):
    assert _answer(rf, ValueError("ours")) is None


def test_doors_for_machines_translate_for_themselves(rf):
    assert _answer(rf, every_error()[0]("x"), "/api/v1/match") is None


def test_an_error_in_a_partial_refresh_is_a_part_of_a_page(rf):
    request = rf.get("/health/")
    request.user, request.actor, request.htmx = AnonymousUser(), None, True
    response = ErrorMiddleware(lambda _: HttpResponse()).process_exception(request, every_error()[0]("No."))
    assert b"<html" not in response.content


@pytest.mark.django_db
def test_an_unknown_address_has_a_page_of_ours(client):
    response = client.get("/nothing/here/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
