"""Pages of the survivorship rules: read, drafted, compared, approved, activated without script."""

from __future__ import annotations

import pytest
from django.urls import reverse

from matching.survivorship import DEFAULT_RULES
from mpi.models import SourceSystem, SurvivorshipPreview, SurvivorshipVersion
from mpi.services.active_rules import active_rules
from mpi.services.rules_preview import follow_preview
from mpi.services.rules_run import follow_rules

pytestmark = pytest.mark.django_db


def form(**changed: str) -> dict[str, str]:
    told = {field: ", ".join(criteria) for field, criteria in DEFAULT_RULES.fields}
    return {**told, "version": "by-rank", "justification": "As agreed", **changed}


def ranks() -> dict[str, str]:
    return {f"ranks.{code}": str(rank) for code, rank in SourceSystem.objects.values_list("code", "rank")}


def test_rules_are_drafted_compared_approved_by_another_person_and_activated_by_forms(people, sign_in) -> None:
    browser = sign_in("supervisor")
    page = browser.get(reverse("survivorship-draft")).content.decode()
    assert 'value="verified, recency, source_rank, agreement, completeness"' in page
    made = browser.post(reverse("survivorship-draft"), {**form(phone="source_rank"), **ranks()})
    address = reverse("survivorship-version", args=["by-rank"])
    assert made.headers["Location"] == address
    assert SurvivorshipVersion.objects.get(name="by-rank").document.get("ranks") is None
    text = browser.get(address).content.decode()
    assert text.count("≠") == 2  # the legend and the phone
    assert "Not compared yet" in text
    assert "another person" in text
    approve = reverse("survivorship-approve", args=["by-rank"])
    other = sign_in("administrator")
    assert "A comparison with the index is needed first" in other.get(approve).content.decode()
    assert browser.post(reverse("survivorship-preview", args=["by-rank"])).headers["Location"] == address
    assert "Comparing" in browser.get(address).content.decode()
    follow_preview(SurvivorshipPreview.objects.get().pk)
    text = browser.get(address).content.decode()
    assert "1 golden record would change" in text
    assert text.count('class="side-b"') == 1
    assert "You drafted this version" in browser.get(approve).content.decode()
    assert browser.post(approve, {"reason": "my own"}).status_code == 403
    assert 'class="side-b"' not in other.get(address).content.decode()  # an administrator sees no person
    assert other.post(approve, {"reason": "looked at it"}).headers["Location"] == address
    activate = reverse("survivorship-activate", args=["by-rank"])
    ask = browser.get(activate).content.decode()
    assert "the newest record" in ask
    assert "the most trusted source" in ask
    assert "1 golden record would change" in ask
    browser.post(activate, {"reason": "agreed", "seen_active": "default-1"})
    assert active_rules().version == "by-rank"
    follow_rules()
    assert "2 golden records made anew, 1 with another value" in browser.get(reverse("survivorship")).content.decode()


def test_a_rank_is_drafted_by_the_form_and_shown_beside_the_one_of_now(people, sign_in) -> None:
    browser = sign_in("supervisor")
    code, rank = SourceSystem.objects.values_list("code", "rank")[0]
    told = {**form(), **ranks()}
    wrong = browser.post(reverse("survivorship-draft"), {**told, f"ranks.{code}": "0"})
    assert (wrong.status_code, f'id="id_ranks.{code}_error"' in wrong.content.decode()) == (422, True)
    browser.post(reverse("survivorship-draft"), {**told, f"ranks.{code}": str(rank + 70)})
    assert SurvivorshipVersion.objects.get(name="by-rank").document["ranks"] == {code: rank + 70}
    text = browser.get(reverse("survivorship-version", args=["by-rank"])).content.decode()
    assert f"<b>≠</b> {rank + 70}" in text
    ask = browser.get(reverse("survivorship-reject", args=["by-rank"])).content.decode()
    assert f">{rank + 70}<" in ask


def test_the_card_of_a_comparison_refreshes_alone_and_ends_refreshing(people, sign_in) -> None:
    browser = sign_in("supervisor")
    browser.post(reverse("survivorship-draft"), {**form(phone="source_rank"), **ranks()})
    address = reverse("survivorship-preview", args=["by-rank"])
    browser.post(address)
    part = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert ("hx-get" in part, "<html" in part) == (True, False)
    follow_preview(SurvivorshipPreview.objects.get().pk)
    assert "hx-get" not in browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert browser.get(address).status_code == 302


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"phone": "luck"}, "names an unknown criterion"), ({"version": "default-1"}, "is taken"), ({"sex": ""}, "")],
)
def test_a_draft_that_cannot_be_names_the_field(people, sign_in, changed: dict[str, str], words: str) -> None:
    answer = sign_in("supervisor").post(reverse("survivorship-draft"), {**ranks(), **form(**changed)})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert f'id="id_{next(iter(changed))}_error"' in answer.content.decode()
    assert SurvivorshipVersion.objects.count() == 1


def test_who_may_read_rules_may_not_change_them(people, sign_in) -> None:
    browser = sign_in("steward")
    assert browser.get(reverse("survivorship")).status_code == 200
    assert browser.get(reverse("survivorship-draft")).status_code == 403
    for act in ("approve", "reject", "activate"):
        assert browser.get(reverse(f"survivorship-{act}", args=["default-1"])).status_code == 403
    assert browser.post(reverse("survivorship-preview", args=["default-1"])).status_code == 403
    assert sign_in("clerk").get(reverse("survivorship")).status_code == 403
