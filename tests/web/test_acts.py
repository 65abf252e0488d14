"""Acts on identity through the pages: preview, reason, do, undo; stale screens are refused."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.db.models import F
from django.urls import reverse

from audit.models import AuditEvent
from mpi.models import GoldenRecord, IdentityEvent, Link, Separation
from mpi.services.link import link_record

pytestmark = pytest.mark.django_db


def _merge_form(people, **other):
    return {
        "survivor": people.margaret.euid,
        "retired": people.marjorie.euid,
        "survivor_version": people.margaret.version,
        "retired_version": people.marjorie.version,
        "reason_code": "documents-seen",
        "reason": "Passport shown",
        **other,
    }


@pytest.fixture
def steward_page(sign_in):
    return sign_in("steward")


def _merge(browser, people, **other):
    address = reverse("merge", args=[people.margaret.euid, people.marjorie.euid])
    return browser.post(address, _merge_form(people, **other))


@pytest.fixture
def kept_free(people):
    """Margaret and Marjorie without a standing separation, so that a merge is possible."""
    assert not Separation.objects.exists()
    return people


def test_the_preview_shows_both_sides_and_changes_nothing(kept_free, steward_page):
    before = IdentityEvent.objects.count()
    people = kept_free
    text = steward_page.get(reverse("merge", args=[people.margaret.euid, people.marjorie.euid])).content.decode()
    for words in ("HOLLOWAY, Margaret Ann", "HOLLOWAY, Marjorie", "What will change", "can undo it"):
        assert words in text
    assert IdentityEvent.objects.count() == before
    assert AuditEvent.objects.filter(action="person.read").count() == 2


def test_a_merge_needs_a_reason(kept_free, steward_page):
    response = _merge(steward_page, kept_free, reason_code="")
    assert response.status_code == 422
    assert GoldenRecord.objects.filter(status="merged").count() == 0


def test_another_reason_needs_words(kept_free, steward_page):
    assert _merge(steward_page, kept_free, reason_code="other", reason=" ").status_code == 422


def test_a_merge_is_done_told_and_undone(kept_free, steward_page):
    people = kept_free
    response = _merge(steward_page, people)
    assert response.status_code == 302
    assert response.url == reverse("golden-record", args=[people.margaret.euid])
    (message,) = get_messages(response.wsgi_request)
    event = IdentityEvent.objects.get(kind="merge")
    assert message.extra_tags == f"undo:{event.uuid}"
    shown = steward_page.get(response.url).content.decode()
    assert reverse("undo", args=[event.uuid]) in shown

    undone = steward_page.post(reverse("undo", args=[event.uuid]), {"reason": "wrong row"})
    assert undone.status_code == 302
    people.marjorie.refresh_from_db()
    assert people.marjorie.status == "provisional"
    text = steward_page.get(reverse("golden-history", args=[people.margaret.euid])).content.decode()
    assert "Act undone" in text
    assert "wrong row" in text


def test_a_merged_euid_answers_its_survivor_and_says_so(kept_free, steward_page):
    people = kept_free
    _merge(steward_page, people)
    text = steward_page.get(reverse("golden-record", args=[people.marjorie.euid])).content.decode()
    assert "You asked for" in text
    assert "HOLLOWAY, Margaret Ann" in text


def test_an_unmerge_keeps_them_apart(kept_free, steward_page):
    people = kept_free
    _merge(steward_page, people)
    event = IdentityEvent.objects.get(kind="merge")
    address = reverse("unmerge", args=[event.uuid])
    assert "What comes back" in steward_page.get(address).content.decode()
    assert steward_page.post(address, {"reason_code": "twins", "reason": ""}).status_code == 302
    assert Separation.objects.filter(lifted_at__isnull=True).count() == 1
    assert "Kept apart from" in steward_page.get(reverse("golden-record", args=[people.margaret.euid])).content.decode()
    refused = _merge(steward_page, people, survivor_version=9, retired_version=9)
    assert refused.status_code == 409


def test_a_stale_screen_is_refused(kept_free, steward_page):
    response = _merge(steward_page, kept_free, survivor_version=kept_free.margaret.version + 1)
    assert response.status_code == 409
    assert "It has changed since you looked" in response.content.decode()
    assert GoldenRecord.objects.filter(status="merged").count() == 0


def test_a_separation_is_made_and_lifted(people, steward_page):
    address = reverse("separate", args=[people.margaret.euid, people.marjorie.euid])
    assert steward_page.post(address, {"reason_code": "twins"}).status_code == 302
    separation = Separation.objects.get()
    lift = reverse("lift-separation", args=[separation.uuid])
    assert "HOLLOWAY, Marjorie" in steward_page.get(lift).content.decode()
    assert steward_page.post(lift, {"reason": "they are one after all"}).status_code == 302
    assert steward_page.get(lift).status_code == 404


def test_a_separation_of_records_that_were_deleted_since_is_lifted(people, steward_page):
    address = reverse("separate", args=[people.margaret.euid, people.marjorie.euid])
    steward_page.post(address, {"reason_code": "twins"})
    separation = Separation.objects.get()
    Link.objects.update(ended_at=separation.recorded_at, ended_by_event=F("opened_by_event"))
    lift = reverse("lift-separation", args=[separation.uuid])
    assert steward_page.get(lift).status_code == 200
    assert steward_page.post(lift, {"reason": "nobody is left"}).url == reverse("dashboard")
    separation.refresh_from_db()
    assert separation.lifted_at is not None


def test_a_provisional_golden_record_is_verified(people, steward_page):
    address = reverse("verify", args=[people.marjorie.euid])
    form = {"version": people.marjorie.version, "reason_code": "documents-seen", "reason": ""}
    assert steward_page.post(address, form).status_code == 302
    people.marjorie.refresh_from_db()
    assert people.marjorie.status == "confirmed"


def test_a_golden_record_is_retired_and_brought_back_from_its_history(people, steward_page):
    address = reverse("retire", args=[people.marjorie.euid])
    assert "Take this golden record out of service?" in steward_page.get(address).content.decode()
    form = {"version": people.marjorie.version, "reason_code": "data-entry-error", "reason": "A test patient"}
    assert steward_page.post(address, form).status_code == 302
    people.marjorie.refresh_from_db()
    assert (people.marjorie.status, people.marjorie.member_count) == ("retired", 0)
    event = IdentityEvent.objects.get(kind="retire")
    history = steward_page.get(reverse("golden-history", args=[people.marjorie.euid])).content.decode()
    assert reverse("undo", args=[event.uuid]) in history
    assert steward_page.post(reverse("undo", args=[event.uuid]), {"reason": "No test patient"}).status_code == 302
    people.marjorie.refresh_from_db()
    assert (people.marjorie.status, people.marjorie.member_count) == ("provisional", 1)


def test_a_source_record_is_unlinked(people, steward_page):
    address = reverse("unlink", args=[people.record.pk])
    assert steward_page.post(address, {"reason_code": "family-member"}).status_code == 302
    link = Link.objects.get(source_record=people.record, ended_at__isnull=True)
    assert link.golden_record_id != people.margaret.pk


def test_a_source_record_is_linked_by_hand(people, steward_page):
    choose = reverse("choose-link", args=[people.record.pk])
    assert "HOLLOWAY, Marjorie" in steward_page.get(choose).content.decode()  # an open question
    address = steward_page.get(choose, {"other": people.marjorie.euid}).url
    assert address == reverse("link", args=[people.record.pk, people.marjorie.euid])
    assert steward_page.get(choose, {"other": "nobody"}).status_code == 422
    text = steward_page.get(address).content.decode()
    for words in ("Link this source record by hand?", "HOLLOWAY, Marjorie", "kept apart from those that it leaves"):
        assert words in text
    form = {"version": people.marjorie.version, "reason_code": "documents-seen", "reason": "Passport"}
    assert steward_page.post(address, {**form, "reason_code": ""}).status_code == 422
    assert steward_page.post(address, {**form, "version": 99}).status_code == 409
    assert not IdentityEvent.objects.filter(kind="link", actor_kind="user").exists()
    assert steward_page.post(address, form).url == reverse("source-record", args=[people.record.pk])
    link = Link.objects.get(source_record=people.record, ended_at__isnull=True)
    assert (link.golden_record, link.by_human) == (people.marjorie, True)
    assert "There is nothing to link" in steward_page.get(address).content.decode()


def test_a_link_by_hand_offers_its_undo_in_the_history_and_a_link_of_the_engine_does_not(people, steward, steward_page):
    def undoable() -> list[str]:
        html = steward_page.get(reverse("golden-history", args=[people.marjorie.euid])).content.decode()
        return [str(uuid) for uuid in events if reverse("undo", args=[uuid]) in html]

    events = list(IdentityEvent.objects.filter(kind="link").values_list("uuid", flat=True))
    assert undoable() == []
    euid, pk = people.marjorie.euid, people.record.pk
    link_record(record_id=pk, euid=euid, version=None, reason_code="documents-seen", reason="Passport", actor=steward)
    events = list(IdentityEvent.objects.filter(kind="link").values_list("uuid", flat=True))
    assert undoable() == [str(IdentityEvent.objects.latest("pk").uuid)]


def test_the_whole_ssn_is_shown_once_after_a_reason_and_written_down(people, steward_page):
    address = reverse("unmask", args=[people.record.pk])
    assert "412-55-8801" not in steward_page.get(address).content.decode()
    assert steward_page.post(address, {"reason": ""}).status_code == 422
    assert "412-55-8801" in steward_page.post(address, {"reason": "called the insurer"}).content.decode()
    assert AuditEvent.objects.get(action="ssn.unmasked").reason_text == "called the insurer"


def test_the_other_golden_record_is_chosen_by_euid(people, steward_page):
    address = reverse("choose-merge", args=[people.margaret.euid])
    chosen = steward_page.get(address, {"other": people.marjorie.euid})
    assert chosen.url == reverse("merge", args=[people.margaret.euid, people.marjorie.euid])
    assert steward_page.get(address, {"other": "7QK42M9X8B3X"}).status_code == 422


@pytest.mark.parametrize("name", ["undo", "unmerge"])
def test_an_unknown_event_is_not_found(people, steward_page, name):
    address = reverse(name, args=["00000000-0000-4000-8000-000000000000"])
    assert steward_page.get(address).status_code == 404
    assert steward_page.post(address, {"reason": "why not", "reason_code": "slip"}).status_code == 404
