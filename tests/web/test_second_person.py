"""The pages of acts say beforehand where two people are asked, and propose."""

from __future__ import annotations

import html

import pytest
from django.urls import reverse

from mpi.models import GoldenRecord, GoldenStatus, IdentityEvent, Proposal
from mpi.queries.vip import vip_ids
from mpi.services.proposal_decide import approve_proposal

pytestmark = pytest.mark.django_db
ASKED = "Two people are asked here"


@pytest.fixture
def vip(people, sign_in):
    """Margaret, marked by a supervisor on her page."""
    supervisor = sign_in("supervisor")
    address = reverse("vip", args=[people.margaret.euid])
    assert "None: one person is enough" in supervisor.get(address).content.decode()
    assert supervisor.post(address, {"reason": ""}).status_code == 422
    assert supervisor.post(address, {"reason": "In the news"}).status_code == 302
    assert "In the news" in supervisor.get(address).content.decode()
    return people.margaret


def _text(browser, name, *args):
    return html.unescape(browser.get(reverse(name, args=args)).content.decode())


def test_a_merge_of_a_vip_is_proposed_and_its_undo_too(people, vip, sign_in, second_steward) -> None:
    browser = sign_in("steward")
    address = reverse("merge", args=[people.margaret.euid, people.marjorie.euid])
    assert ASKED in _text(browser, "merge", people.margaret.euid, people.marjorie.euid)
    form = {
        "survivor": people.margaret.euid, "survivor_version": people.margaret.version,
        "retired": people.marjorie.euid, "retired_version": people.marjorie.version,
        "reason_code": "documents-seen", "reason": "Passport",
    }  # fmt: skip
    refused = browser.post(address, form)
    assert refused.status_code == 409
    assert "marked one of the persons as VIP" in html.unescape(refused.content.decode())
    proposed = browser.post(address, {**form, "propose": "yes"})
    proposal = Proposal.objects.get()
    assert proposed["Location"] == reverse("review-proposal", args=[proposal.uuid])
    assert GoldenRecord.objects.get(pk=people.marjorie.pk).status != GoldenStatus.MERGED
    done = approve_proposal(uuid=proposal.uuid, reason="", actor=second_steward)
    assert ASKED in _text(browser, "undo", done.event_uuid)
    assert ASKED in _text(browser, "unmerge", done.event_uuid)
    for name, code in (("undo", {}), ("unmerge", {"reason_code": "wrong-merge"})):
        browser.post(reverse(name, args=[done.event_uuid]), {"reason": "Two people", "propose": "yes", **code})
        waits = Proposal.objects.get(state="open")
        assert waits.act == name
        Proposal.objects.filter(pk=waits.pk).delete()


def test_a_record_of_a_vip_is_proposed_to_be_moved(people, vip, sign_in) -> None:
    browser = sign_in("steward")
    assert ASKED in _text(browser, "unlink", people.record.pk)
    why = {"reason_code": "data-entry-error", "reason": "", "propose": "yes"}
    browser.post(reverse("unlink", args=[people.record.pk]), why)
    assert Proposal.objects.get().act == "unlink"
    Proposal.objects.all().delete()
    assert ASKED in _text(browser, "link", people.record.pk, people.marjorie.euid)
    form = {**why, "version": people.marjorie.version}
    browser.post(reverse("link", args=[people.record.pk, people.marjorie.euid]), form)
    assert Proposal.objects.get().act == "link"


def test_anybody_may_ask_for_a_second_person_where_policy_does_not(people, sign_in) -> None:
    browser = sign_in("steward")
    assert "Ask a second person first" in _text(browser, "unlink", people.record.pk)
    before = IdentityEvent.objects.count()
    why = {"reason_code": "data-entry-error", "reason": "", "propose": "yes"}
    browser.post(reverse("unlink", args=[people.record.pk]), why)
    assert Proposal.objects.get().asked_by == ["asked"]
    assert IdentityEvent.objects.count() == before


def test_only_a_supervisor_marks_and_lifts(people, vip, sign_in) -> None:
    address = reverse("vip", args=[people.margaret.euid])
    assert sign_in("steward").get(address).status_code == 403
    assert vip_ids([people.margaret.pk])
