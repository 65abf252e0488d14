"""The queue in a real browser: by keyboard, live, and shared out by a supervisor."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Page, expect

from matching.records import Address, Name, PatientRecord, Telecom
from mpi.commands import Actor
from mpi.models import PotentialMatch
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record
from review.models import Assignment

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
SignIn = Callable[[str, str], Page]


def _sister(system: str, number: int, family: str, given: str) -> PatientRecord:
    return PatientRecord(
        source_system=system,
        mrn=f"{number}-{given}",
        names=(Name(family, given),),
        birth_date=f"197{number}-03-09",
        sex="F",
        addresses=(Address(f"{number + 1} {family} Lane", "Concord", "NH", f"0330{number}"),),
        telecoms=(Telecom("phone", f"603555014{number}"),),
    )


@pytest.fixture
def questions(system: Actor) -> list[PotentialMatch]:
    """Three pairs that look like twins, the riskiest first."""
    for rank, code in enumerate(("GH", "LAB"), start=1):
        register_system(code=code, rank=rank, actor=system)
    for number, family in enumerate(("Holloway", "Okafor", "Delacroix")):
        upsert_record(record=_sister("GH", number, family, "Margaret"), source_time=None, actor=system)
        upsert_record(record=_sister("LAB", number, family, "Marjorie"), source_time=None, actor=system)
    return list(PotentialMatch.objects.order_by("-risk", "pk"))


def test_a_supervisor_shares_out_and_undoes_and_sees_at_once_what_a_steward_claims(
    sign_in: SignIn, live_server: object, questions: list[PotentialMatch]
) -> None:
    steward = sign_in("stefan", "steward")
    boss = sign_in("sven", "supervisor")
    boss.keyboard.press("g")
    boss.keyboard.press("r")
    expect(boss.get_by_role("heading", name="Review", exact=True)).to_be_visible()

    boss.get_by_label("Stefan").check()
    boss.get_by_role("button", name="Show who would get what").press("Enter")
    expect(boss.get_by_role("row", name="Stefan")).to_contain_text("3")
    assert not Assignment.objects.exists(), "shown, not done"
    boss.evaluate(AXE)
    assert boss.evaluate("axe.run().then(found => found.violations.map(one => one.id))") == []
    boss.get_by_role("button", name="Share them out like this").press("Enter")
    expect(boss.get_by_text("3 tasks assigned.")).to_be_visible()
    boss.keyboard.press("u")
    expect(boss.get_by_text("Undone for 3 tasks.")).to_be_visible()
    assert not Assignment.objects.filter(ended_at__isnull=True).exists()

    # The supervisor ticks a line and stays on it; meanwhile the steward claims another task by keyboard.
    ticked = boss.locator("input[name=task]").nth(1)
    ticked.check()
    steward.goto(f"{live_server}/review/")
    steward.keyboard.press("n")
    steward.wait_for_url(f"{live_server}/review/{questions[0].uuid}/**")
    first = boss.locator(f"#c-{questions[0].uuid}")
    expect(first).not_to_contain_text("Stefan")
    boss.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # back at this tab: no wait for the clock
    expect(first).to_contain_text("Stefan")
    expect(ticked).to_be_checked()
    expect(ticked).to_be_focused()
