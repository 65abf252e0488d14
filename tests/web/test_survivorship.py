"""Pages of the survivorship rules: read, drafted, activated without script."""

from __future__ import annotations

import pytest
from django.urls import reverse

from matching.survivorship import DEFAULT_RULES
from mpi.models import SurvivorshipVersion
from mpi.services.active_rules import active_rules
from mpi.services.rules_run import follow_rules

pytestmark = pytest.mark.django_db


def form(**changed: str) -> dict[str, str]:
    told = {field: ", ".join(criteria) for field, criteria in DEFAULT_RULES.fields}
    return {**told, "version": "by-rank", "justification": "As agreed", **changed}


def test_rules_are_drafted_and_activated_by_forms(people, sign_in) -> None:
    browser = sign_in("supervisor")
    page = browser.get(reverse("survivorship-draft")).content.decode()
    assert 'value="verified, recency, source_rank, agreement, completeness"' in page
    made = browser.post(reverse("survivorship-draft"), form(phone="source_rank"))
    assert made.headers["Location"] == reverse("survivorship-version", args=["by-rank"])
    text = browser.get(made.headers["Location"]).content.decode()
    assert text.count("≠") == 2  # the legend and the phone
    ask = browser.get(reverse("survivorship-activate", args=["by-rank"])).content.decode()
    assert "the newest record" in ask
    assert "the most trusted source" in ask
    browser.post(reverse("survivorship-activate", args=["by-rank"]), {"reason": "agreed", "seen_active": "default-1"})
    assert active_rules().version == "by-rank"
    follow_rules()
    assert "2 golden records made anew, 1 with another value" in browser.get(reverse("survivorship")).content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"phone": "luck"}, "names an unknown criterion"), ({"version": "default-1"}, "is taken"), ({"sex": ""}, "")],
)
def test_a_draft_that_cannot_be_names_the_field(people, sign_in, changed: dict[str, str], words: str) -> None:
    answer = sign_in("supervisor").post(reverse("survivorship-draft"), form(**changed))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert f'id="id_{next(iter(changed))}_error"' in answer.content.decode()
    assert SurvivorshipVersion.objects.count() == 1


def test_who_may_read_rules_may_not_change_them(people, sign_in) -> None:
    browser = sign_in("steward")
    assert browser.get(reverse("survivorship")).status_code == 200
    assert browser.get(reverse("survivorship-draft")).status_code == 403
    assert browser.get(reverse("survivorship-activate", args=["default-1"])).status_code == 403
    assert sign_in("clerk").get(reverse("survivorship")).status_code == 403
