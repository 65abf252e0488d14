"""Two numbers of one source merged through the pages, and that taken back: preview, reason, do, history."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from audit.models import AuditEvent
from mpi.models import IdentityEvent, IdentityTask, Link, SourceMerge, SourceRecord
from mpi.services.separate import separate
from mpi.services.upsert import upsert_record
from tests.web.conftest import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def steward_page(sign_in):
    return sign_in("steward")


@pytest.fixture
def numbers(people):
    """(Margaret's number at the hospital, Marjorie's number there)."""
    records = SourceRecord.objects.filter(source_system__code="GENHOSP")
    return records.get(mrn="GH-4711"), records.get(mrn="GH-9999")


def _form(gone, keep, **other):
    found = {}
    for name, record in (("left", gone), ("home", keep)):
        golden = Link.objects.get(source_record=record, ended_at__isnull=True).golden_record
        found |= {name: golden.euid, f"{name}_version": golden.version}
    return {**found, "reason_code": "source-confirmed", "reason": "The hospital's letter", **other}


def _merge(browser, gone, keep, **other):
    return browser.post(reverse("source-merge", args=[gone.pk, keep.pk]), _form(gone, keep, **other))


def test_the_number_that_goes_on_is_typed_and_never_stands_in_an_address(numbers, steward_page):
    gone, keep = numbers[1], numbers[0]
    address = reverse("choose-source-merge", args=[gone.pk])
    assert "GH-4711" in steward_page.get(address).content.decode()  # of a person that it may be
    chosen = steward_page.post(address, {"number": " GH-4711 "})
    assert chosen.url == reverse("source-merge", args=[gone.pk, keep.pk])
    assert "GH" not in chosen.url
    for wrong in ("GH-0000", "GH-9999", ""):
        refused = steward_page.post(address, {"number": wrong})
        assert refused.status_code == 422
    assert not SourceMerge.objects.exists()


def test_the_preview_says_what_becomes_of_both_and_changes_nothing(numbers, steward_page, his_client):
    margaret, marjorie = numbers
    newer = told("GENHOSP", "GH-4711", ssn="412558801", phone="603-555-0188")
    upsert_record(record=newer, source_time=None, actor=his_client)
    before = IdentityEvent.objects.count()
    alone = steward_page.get(reverse("source-merge", args=[marjorie.pk, margaret.pk])).content.decode()
    for words in ("GH-9999", "is given up", "leads to", "can be undone", "HOLLOWAY, Marjorie"):
        assert words in alone
    assert "stays in" not in alone
    others = steward_page.get(reverse("source-merge", args=[margaret.pk, marjorie.pk])).content.decode()
    assert "1 other source record stays in" in others
    assert "a potential match" in others
    assert "Values that change" in others
    assert "Phone: (603) 555-01<mark>88</mark>" in others
    assert IdentityEvent.objects.count() == before
    read = AuditEvent.objects.filter(action="record.read").values_list("subject_id", flat=True)
    assert {str(margaret.uuid), str(marjorie.uuid)} <= set(read)


def test_numbers_are_merged_told_shown_and_taken_back(numbers, steward_page):
    keep, gone = numbers
    response = _merge(steward_page, gone, keep)
    assert response.url == reverse("source-record", args=[gone.pk])
    (message,) = get_messages(response.wsgi_request)
    event = IdentityEvent.objects.get(kind="source-merge")
    assert message.extra_tags == f"undo:{event.uuid}"
    shown = steward_page.get(response.url).content.decode()
    for words in ("Merged into another number", "GH-4711", "The hospital&#x27;s letter", "Take it back"):
        assert words in shown
    survivor = steward_page.get(reverse("source-record", args=[keep.pk])).content.decode()
    assert "was merged into this number" in survivor

    address = reverse("source-unmerge", args=[gone.pk])
    assert "HOLLOWAY, Marjorie" in steward_page.get(address).content.decode()
    assert steward_page.post(address, {"reason_code": "", "reason": ""}).status_code == 422
    back = steward_page.post(address, {"reason_code": "source-confirmed", "reason": "Their error"})
    assert back.url == reverse("source-record", args=[gone.pk])
    gone.refresh_from_db()
    assert gone.state == "active"
    shown = steward_page.get(back.url).content.decode()
    assert "Taken back by" in shown
    assert "Their error" in shown
    assert steward_page.get(address).status_code == 404


def test_a_merge_of_numbers_is_undone_from_the_quiet_line(numbers, steward_page):
    keep, gone = numbers
    _merge(steward_page, gone, keep)
    event = IdentityEvent.objects.get(kind="source-merge")
    assert steward_page.post(reverse("undo", args=[event.uuid]), {"reason": "wrong row"}).status_code == 302
    gone.refresh_from_db()
    assert gone.state == "active"


def test_a_merge_of_numbers_needs_a_reason_and_a_fresh_screen(numbers, steward_page, his_client):
    keep, gone = numbers
    assert _merge(steward_page, gone, keep, reason_code="").status_code == 422
    stale = _form(gone, keep)
    upsert_record(record=told("CLINIC", "CN-0815", phone="603-555-0177"), source_time=None, actor=his_client)
    refused = steward_page.post(reverse("source-merge", args=[gone.pk, keep.pk]), stale)
    assert refused.status_code == 409
    assert not SourceMerge.objects.exists()


def test_across_a_separation_the_page_says_so_and_a_task_is_opened(numbers, people, steward, steward_page):
    keep, gone = numbers
    separate(euid_a=people.margaret.euid, euid_b=people.marjorie.euid, reason_code="twins", reason="", actor=steward)
    address = reverse("source-merge", args=[gone.pk, keep.pk])
    assert "A steward decided that these are different people" in steward_page.get(address).content.decode()
    assert _merge(steward_page, gone, keep).status_code == 409
    assert IdentityTask.objects.get().type == "source-merge"
    assert not SourceMerge.objects.exists()


def test_what_cannot_be_merged_is_said_before_it_is_asked(numbers, people, steward_page):
    keep, gone = numbers
    _merge(steward_page, gone, keep)
    for one, other in ((gone, keep), (keep, gone)):
        text = steward_page.get(reverse("source-merge", args=[one.pk, other.pk])).content.decode()
        assert "was merged into another number before" in text
        assert "<button>Merge the numbers" not in text
    assert steward_page.get(reverse("source-merge", args=[keep.pk, keep.pk])).status_code == 422
    assert steward_page.get(reverse("source-merge", args=[keep.pk, people.record.pk])).status_code == 422
    assert steward_page.get(reverse("source-merge", args=[keep.pk, 10**9])).status_code == 404


@pytest.mark.parametrize("role", ["clerk", "compliance officer", "administrator"])
def test_only_who_may_merge_sees_and_does_it(numbers, sign_in, role):
    keep, gone = numbers
    browser = sign_in(role)
    for name, keys in (
        ("choose-source-merge", [gone.pk]),
        ("source-merge", [gone.pk, keep.pk]),
        ("source-unmerge", [gone.pk]),
    ):
        assert browser.get(reverse(name, args=keys)).status_code == 403
    assert _merge(browser, gone, keep).status_code == 403
    if role == "clerk":
        assert "Merge numbers" not in browser.get(reverse("source-record", args=[gone.pk])).content.decode()
