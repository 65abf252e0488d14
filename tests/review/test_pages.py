"""The pages: what a steward reads, presses and is told, without any script."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.actions import Action
from mpi.commands import Actor
from mpi.models import PotentialMatch
from review.models import ReviewDecision
from review.services.claim import claim
from tests.review.conftest import Tell, audited, plain, sign_in

pytestmark = pytest.mark.django_db


def page(browser: Client, task: PotentialMatch, query: str = "") -> str:
    response = browser.get(reverse("review-task", kwargs={"uuid": task.uuid}) + query)
    assert response.status_code == 200
    return response.content.decode()


def basis_on(html: str) -> str:
    found = re.search(r'name="basis" value="([^"]+)"', html)
    assert found, "the form carries what it was made from"
    return found.group(1)


def send(browser: Client, task: PotentialMatch, basis: str, outcome: str = "same", **said: Any) -> Any:
    name = "review-decide" if outcome in ("same", "different") else "review-defer"
    data = {"basis": basis, "reason_code": "patient-confirmed", "comment": "", "days": "1"} | said
    return browser.post(reverse(name, kwargs={"uuid": task.uuid, "outcome": outcome}), data)


def test_the_desk_is_for_those_who_may_review(twins: PotentialMatch, client: Client) -> None:
    response = client.get(reverse("review-queue"))
    assert response.status_code == 302
    assert "/sign-in/" in response["Location"]
    clerk = sign_in("carla", "clerk", "Carla Reyes")
    assert clerk.get(reverse("review-queue")).status_code == 403
    assert clerk.get(reverse("review-task", kwargs={"uuid": twins.uuid})).status_code == 403
    assert audited(Action.ACCESS_REFUSED, actor_id="carla") == 2


def test_the_task_page_takes_the_same_queries_for_few_records_and_for_many(
    twins: PotentialMatch, tell: Tell, stefan: Client, django_assert_num_queries: Any
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            page(stefan, twins)
        return len(found)

    tell("CN", "900", given="Peter", birth_date="1969-06-22", sex="M")
    page(stefan, twins)
    few = cost()
    for number in range(4):
        tell("CN", f"78{number}", middle="Ann", ssn="412-55-8801")
        tell(
            "CN", f"90{number + 1}", given=("Paul", "Quentin", "Rose", "Sarah")[number], birth_date=f"19{number}9-06-22"
        )
    assert cost() == few
    with django_assert_num_queries(few):
        page(stefan, twins)


def test_a_task_says_why_and_shows_both_sides_with_their_differences(twins: PotentialMatch, stefan: Client) -> None:
    html = page(stefan, twins)
    words = plain(html)
    assert "Why you are asked:" in words
    assert "different given names" in words
    assert "<mark>" in html
    assert "•••-••-8801" in words
    assert "412-55" not in html
    assert "41255" not in html
    assert re.search(r'role="img"\s+aria-label="Evidence in bits\.', html)
    assert "If they are one person" in words
    assert "General Hospital 1001" in words
    assert "not known on one side" in words
    assert audited(Action.POTENTIAL_MATCH_READ, actor_id="stefan") == 1


def test_every_answer_is_a_button_with_a_letter_and_works_without_script(twins: PotentialMatch, stefan: Client) -> None:
    html = page(stefan, twins)
    for letter, outcome in {
        "s": "same",
        "d": "different",
        "c": "cannot-tell",
        "f": "fix-at-source",
    }.items():
        assert f'<button formaction="/review/{twins.uuid}/{outcome}/" data-key="{letter}">' in html
    assert f'<button formaction="/review/{twins.uuid}/later/" formnovalidate data-key="l">' in html
    assert html.count('class="rv-reason" data-key="') == 9
    assert "checked" not in html.split("rv-reasons")[1].split("</fieldset>")[0], "no reason is pre-selected"


def test_an_answer_leads_on_with_a_quiet_line_and_undo(twins: PotentialMatch, stefan: Client) -> None:
    response = send(stefan, twins, basis_on(page(stefan, twins)))
    assert response.status_code == 302
    after = stefan.get(response["Location"]).content.decode()
    kept = ReviewDecision.objects.get()
    assert f"Task {twins.pk}</a> answered: <b>same person</b>" in " ".join(after.split())
    assert f'action="/review/answers/{kept.uuid}/undo/"' in after
    assert 'data-key="u"' in after
    undone = stefan.post(reverse("review-undo", kwargs={"answer": kept.uuid}), follow=True)
    assert undone.status_code == 200
    assert "Undone" in plain(undone.content.decode())
    assert "Claimed by you" in plain(undone.content.decode())
    twins.refresh_from_db()
    assert twins.status == "open"


def test_an_answer_leads_to_the_next_task_of_the_same_filter(
    twins: PotentialMatch, town: Callable[[int], None], stefan: Client
) -> None:
    town(3)
    response = send(stefan, twins, basis_on(page(stefan, twins, "?kind=duplicate")), within="kind=duplicate")
    duplicate = PotentialMatch.objects.get(kind="duplicate")
    assert response["Location"].startswith(f"/review/{duplicate.uuid}/?kind=duplicate&done=")
    assert "Claimed by you" in plain(stefan.get(response["Location"]).content.decode())


def test_the_second_press_is_told_who_decided_and_what(twins: PotentialMatch, stefan: Client, sonja: Client) -> None:
    mine, hers = basis_on(page(stefan, twins)), basis_on(page(sonja, twins))
    send(stefan, twins, mine)
    again = send(stefan, twins, mine)
    assert again.status_code == 409
    assert "You answered same person" in plain(again.content.decode())
    other = send(sonja, twins, hers, "different")
    assert other.status_code == 409
    assert "Stefan Weber answered same person" in plain(other.content.decode())
    assert ReviewDecision.objects.count() == 1


def test_stale_evidence_is_shown_again_with_what_changed(twins: PotentialMatch, stefan: Client, tell: Tell) -> None:
    seen = basis_on(page(stefan, twins))
    tell("GH", "1001", middle="Ann", phone="6035550199")
    response = send(stefan, twins, seen, comment="She told me herself")
    words = plain(response.content.decode())
    assert response.status_code == 409
    assert "It has changed since you looked" in words
    assert "General Hospital 1001 sent other data" in words
    assert "sent other data: Phone (603) 555-0141 → (603) 555-0199" in words
    assert "8801 (no longer told)" in words
    assert "Told(" not in words
    assert "She told me herself" in response.content.decode()
    assert "Changed since the task opened" in words
    assert not ReviewDecision.objects.exists()
    assert send(stefan, twins, basis_on(response.content.decode())).status_code == 302


def test_a_final_answer_without_a_reason_is_asked_for_one(twins: PotentialMatch, stefan: Client) -> None:
    response = send(stefan, twins, basis_on(page(stefan, twins)), reason_code="")
    assert response.status_code == 422
    assert "Choose why they are one person." in plain(response.content.decode())
    assert send(stefan, twins, basis_on(page(stefan, twins)), "cannot-tell", reason_code="").status_code == 302


def test_a_task_that_another_holds_can_be_seen_but_not_answered(
    twins: PotentialMatch, stefan: Client, second_steward: Actor
) -> None:
    seen = basis_on(page(stefan, twins))
    claim(task=twins.uuid, actor=second_steward)
    html = page(stefan, twins)
    assert "formaction" not in html
    assert "Held by Sonja" in plain(html)
    refused = send(stefan, twins, seen)
    assert refused.status_code == 409
    assert "Sonja holds this task" in plain(refused.content.decode())


def test_the_state_says_when_the_page_is_out_of_date(twins: PotentialMatch, stefan: Client, tell: Tell) -> None:
    html = page(stefan, twins)
    poll = re.search(r'hx-get="(/review/[^"]+/state/\?seen=[0-9a-f]{64})"', html)
    assert poll
    assert "Something changed" not in plain(stefan.get(poll.group(1)).content.decode())
    tell("GH", "1001", middle="Ann", ssn="412-55-8801", phone="6035550199")
    state = stefan.get(poll.group(1)).content.decode()
    assert "Something changed" in plain(state)
    assert "HOLLOWAY" not in state.upper(), "the poll tells nothing of a person"


def test_next_claims_and_says_so_when_nothing_is_left(twins: PotentialMatch, stefan: Client, sonja: Client) -> None:
    taken = stefan.post(reverse("review-next"))
    assert taken["Location"] == f"/review/{twins.uuid}/"
    nothing = sonja.post(reverse("review-next"), follow=True)
    assert "Nothing is waiting that nobody holds" in plain(nothing.content.decode())


def test_notes_are_seen_by_colleagues(twins: PotentialMatch, stefan: Client, sonja: Client) -> None:
    address = reverse("review-note", kwargs={"uuid": twins.uuid})
    assert stefan.post(address, {"text": "Called the lab."}).status_code == 302
    assert "Stefan Weber : Called the lab." in plain(page(sonja, twins))
    assert stefan.post(address, {"text": ""}).status_code == 422


def test_an_answered_task_shows_both_sides_as_they_were(twins: PotentialMatch, stefan: Client) -> None:
    def sides(html: str) -> str:
        table = html.split('class="rv-sides"')[1].split("<tfoot>")[0]
        return plain(re.sub(r'(?s)<details class="more rv-unmask".*?</details>', "", table))

    before = page(stefan, twins)
    send(stefan, twins, basis_on(before))
    after = page(stefan, twins)
    assert sides(after) == sides(before)
    assert "formaction" not in after


def test_a_task_has_a_permanent_address(twins: PotentialMatch, stefan: Client) -> None:
    send(stefan, twins, basis_on(page(stefan, twins)), "different", reason_code="twins")
    words = plain(page(stefan, twins))
    assert "Answered: different people" in words
    assert "You answered “different people”" in words
    assert stefan.get("/review/6f1d8a52-7f0c-4a6c-9d54-3f6c0c2f9a11/").status_code == 404


@pytest.mark.parametrize("basis", ["", "x", "a:b:c"])
def test_a_form_without_its_basis_changes_nothing(twins: PotentialMatch, stefan: Client, basis: str) -> None:
    assert send(stefan, twins, basis).status_code == 422
    assert not ReviewDecision.objects.exists()
