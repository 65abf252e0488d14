"""Linkage models at the pages: who sees and does what, refusals with the mend, a stale screen, documents."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import AuditEvent
from matching.model_document import load_default
from mpi.access import ROLES
from mpi.commands import Actor
from mpi.models import LinkageModelVersion, ModelActivation
from mpi.services.active_model import active_model
from mpi.services.model_activate import activate_model
from tests.services.models import approved, changed, drafted, text_of, wary

pytestmark = pytest.mark.django_db
SHIPPED = load_default().version
REASON = {"reason": "As agreed in the meeting", "seen_active": SHIPPED}


@pytest.fixture
def adam() -> Actor:
    return Actor(kind="user", id="adam", name="Adam", permissions=ROLES["administrator"], source="web")


@pytest.fixture
def draft(supervisor) -> str:
    return drafted(changed("newer"), supervisor)


def _text(browser, name: str, *arguments: str, **query: str) -> str:
    response = browser.get(reverse(name, args=arguments), query)
    assert response.status_code == 200, response.content.decode()[:500]
    return response.content.decode()


def test_the_matching_page_lists_the_versions_and_shows_the_active_weights(draft, sign_in) -> None:
    text = _text(sign_in("steward"), "matching")
    for words in (SHIPPED, "newer", "Draft", "waits for a second person", "same birth date", "Which was active when"):
        assert words in text
    assert reverse("model-import") not in text, "a steward may look, no more"


def test_a_version_shows_weights_people_training_and_what_may_be_done(draft, sign_in) -> None:
    text = _text(sign_in("administrator"), "model", draft)
    for words in ("Nobody uses this version", "Susan", "Content hash", "Training", "Evaluation", "For a test."):
        assert words in text
    assert reverse("model-approve", args=[draft]) in text
    assert reverse("model-activate", args=[draft]) not in text, "a draft is not activated"


@pytest.mark.parametrize("role", ["steward", "compliance officer"])
def test_who_may_only_look_is_offered_and_allowed_no_act(draft, sign_in, role) -> None:
    browser = sign_in(role)
    text = _text(browser, "model", draft)
    for name in ("model-approve", "model-reject"):
        assert reverse(name, args=[draft]) not in text
        assert browser.get(reverse(name, args=[draft])).status_code == 403
        assert browser.post(reverse(name, args=[draft]), REASON).status_code == 403
    assert browser.get(reverse("model-import")).status_code == 403
    assert LinkageModelVersion.objects.get(name=draft).status == "draft"


def test_a_clerk_sees_none_of_it(draft, sign_in) -> None:
    browser = sign_in("clerk")
    for name, *arguments in (("matching",), ("model", draft), ("model-compare", draft), ("model-document", draft)):
        assert browser.get(reverse(name, args=arguments)).status_code == 403


def test_a_draft_is_approved_activated_and_rolled_back_at_the_pages(draft, sign_in) -> None:
    browser = sign_in("administrator")
    answer = browser.post(reverse("model-approve", args=[draft]), REASON, follow=True)
    assert "The linkage model newer is approved." in answer.content.decode()
    assert "takes the place of" in _text(browser, "model-activate", draft)
    answer = browser.post(reverse("model-activate", args=[draft]), REASON, follow=True)
    assert "active now: newer" in answer.content.decode()
    assert active_model().model.version == "newer"
    answer = browser.post(
        reverse("model-rollback", args=[SHIPPED]), {"reason": "Too many questions", "seen_active": "newer"}, follow=True
    )
    assert active_model().model.version == SHIPPED
    assert "Rolled back to" in _text(browser, "matching")
    acts = AuditEvent.objects.filter(actor_id="administrator", action__startswith="model.").order_by("pk")
    assert [event.action for event in acts] == ["model.approved", "model.activated", "model.rolled_back"]
    assert all(event.reason_text for event in acts)


def test_the_author_is_told_that_another_person_has_to_approve(sign_in) -> None:
    author = Actor(kind="user", id="supervisor", name="Supervisor", permissions=ROLES["supervisor"], source="web")
    name = drafted(changed("own"), author)
    browser = sign_in("supervisor")
    assert "You drafted this version" in _text(browser, "model-approve", name)
    response = browser.post(reverse("model-approve", args=[name]), REASON)
    assert response.status_code == 403
    assert "another person" in response.content.decode()
    assert LinkageModelVersion.objects.get(name=name).status == "draft"


def test_an_act_without_a_reason_changes_nothing(draft, sign_in) -> None:
    response = sign_in("administrator").post(reverse("model-approve", args=[draft]), {"reason": " "})
    assert response.status_code == 422
    assert LinkageModelVersion.objects.get(name=draft).status == "draft"


def test_a_stale_screen_is_refused(supervisor, adam, sign_in) -> None:
    one, other = (approved(changed(name), supervisor, adam) for name in ("one", "other"))
    activate_model(name=one, reason="As agreed", actor=adam)
    response = sign_in("administrator").post(reverse("model-activate", args=[other]), REASON)
    assert response.status_code == 409
    assert active_model().model.version == "one"


def test_an_activation_that_needs_a_preview_says_so_and_has_no_button(people, supervisor, adam, sign_in) -> None:
    name = approved(wary("wary"), supervisor, adam)
    browser = sign_in("administrator")
    text = _text(browser, "model-activate", name)
    assert "A rematch preview is needed first." in text
    assert "manage.py rematch --model wary --dry-run" in text
    assert "<button>Activate</button>" not in text
    response = browser.post(reverse("model-activate", args=[name]), REASON)
    assert response.status_code == 422
    assert "rematch --model wary --dry-run" in response.content.decode()
    assert ModelActivation.objects.count() == 1


def test_the_comparison_shows_differences_and_nobody(people, supervisor, adam, sign_in) -> None:
    name = approved(wary("wary"), supervisor, adam)
    browser = sign_in("administrator")
    text = _text(browser, "model-compare", name)
    assert "same birth date" in text
    assert "Prior: probability" in text
    assert "Count what would change" in text
    assert "Links that would change" not in text
    text = _text(browser, "model-compare", name, count="yes")
    for words in ("same birth date", "Prior: probability", "certain →", "Links that would change"):
        assert words in text
    for value in ("Holloway", "HOLLOWAY", "1971", "412558801", people.margaret.euid):
        assert value not in text
    same = _text(sign_in("compliance officer"), "model-compare", SHIPPED, other=SHIPPED)
    assert "scored and judged the same" in same


def test_an_unknown_version_is_not_found(sign_in) -> None:
    browser = sign_in("administrator")
    for name in ("model", "model-compare", "model-document", "model-approve", "model-activate"):
        assert browser.get(reverse(name, args=["nothing"])).status_code == 404


def test_a_document_comes_as_a_file_and_goes_back_in(supervisor, sign_in) -> None:
    browser = sign_in("administrator")
    response = browser.get(reverse("model-document", args=[SHIPPED]))
    assert response.headers["Content-Disposition"] == f'attachment; filename="{SHIPPED}.json"'
    document = json.loads(response.content)
    assert document["content_hash"] == load_default().content_hash
    answer = _upload(browser, text_of(changed("brought")))
    assert answer.url == reverse("model", args=["brought"])
    assert LinkageModelVersion.objects.get(name="brought").author_id == "administrator"


def _upload(browser, text: str | bytes):
    file = SimpleUploadedFile("m.json", text.encode() if isinstance(text, str) else text, "application/json")
    return browser.post(reverse("model-import"), {"document": file})


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ('{"format": 1,\n}', 422, "line 2, column 1"),
        (b"\xff\xfe", 422, "no text in UTF-8"),
        (b"", 422, "empty"),
        (json.dumps({**json.loads(text_of(load_default())), "version": "x"}), 422, "changed after it was written"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(sign_in, text, status, words) -> None:
    response = _upload(sign_in("administrator"), text)
    assert response.status_code == status
    assert words in response.content.decode()
    assert LinkageModelVersion.objects.count() == 1


def test_an_index_that_has_doubled_is_told_on_both_pages(people, sign_in, monkeypatch) -> None:
    monkeypatch.setattr("mpi.queries.linkage._prior_records", lambda *_: 1)
    browser = sign_in("steward")
    for name in ("matching", "dashboard"):
        text = _text(browser, name)
        assert "3.0 times" in text
        assert "manage.py trainmodel" in text
