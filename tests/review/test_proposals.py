"""The second person at the desk: propose from a task, the list, the page with its preview, and the decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing
from django.test import Client

from mpi.models import PotentialMatch, Proposal
from mpi.services.proposal_acts import ProposedMerge, Why
from mpi.services.proposal_propose import propose
from mpi.services.vip import mark_vip
from review.models import ReviewDecision
from tests.review.conftest import Tell, Token, plain

pytestmark = pytest.mark.django_db
LIST = "/review/proposals/"
NAMES = ("Abel", "Bruno", "Cyril", "Dario", "Emil", "Fritz", "Gustav", "Hugo", "Igor", "Jonas", "Karl", "Ludo")


def alone(number: int, place: int) -> dict[str, str]:
    """A birth date and an address that nobody else has."""
    born = f"19{place + number}-0{1 + number % 9}-1{number % 9}"
    return {"birth_date": born, "street": f"{place * 7 + number} {NAMES[-number - 1]} Row", "phone": "", "sex": "M"}


def ask(browser: Client, task: PotentialMatch, token: Token, **said: Any) -> Any:
    told = {"basis": token(task), "reason_code": "twins", "comment": "Look at the middle name", "proposed": "different"}
    return browser.post(f"/review/{task.uuid}/second/", told | said)


def test_a_steward_asks_another_one_who_approves(twins, token, stefan: Client, sonja: Client) -> None:
    answer = ask(stefan, twins, token)
    proposal = Proposal.objects.get()
    assert answer.status_code == 302
    assert f"done={proposal.uuid}" in answer["Location"]
    assert "another steward approves" in plain(stefan.get(answer["Location"]).content.decode())
    page = f"{LIST}{proposal.uuid}/"

    own = stefan.get(page).content.decode()
    assert "Withdraw it" in own
    assert "Approve" not in own
    html = sonja.get(page).content.decode()
    assert "Stefan Weber" in html
    assert "Look at the middle name" in html
    assert "different people" in html
    shown = html.split('name="shown" value="')[1].split('"')[0]
    assert sonja.post(f"{page}reject/", {"reason": " ", "shown": shown}).status_code == 422
    done = sonja.post(f"{page}approve/", {"reason": "Seen both charts", "shown": shown}, follow=True)
    assert "Approved and carried out" in plain(done.content.decode())
    twins.refresh_from_db()
    assert twins.status == "different"
    kept = ReviewDecision.objects.get()
    assert kept.user_id == "sonja"
    assert kept.comment == "proposed by Stefan Weber; Look at the middle name; Seen both charts"
    assert kept.seconds >= 0
    again = sonja.post(f"{page}approve/", {"reason": "", "shown": shown})
    assert again.status_code == 409
    assert "Sonja Lindqvist approved before you" in plain(again.content.decode())


def test_nobody_approves_what_he_proposed_and_the_proposer_withdraws(twins, token, stefan, sonja) -> None:
    ask(stefan, twins, token)
    page = f"{LIST}{Proposal.objects.get().uuid}/"
    shown = stefan.get(page).content.decode()
    assert "Approve and carry out" not in shown
    assert stefan.post(f"{page}approve/", {"shown": signing.dumps(1.0, salt="review.proposal")}).status_code == 403
    assert Proposal.objects.get().state == "open"
    assert sonja.post(f"{page}withdraw/").status_code == 403
    assert stefan.post(f"{page}withdraw/", follow=True).status_code == 200
    assert Proposal.objects.get().state == "withdrawn"


def test_an_answer_that_waits_is_taken_back_like_any_other(twins, token, stefan, sonja) -> None:
    ask(stefan, twins, token)
    proposal = Proposal.objects.get()
    other = {"basis": token(twins), "reason_code": "twins", "comment": "", "within": ""}
    refused = sonja.post(f"/review/{twins.uuid}/different/", other)
    assert refused.status_code == 409
    assert "waits for a second person" in plain(refused.content.decode())
    stefan.post(f"/review/answers/{proposal.uuid}/undo/")
    assert stefan.post(f"/review/{twins.uuid}/different/", other).status_code == 302


def test_the_preview_shows_the_merge_and_a_changed_record_closes_the_proposal(
    twins, token, tell: Tell, stefan, sonja, supervisor, steward
) -> None:
    mark_vip(euid=twins.golden_a.euid, reason="In the news", actor=supervisor)
    told = {"basis": token(twins), "reason_code": "patient-confirmed", "comment": "", "within": ""}
    refused = stefan.post(f"/review/{twins.uuid}/same/", told)
    assert refused.status_code == 409
    assert "A supervisor marked one of the persons as VIP" in plain(refused.content.decode())
    ask(stefan, twins, token, proposed="same", reason_code="patient-confirmed")
    page = f"{LIST}{Proposal.objects.get().uuid}/"
    words = plain(sonja.get(page).content.decode())
    assert "1 source record moves" in words
    assert "After the merge" in words
    shown = sonja.get(page).content.decode().split('name="shown" value="')[1].split('"')[0]
    tell("LAB", "L-20817744", given="Marjorie", street="18 Orchard Ln", phone="6035550199")
    assert "Changed since" in plain(sonja.get(LIST).content.decode())
    late = sonja.post(f"{page}approve/", {"reason": "", "shown": shown})
    assert late.status_code == 409
    assert "closed as out of date" in plain(late.content.decode())
    assert Proposal.objects.get().state == "stale"


def test_list_and_page_cost_the_same_for_three_and_for_twelve(
    tell: Tell, stefan: Client, sonja: Client, steward, django_assert_max_num_queries: Any
) -> None:
    def grow(first: int, last: int) -> None:
        for number in range(first, last):
            letters = NAMES[number]
            one = tell("GH", f"a{number}", family=f"{letters}son", given=letters, **alone(number, 10))
            other = tell("CN", f"b{number}", family=f"Mac{letters}", given=f"Jo{letters}", **alone(number, 60))
            sides = [record.links.get(ended_at__isnull=True).golden_record for record in (one, other)]
            act = ProposedMerge(sides[0].euid, sides[1].euid, {side.euid: side.version for side in sides})
            propose(act=act, why=Why("documents-seen", ""), actor=steward)

    grow(0, 3)
    sonja.get(LIST)
    with django_assert_max_num_queries(16) as few:
        assert sonja.get(LIST).content.decode().count("Merge two golden records") == 3
    grow(3, 12)
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert sonja.get(LIST).content.decode().count("Merge two golden records") == 12
    page = f"{LIST}{Proposal.objects.order_by('-pk')[0].uuid}/"
    with django_assert_max_num_queries(32):
        assert sonja.get(page).status_code == 200
