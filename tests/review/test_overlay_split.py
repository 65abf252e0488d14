"""An overlay is split, an answer undone, an applied update answered: on the page of the task."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from mpi.models import GoldenRecord, IdentityTask, SourceRecord
from review.queries.task_answers import answer_event
from tests.review.conftest import Tell

pytestmark = pytest.mark.django_db


def undo(browser: Client, task: IdentityTask, event: object, reason: str = "The wrong row") -> Any:
    body = {"event": str(event), "reason": reason}
    return browser.post(reverse("review-overlay-undo", args=[task.uuid]), body)


def test_only_the_answer_that_the_page_showed_is_undone_and_with_a_reason(
    overlay: IdentityTask, stefan: Client, sonja: Client, worker: Any
) -> None:
    body = {"reason": "Wrong chart"}
    worker(lambda: stefan.post(reverse("review-overlay-reject", args=[overlay.uuid]), body))
    shown = answer_event(overlay)
    assert f'value="{shown}"' in stefan.get(reverse("review-overlay", args=[overlay.uuid])).content.decode()
    assert undo(stefan, overlay, shown, reason=" ").status_code == 422
    assert undo(stefan, overlay, shown).status_code == 302
    assert AuditEvent.objects.get(action="identity.undone").reason_text == "The wrong row"
    worker(lambda: sonja.post(reverse("review-overlay-reject", args=[overlay.uuid]), body))
    late = undo(stefan, overlay, shown)
    assert late.status_code == 409
    assert "answered this anew" in late.content.decode()
    assert answer_event(overlay) is not None, "a colleague's answer stands"


def test_an_answer_to_another_task_about_the_same_message_is_not_this_ones(
    overlay: IdentityTask, stefan: Client, worker: Any
) -> None:
    worker(lambda: stefan.post(reverse("review-overlay-split", args=[overlay.uuid]), {"reason": "Given out twice"}))
    other = IdentityTask.objects.get(type="source-correction")
    assert other.message_id == overlay.message_id
    assert answer_event(overlay) is not None
    assert answer_event(other) is None


def test_a_split_makes_two_people_and_is_undone_on_the_same_page(
    overlay: IdentityTask, stefan: Client, worker: Any
) -> None:
    worker(lambda: stefan.post(reverse("review-overlay-split", args=[overlay.uuid]), {"reason": "Given out twice"}))
    record = SourceRecord.objects.get(pk=overlay.source_record_id)
    now = GoldenRecord.objects.get(links__source_record=record, links__ended_at__isnull=True)
    assert (now.values["family_name"], now.member_count) == ("Fielding", 1)
    page = stefan.get(reverse("review-overlay", args=[overlay.uuid])).content.decode()
    assert "Split: two people under one number" in page
    assert "Undo this answer" in page
    answered = undo(stefan, overlay, answer_event(overlay))
    assert answered.status_code == 302
    record.refresh_from_db()
    assert (record.state, IdentityTask.objects.get(status="open")) == ("quarantined", overlay)
    page = stefan.get(reverse("review-overlay", args=[overlay.uuid])).content.decode()
    assert "Still the same person?" in page
    assert "Undo this answer" not in page
    again = undo(stefan, overlay, None)
    assert again.status_code == 404


def test_a_time_outside_the_history_is_shown_at_its_field(overlay: IdentityTask, stefan: Client) -> None:
    body = {"reason": "Given out twice", "at": "1999-01-31T10:00"}
    shown = stefan.post(reverse("review-overlay-split", args=[overlay.uuid]), body)
    assert shown.status_code == 422
    assert "is outside the history of the source record" in shown.content.decode()
    assert IdentityTask.objects.get().status == "open"


def test_an_applied_update_says_so_and_a_stale_page_is_refused(
    trusted: SourceRecord, tell: Tell, stefan: Client
) -> None:
    tell("GH", "1001", middle="Ann", ssn="604-31-9922")
    task = IdentityTask.objects.get()
    page = stefan.get(reverse("review-overlay", args=[task.uuid])).content.decode()
    assert "The update was applied" in page
    body = {"reason": "Asked", "version": 7}
    shown = stefan.post(reverse("review-overlay-reject", args=[task.uuid]), body)
    assert shown.status_code == 409
    assert IdentityTask.objects.get().status == "open"
    stefan.post(reverse("review-overlay-reject", args=[task.uuid]), body | {"version": 1})
    record = SourceRecord.objects.get(pk=trusted.pk)
    assert (record.version, record.told) == (3, trusted.told)


def test_what_a_split_asks_of_the_source_stands_in_the_queue(
    overlay: IdentityTask, stefan: Client, worker: Any
) -> None:
    assert "No task fits this filter" in stefan.get("/review/?kind=source-correction").content.decode()
    worker(lambda: stefan.post(reverse("review-overlay-split", args=[overlay.uuid]), {"reason": "Given out twice"}))
    task = IdentityTask.objects.get(type="source-correction")
    page = stefan.get("/review/?kind=source-correction").content.decode()
    assert "ask the source to give the first one a number again" in page
    assert f'href="{reverse("review-identity-task", args=[task.uuid])}' in page
