"""Help is there for every role, in every word of the index; the tour leads through the pages that one may open."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from mpi.access import ROLES
from mpi.web.views.help import PAGES

pytestmark = pytest.mark.django_db

WORDS = (
    "Source system", "Assigning authority", "Identifier", "Source record", "Golden record", "EUID", "Link, unlink",
    "Merge, unmerge", "Merge of source records", "Potential match", "Separation", "Blocking key", "Candidate",
    "Comparison, level", "m, u", "Match weight", "Match probability", "Grade", "Survivorship", "Provisional",
    "Duplicate", "Overlap", "Overlay", "Steward",
)  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_the_help_is_for_every_role(sign_in, role):
    browser = sign_in(role)
    html = browser.get(reverse("help")).content.decode()
    assert all(reverse("help-page", args=[one.slug]) in html for one in PAGES)
    assert browser.get(reverse("help-page", args=["keyboard"])).status_code == 200


def test_every_page_of_the_help_is_there_and_leads_to_the_others(sign_in, django_assert_max_num_queries):
    browser = sign_in("steward")
    for one in PAGES:
        with django_assert_max_num_queries(6):
            html = browser.get(reverse("help-page", args=[one.slug])).content.decode()
        assert one.title in html
        assert set(re.findall(r'href="/help/([^/"#]+)/', html)) == {other.slug for other in PAGES}


def test_the_glossary_has_every_word_of_the_index_and_the_types_have_their_anchors(sign_in):
    browser = sign_in("steward")
    glossary = browser.get(reverse("help-page", args=["glossary"])).content.decode()
    for word in WORDS:
        assert re.search(rf"<dt>{re.escape(word)}\b", glossary), word
    tasks = browser.get(reverse("help-page", args=["tasks"])).content.decode()
    for kind in ("duplicate", "overlap", "overlay", "identifier-conflict", "large-person", "source-merge"):
        assert f'id="{kind}"' in tasks
    keyboard = browser.get(reverse("help-page", args=["keyboard"])).content.decode()
    assert "<kbd>R</kbd> Review" in keyboard
    assert browser.get("/help/nothing/").status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_the_tour_leads_through_pages_that_this_role_may_open_and_ends(sign_in, role):
    browser = sign_in(role)
    assert "Take the tour" in browser.get("/").content.decode()
    answer = browser.post(reverse("tour-move", args=["start"]))
    total = int(re.search(r"step 1 of (\d+)", browser.get(answer.url).content.decode()).group(1))
    assert total >= 3
    for number in range(1, total + 1):
        page = browser.get(answer.url)
        assert page.status_code == 200, answer.url
        assert f"step {number} of {total}" in page.content.decode()
        answer = browser.post(reverse("tour-move", args=["next"]))
    assert browser.cookies["tour"].value == "done"
    for address in ("/", "/help/"):
        assert "step 1 of" not in browser.get(address).content.decode()
    assert "New here?" not in browser.get("/").content.decode()


def test_the_tour_goes_back_and_can_be_declined(sign_in):
    browser = sign_in("steward")
    browser.post(reverse("tour-move", args=["start"]))
    second = browser.post(reverse("tour-move", args=["next"])).url
    assert "step 2 of" in browser.get("/account/").content.decode(), "the note stays wherever one goes"
    assert browser.post(reverse("tour-move", args=["back"])).url == "/"
    assert second != "/"
    assert browser.post(reverse("tour-move", args=["end"])).url == "/"
    assert "step" not in re.sub(r"<[^>]*>", "", browser.get("/account/").content.decode()).lower().split()
    assert browser.get(reverse("tour-move", args=["next"])).url == "/", "a step is taken from a page"
    assert browser.post("/tour/sideways/").status_code == 404
