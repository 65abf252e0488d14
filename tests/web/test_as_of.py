"""The page of a past instant: values and members as they were, set against the present."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.models import GoldenRecord
from mpi.services.merge import merge_golden_records
from mpi.services.upsert import upsert_record
from tests.services.history import now

from .conftest import told

pytestmark = pytest.mark.django_db


def look(browser, euid, at):
    return browser.get(reverse("golden-as-of", args=[euid]), {"at": at})


def test_the_page_shows_the_values_of_then_and_marks_what_differs_now(people, sign_in, his_client: Actor) -> None:
    before = now()
    changed = told("GENHOSP", "GH-4711", ssn="412558801", street="9 Linden Way")
    upsert_record(record=changed, source_time=None, actor=his_client)
    text = look(sign_in("clerk"), people.margaret.euid, before.isoformat()).content.decode()
    assert f'value="{before:%Y-%m-%dT%H:%M:%S}"' in text  # the field keeps what was asked for
    table = text[text.index('aria-label="Values then"') : text.index('aria-label="Source records then"')]
    address = table[table.index("Address") : table.index("Phone")]
    assert "<mark>" in address
    assert "≠" in address
    assert re.search(r"Born</th>.*?= the same", table, re.DOTALL)
    assert "•••-••-8801" in table
    assert "412558801" not in text
    assert "told anew since" in text
    assert "the same now" in text


def test_every_event_of_the_history_leads_to_how_it_was_then(people, sign_in) -> None:
    browser = sign_in("clerk")
    text = browser.get(reverse("golden-history", args=[people.margaret.euid])).content.decode()
    links = re.findall(r'href="([^"]*/as-of/\?at=[^"]*)"', text)
    newest, *_, first = (browser.get(unquote(link).replace("+", "%2B")) for link in links)
    assert (newest.status_code, first.status_code) == (200, 200)
    assert "came since" not in newest.content.decode()
    assert "came since" in first.content.decode()


def test_a_merged_golden_record_says_into_which_it_had_been_merged_then(people, sign_in, steward: Actor) -> None:
    before = now()
    merge_golden_records(
        survivor_euid=people.margaret.euid,
        retired_euid=people.marjorie.euid,
        versions={one.euid: GoldenRecord.objects.get(pk=one.pk).version for one in (people.margaret, people.marjorie)},
        reason_code="documents-seen",
        reason="",
        actor=steward,
    )
    browser = sign_in("clerk")
    text = look(browser, people.marjorie.euid, now().isoformat()).content.decode()
    assert "had been merged into" in text
    text = look(browser, people.marjorie.euid, before.isoformat()).content.decode()
    assert "had been merged into" not in text
    assert "has left since" in text


@pytest.mark.parametrize(
    ("at", "words"),
    [("2999-01-01T00:00", "future"), ("2001-01-01T00:00", "before the golden record"), ("soon", "no date and time")],
)
def test_an_instant_that_cannot_be_shown_is_refused_in_the_form(people, sign_in, at: str, words: str) -> None:
    answer = look(sign_in("clerk"), people.margaret.euid, at)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_only_who_may_see_persons_sees_their_past_and_it_is_written_down(people, sign_in) -> None:
    browser = sign_in("administrator")
    assert look(browser, people.margaret.euid, now().isoformat()).status_code == 403
    browser = sign_in("clerk")
    look(browser, people.margaret.euid, now().isoformat())
    event = AuditEvent.objects.get(action="person.read", actor_id="clerk")
    assert event.detail["as_of"]
