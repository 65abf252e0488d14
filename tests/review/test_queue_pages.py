"""The queue as a page: what is open, in order, page by page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.actions import Action
from mpi.commands import Actor
from mpi.models import PotentialMatch
from review.models import Outcome
from review.queries.queue import QueueFilter, queue_page
from review.queries.queue_counts import counts
from review.services.claim import claim
from review.services.decide import decide
from tests.review.conftest import Token, audited, plain

pytestmark = pytest.mark.django_db


def test_the_queue_shows_both_persons_why_and_how_long(twins: PotentialMatch, stefan: Client) -> None:
    html = stefan.get(reverse("review-queue")).content.decode()
    for words in ("HOLLOWAY, Margaret Ann", "HOLLOWAY, Marjorie", "09-Mar-1971", "Overlap across sources"):
        assert words in html
    assert "Different given names" in html
    assert 'data-key="n"' in html
    assert "1001" not in html, "no number of a source in a list that need not show it"
    assert audited(Action.PERSON_SEARCHED, actor_id="stefan") == 3  # the look itself, and each of the two persons


def test_an_empty_queue_says_what_will_appear_and_how(stefan: Client) -> None:
    words = plain(stefan.get(reverse("review-queue")).content.decode())
    assert "Nothing to decide" in words
    assert "Import records" in words
    assert "No task fits this filter" in plain(stefan.get(reverse("review-queue") + "?kind=duplicate").content.decode())


def test_counts_are_true_and_filters_narrow(town: Callable[[int], None], steward: Actor, twins: PotentialMatch) -> None:
    town(3)
    now = timezone.now()
    claim(task=twins.uuid, actor=steward)
    found = counts(user_id="stefan", now=timezone.now())
    assert (found.open, found.of("duplicate").open, found.of("overlap").open, found.mine, found.free) == (4, 1, 3, 1, 3)

    def ask(**wanted: str) -> int:
        return len(queue_page(QueueFilter(**wanted), user_id="stefan", now=timezone.now()).rows)

    assert ask() == 4
    assert ask(kind="duplicate") == 1
    assert ask(system="LAB") == 1
    assert ask(holder="mine") == 1
    assert ask(holder="free") == 3
    assert ask(age="late") == 0
    assert ask(show="aside") == 0
    PotentialMatch.objects.filter(pk=twins.pk).update(opened_at=now.replace(year=now.year - 1))
    assert ask(age="late") == 1
    assert counts(user_id="stefan", now=timezone.now()).late == 1


def test_pages_follow_each_other_without_gap_or_repeat(town: Callable[[int], None]) -> None:
    town(4)
    seen: list[object] = []
    after = ""
    while True:
        found = queue_page(QueueFilter(), user_id="stefan", now=timezone.now(), after=after, size=2)
        seen += [row.uuid for row in found.rows]
        after = found.after
        if not after:
            break
    ordered = PotentialMatch.objects.order_by("-risk", "pk").values_list("uuid", flat=True)
    assert seen == list(ordered)


def test_the_queue_takes_the_same_queries_for_one_task_and_for_many(
    town: Callable[[int], None], stefan: Client
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert stefan.get(reverse("review-queue")).status_code == 200
        return len(found)

    stefan.get(reverse("review-queue"))
    one = cost()
    town(5)
    assert cost() == one


@pytest.mark.parametrize("after", ["x", "1:2:3", "nan:1:1", "inf:0:9", "1:1:99999999999999999999", "1:1:1:1"])
def test_a_hostile_page_key_is_no_error(twins: PotentialMatch, stefan: Client, after: str) -> None:
    assert stefan.get(reverse("review-queue"), {"after": after}).status_code == 200


def shown(html: str) -> dict[str, list[str]]:
    """What the page sends to learn what changed."""
    return {name: re.findall(rf'name="{name}" value="([^"]+)"', html) for name in ("row", "seen", "last")}


def test_what_others_do_arrives_in_the_lines_without_moving_them(
    twins: PotentialMatch, town: Callable[[int], None], token: Token, stefan: Client, second_steward: Actor
) -> None:
    town(1)
    sent = shown(stefan.get(reverse("review-queue")).content.decode())
    assert len(sent["row"]) == 2
    assert stefan.post(reverse("review-live"), sent).content.decode().strip() == "", "nothing changed"
    claim(task=twins.uuid, actor=second_steward)
    news = stefan.post(reverse("review-live"), sent).content.decode()
    assert f'id="c-{twins.uuid}" hx-swap-oob="true"' in news
    assert second_steward.name in plain(news)
    assert news.count('id="c-') == 1, "only the line that changed"
    assert "Tasks came, went or changed" not in news, "a claim moves no line"
    decide(
        task=twins.uuid, outcome=Outcome.DIFFERENT, token=token(twins), reason_code="twins", comment="",
        actor=second_steward,
    )  # fmt: skip
    news = stefan.post(reverse("review-live"), sent).content.decode()
    assert "Answered" in plain(news)
    assert "Tasks came, went or changed" in plain(news)
    assert "HOLLOWAY" not in news.upper(), "the poll tells nothing of a person"


def test_a_hostile_poll_is_no_error(twins: PotentialMatch, stefan: Client) -> None:
    sent = {"row": ["x", "1:2", ":", f"{twins.uuid}"], "seen": "<b>", "last": "%"}
    assert stefan.post(reverse("review-live"), sent).status_code == 200
