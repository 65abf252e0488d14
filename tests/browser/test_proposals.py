"""Asking a second person, and being one, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from matching.records import Address, Name, PatientRecord, Telecom
from mpi.commands import Actor
from mpi.models import PotentialMatch, Proposal
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[str, str], Page]


@pytest.fixture
def task(system: Actor) -> PotentialMatch:
    """Two records that look like twins."""
    for rank, code in enumerate(("GH", "LAB"), start=1):
        register_system(code=code, rank=rank, actor=system)
    for code, given in (("GH", "Margaret"), ("LAB", "Marjorie")):
        record = PatientRecord(
            source_system=code,
            mrn=given,
            names=(Name("Holloway", given),),
            birth_date="1971-03-09",
            sex="F",
            addresses=(Address("18 Orchard Lane", "Concord", "NH", "03301"),),
            telecoms=(Telecom("phone", "6035550141"),),
        )
        upsert_record(record=record, source_time=None, actor=system)
    return PotentialMatch.objects.get()


def test_one_proposes_and_another_one_approves_by_keyboard(
    sign_in: SignIn, live_server: object, task: PotentialMatch
) -> None:
    asks = sign_in("stefan", "steward")
    asks.goto(f"{live_server}/review/{task.uuid}/")
    asks.keyboard.press("5")  # reason: twins
    asks.keyboard.press("p")  # what is proposed
    asks.keyboard.press("d")  # different people
    asks.locator("#rv-proposed").blur()
    asks.keyboard.press("a")  # ask a second person
    expect(asks.locator("body")).to_contain_text("another steward approves or rejects it")
    task.refresh_from_db()
    assert task.status == "open"
    proposal = Proposal.objects.get()
    assert proposal.act == "different-people"

    decides = sign_in("sonja", "steward")
    decides.keyboard.press("g")
    decides.keyboard.press("p")
    decides.wait_for_url(f"{live_server}/review/proposals/")
    decides.keyboard.press("j")
    decides.keyboard.press("o")
    decides.wait_for_url(f"{live_server}/review/proposals/{proposal.uuid}/")
    expect(decides.locator("body")).to_contain_text("A separation keeps them apart")
    decides.keyboard.press("a")
    expect(decides.locator("body")).to_contain_text("Approved and carried out")
    task.refresh_from_db()
    assert task.status == "different"

    asks.goto(f"{live_server}/review/proposals/{proposal.uuid}/")
    expect(asks.locator("body")).to_contain_text("Sonja: approved")
