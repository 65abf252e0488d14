"""Suspected overlays: from the quarantine to the answer and what follows it, through the real inbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.actions import Action
from mpi.celery import app
from mpi.commands import Actor
from mpi.models import GoldenRecord, IdentityTask, InboundMessage, SourceRecord
from mpi.services.upsert import upsert_record
from review.queries.queue_types import TARGETS
from tests.review.conftest import ROBERT, Tell, audited, patient, plain, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(overlay: IdentityTask, writer: Actor) -> Callable[..., None]:
    """The General Hospital says something else of its number 1001, while the update waits."""

    def told(**said: Any) -> None:
        result = upsert_record(record=patient("GH", "1001", **said), source_time=None, actor=writer)
        assert result.state == "queued"

    return told


def address(task: IdentityTask, act: str = "") -> str:
    return reverse(f"review-overlay{'-' if act else ''}{act}", kwargs={"uuid": task.uuid})


def read(browser: Client, task: IdentityTask) -> str:
    response = browser.get(address(task))
    assert response.status_code == 200
    return response.content.decode()


def answer(browser: Client, task: IdentityTask, act: str, reason: str = "Asked the ward") -> Any:
    return browser.post(address(task, act), {"reason": reason})


QUEUE = "/review/?kind=overlay"


def states() -> list[str]:
    return list(InboundMessage.objects.order_by("pk").values_list("state", flat=True))


def test_the_queue_brings_an_overlay_to_its_page(trusted: SourceRecord, tell: Tell, stefan: Client) -> None:
    assert stefan.get(reverse("review-overlays"))["Location"] == QUEUE, "where they were listed apart"
    assert "No task fits this filter" in plain(stefan.get(QUEUE).content.decode())
    tell("GH", "1001", **ROBERT)
    page = reverse("review-overlay", kwargs={"uuid": IdentityTask.objects.get().uuid})
    queue = stefan.get(reverse("review-queue")).content.decode()
    assert f'href="{page}"' in queue
    assert "Suspected overlay 1 target 1 day" in plain(queue)
    assert stefan.post(reverse("review-next"))["Location"] == page


def test_the_list_says_who_why_how_long_and_what_waits_behind(
    overlay: IdentityTask, later: Callable[..., None], stefan: Client
) -> None:
    later(middle="Ann", ssn="412-55-8801", phone="6035550199")
    IdentityTask.objects.update(opened_at=timezone.now() - 2 * TARGETS["overlay"])
    html = stefan.get(QUEUE).content.decode()
    words = plain(html)
    for said in ("HOLLOWAY, Margaret Ann", "General Hospital", "Name and birth date both changed",
                 "held back, with 1 behind it", "Over target", "1 over 1 day"):  # fmt: skip
        assert said in words
    assert "1001" not in words, "no number of a source in a list that need not show it"
    assert audited(Action.PERSON_SEARCHED, actor_id="stefan") == 2  # the look, and the one person in it


def test_the_page_shows_both_sides_and_what_each_answer_would_do(
    overlay: IdentityTask, tell: Tell, later: Callable[..., None], stefan: Client
) -> None:
    later(middle="Ann", ssn="412-55-8801", phone="6035550199")
    tell("LAB", "9", **ROBERT)
    html = read(stefan, overlay)
    words = plain(html)
    assert "General Hospital sent an update of its number 1001 that looks like another person: name and birth" in words
    assert "one valid social security number was replaced by a different one" in words
    for said in ("Margaret", "Robert", "09-Mar-1971", "30-Nov-1948", "•••-••-8801", "•••-••-7710", "18 Orchard Lane",
                 "801 Kettering Boulevard", "1 later message of this record waits behind and follows"):  # fmt: skip
        assert said in words
    assert "412558801" not in re.sub(r"\D", "", html)
    assert "219447710" not in re.sub(r"\D", "", html)
    assert "<mark>" in html
    assert "FIELDING, Robert" in words.split("The update also looks like")[1].split("If it is the same person")[0]
    assert GoldenRecord.objects.get(links__source_record=overlay.source_record).euid in html
    assert 'data-key="a"' in html
    assert 'data-key="x"' in html
    assert "btn-pri" not in html.split("rv-dock")[1], "no answer is more prominent than the other"
    assert audited(Action.TASK_READ, actor_id="stefan", subject_id=str(overlay.source_record.uuid)) == 1


def test_the_pages_are_for_those_who_may_review(overlay: IdentityTask, client: Client) -> None:
    assert client.get(address(overlay)).status_code == 302
    clerk = sign_in("carla", "clerk", "Carla Reyes")
    assert clerk.get(QUEUE).status_code == 403
    assert clerk.get(address(overlay)).status_code == 403
    assert answer(clerk, overlay, "accept").status_code == 403
    overlay.refresh_from_db()
    assert overlay.status == "open"


def test_accepting_applies_the_update_and_then_what_arrived_behind(
    overlay: IdentityTask, later: Callable[..., None], stefan: Client, worker: Any
) -> None:
    later(**{**ROBERT, "phone": "4195550101"})
    later(**{**ROBERT, "phone": "4195550102"})
    assert states()[-3:] == ["queued", "queued", "queued"]
    done = worker(lambda: answer(stefan, overlay, "accept"))
    assert done.status_code == 302
    assert states()[-3:] == ["applied", "applied", "applied"]
    record = SourceRecord.objects.get(pk=overlay.source_record_id)
    assert (record.state, record.version) == ("active", 4)
    told = [row.told["telecoms"][0]["value"] for row in record.history.order_by("history_id") if row.version > 1]
    assert told == ["4195550187", "4195550101", "4195550102"]
    person = GoldenRecord.objects.get(links__source_record=record, links__ended_at__isnull=True)
    assert person.values["given_name"] == "Robert"
    assert audited(Action.TASK_RESOLVED, actor_id="stefan", reason_text="Asked the ward") == 1
    words = plain(read(stefan, overlay))
    assert "Accepted as the same person" in words
    assert "You accepted the update: same person" in words
    assert "“Asked the ward”" in words
    trusted_then = words.split("Given name")[1]
    assert trusted_then.index("Margaret") < trusted_then.index("Robert"), "both sides as they were then"


def test_the_hint_of_an_answer_reaches_the_broker_of_the_workers(
    overlay: IdentityTask, stefan: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with app.connection_for_read() as broker, broker.SimpleQueue("celery") as sent:
        sent.clear()
        with django_capture_on_commit_callbacks(execute=True):
            answer(stefan, overlay, "accept")
        message = sent.get(timeout=5)
        message.ack()
    assert message.headers["task"] == "mpi.ingest"
    assert message.decode()[0] == [[overlay.message_id]]


def test_rejecting_leaves_the_record_untouched_and_judges_what_is_behind_anew(
    overlay: IdentityTask, tell: Tell, later: Callable[..., None], stefan: Client, worker: Any
) -> None:
    def facts() -> tuple[Any, ...]:
        found = SourceRecord.objects.get(pk=overlay.source_record_id)
        owner = GoldenRecord.objects.get(links__source_record=found, links__ended_at__isnull=True)
        return found.version, found.told, found.standard, found.recorded_at, owner.euid, owner.status, owner.values

    before = facts()
    worker(lambda: answer(stefan, overlay, "reject"))
    assert facts() == before
    assert SourceRecord.objects.get(pk=overlay.source_record_id).state == "active"
    assert states()[-1] == "rejected"
    tell("GH", "1001", **ROBERT)
    again = IdentityTask.objects.get(status="open")
    later(middle="Ann", ssn="412-55-8801", phone="6035550199")
    later(**{**ROBERT, "phone": "4195550101"})
    assert states()[-3:] == ["queued", "queued", "queued"]
    worker(lambda: answer(stefan, again, "reject"))
    assert states()[-3:] == ["rejected", "applied", "queued"], (
        "her new telephone is applied, Robert is asked about anew"
    )
    assert IdentityTask.objects.get(status="open").pk not in (overlay.pk, again.pk)
    assert SourceRecord.objects.get(pk=overlay.source_record_id).told["telecoms"][0]["value"] == "6035550199"


def test_an_overlay_is_put_off_without_a_word(overlay: IdentityTask, stefan: Client) -> None:
    page = stefan.get(reverse("review-overlay", kwargs={"uuid": overlay.uuid})).content.decode()
    later = reverse("review-identity-answer", kwargs={"uuid": overlay.uuid, "act": "later"})
    # The field of the reason is required; a browser must not ask for it here.
    assert f'formaction="{later}" formnovalidate' in page


def test_an_answer_needs_a_reason(overlay: IdentityTask, stefan: Client) -> None:
    response = answer(stefan, overlay, "accept", reason="  ")
    assert response.status_code == 422
    assert "Say in a few words how you know; nothing was decided." in plain(response.content.decode())
    overlay.refresh_from_db()
    assert overlay.status == "open"


def test_who_comes_second_sees_what_was_decided(overlay: IdentityTask, stefan: Client, sonja: Client) -> None:
    assert answer(stefan, overlay, "reject").status_code == 302
    second = answer(sonja, overlay, "accept")
    words = plain(second.content.decode())
    assert second.status_code == 409
    assert "Your answer was not carried out" in words
    assert "Stefan Weber rejected the update: another person" in words
    assert "formaction" not in second.content.decode()
    assert audited(Action.TASK_RESOLVED) == 1


def test_an_unknown_task_and_a_hostile_page_key_are_no_fault(overlay: IdentityTask, stefan: Client) -> None:
    assert stefan.get("/review/overlays/6f1d8a52-7f0c-4a6c-9d54-3f6c0c2f9a11/").status_code == 404
    for after in ("x", "-1", "99999999999999999999", "²"):
        assert stefan.get(QUEUE, {"after": after}).status_code == 200


def test_the_person_is_said_to_be_under_review_wherever_it_is_looked_up(
    overlay: IdentityTask, stefan: Client, worker: Any
) -> None:
    euid = GoldenRecord.objects.get(links__source_record=overlay.source_record).euid
    pages = (
        lambda: stefan.get(reverse("golden-record", args=[euid])),
        lambda: stefan.get(reverse("golden-source-records", args=[euid])),
        lambda: stefan.get(reverse("source-record", args=[overlay.source_record_id])),
        lambda: stefan.post(reverse("search"), {"q": "Holloway"}),
    )
    for look in pages:
        assert "Under review" in look().content.decode()
    assert address(overlay) in pages[0]().content.decode()
    worker(lambda: answer(stefan, overlay, "reject"))
    for look in pages:
        assert "Under review" not in look().content.decode()


def test_a_clerk_sees_that_it_is_under_review_but_no_way_to_decide(overlay: IdentityTask, db: None) -> None:
    euid = GoldenRecord.objects.get(links__source_record=overlay.source_record).euid
    html = sign_in("carla", "clerk", "Carla Reyes").get(reverse("golden-record", args=[euid])).content.decode()
    assert "Under review" in html
    assert address(overlay) not in html


def test_the_cost_of_the_list_does_not_grow_with_its_rows(
    overlay: IdentityTask, tell: Tell, stefan: Client, django_assert_max_num_queries: Any
) -> None:
    stefan.get(QUEUE)
    with CaptureQueriesContext(connection) as few:
        stefan.get(QUEUE)
    for number, family in enumerate(("Bergmann", "Okafor", "Delacroix")):
        tell("GH", f"2{number}", family=family, given="Ines", birth_date=f"198{number}-05-0{number + 1}", ssn="")
        tell("GH", f"2{number}", **{**ROBERT, "ssn": "", "family": f"Field{family}"})
    assert IdentityTask.objects.filter(status="open").count() == 4
    with django_assert_max_num_queries(len(few)):
        stefan.get(QUEUE)
