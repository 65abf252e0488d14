"""A person in a real browser: the slider with and without script, a merge and its undo, a message, who looked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.models import AuditEvent
from matching.records import SSN_AUTHORITY, Address, Identifier, Name, PatientRecord, Telecom
from mpi.commands import Actor
from mpi.models import GoldenRecord
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record
from mpi.services.users import put_user

from .conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[str, str], Page]


def _told(mrn: str, given: str, *, street: str = "18 Orchard Lane", ssn: str = "412558801") -> PatientRecord:
    return PatientRecord(
        source_system="GH",
        mrn=mrn,
        names=(Name("Holloway", given),),
        birth_date="1971-03-09",
        sex="F",
        addresses=(Address(street, "Concord", "NH", "03301"),),
        telecoms=(Telecom("phone", "6035550141"),),
        identifiers=(Identifier(SSN_AUTHORITY, ssn, "SS"),) if ssn else (),
    )


@pytest.fixture
def margaret(system: Actor) -> GoldenRecord:
    """A person who has moved, and a sister at the same address who may be taken for her."""
    register_system(code="GH", name="General Hospital", rank=1, actor=system)
    upsert_record(record=_told("1", "Margaret"), source_time=None, actor=system)
    upsert_record(record=_told("1", "Margaret", street="9 Linden Way"), source_time=None, actor=system)
    upsert_record(record=_told("2", "Marjorie", ssn=""), source_time=None, actor=system)
    return GoldenRecord.objects.get(given_name="MARGARET")


def test_a_person_is_looked_at_through_time_merged_undone_and_who_looked_is_told(
    sign_in: SignIn, live_server: object, margaret: GoldenRecord
) -> None:
    page = sign_in("stefan", "steward")
    _move_the_slider(page, f"{live_server}/golden-records/{margaret.euid}/as-of/")
    _merge_and_undo(page, GoldenRecord.objects.get(given_name="MARJORIE").euid)
    _read_the_message(page, f"{live_server}/golden-records/{margaret.euid}/source-records/")
    assert AuditEvent.objects.filter(action="message.revealed", actor_id="stefan").count() == 1

    officer = sign_in("aisha", "compliance officer")
    officer.goto(f"{live_server}/golden-records/{margaret.euid}/")
    officer.get_by_role("link", name="Who looked").click()
    expect(officer.get_by_role("region", name="Each look")).to_contain_text("The hospital disputes the street")


def _move_the_slider(page: Page, address: str) -> None:
    """By keyboard: each moment is shown, and the slider keeps the focus."""
    page.goto(address)
    slider = page.get_by_role("slider", name="Moment")
    slider.focus()
    page.keyboard.press("Home")
    values = page.get_by_role("region", name="Values then")
    expect(page.get_by_text("Moment 1 of")).to_be_visible()
    expect(values).to_contain_text("18 Orchard Lane")
    assert "step=1" in page.url
    expect(slider).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_text("Moment 1 of")).to_be_hidden()
    expect(values).not_to_contain_text("18 Orchard Lane")
    expect(slider).to_be_focused()


def _merge_and_undo(page: Page, other: str) -> None:
    page.get_by_role("link", name="Household").click()
    expect(page.get_by_role("region", name="Household").get_by_text("HOLLOWAY, Marjorie").first).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Merge with…").click()
    page.get_by_label("EUID of the other golden record").fill(other)
    page.keyboard.press("Enter")
    page.get_by_label("Reason").select_option("documents-seen")
    page.get_by_role("button", name="Merge").focus()
    page.keyboard.press("Enter")
    page.get_by_role("navigation", name="Parts of the golden record").get_by_role("link", name="Merges").click()
    merges = page.get_by_role("region", name="Merges")
    expect(merges).to_contain_text("Identity documents seen")
    merges.get_by_role("link", name="Undo, it was a slip").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="What comes back")).to_contain_text("gets 1 source record back")
    page.get_by_label("Why").fill("The wrong row")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Merges alone").click()
    expect(page.get_by_role("region", name="Merges")).to_contain_text("Undone, a slip")
    assert not GoldenRecord.objects.filter(status="merged").exists()
    page.get_by_role("link", name="as it was right after").click()
    expect(page.get_by_role("region", name="Source records then")).to_contain_text("has left since")
    page.keyboard.press("[")
    expect(page.get_by_role("region", name="Source records then")).not_to_contain_text("has left since")


def _read_the_message(page: Page, address: str) -> None:
    page.goto(address)
    page.keyboard.press("j")
    page.keyboard.press("o")
    versions = page.get_by_role("region", name="Versions")
    expect(versions.locator("mark").first).to_be_visible()
    versions.get_by_role("link", name="The message as it came").first.click()
    page.get_by_label("Why").fill("The hospital disputes the street")
    page.get_by_role("button", name="Show it").click()
    message = page.get_by_role("region", name="Message")
    expect(message).to_contain_text("9 Linden Way")
    expect(message).to_contain_text("•••-••-8801")


def test_without_script_the_slider_and_the_comparison_are_plain_forms(
    browser: Browser, live_server: object, margaret: GoldenRecord, system: Actor
) -> None:
    put_user(username="stefan", display_name="Stefan", roles=["clerk"], password=PASSWORD, actor=system)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server}/golden-records/{margaret.euid}/as-of/")
    page.get_by_label("User name").fill("stefan")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("slider", name="Moment").focus()
    page.keyboard.press("Home")
    page.get_by_role("button", name="Show this moment").click()
    expect(page.get_by_text("Moment 1 of")).to_be_visible()
    page.get_by_role("link", name="Later").click()
    expect(page.get_by_text("Moment 2 of")).to_be_visible()
    record = GoldenRecord.objects.get(pk=margaret.pk).links.get(ended_at=None).source_record_id
    page.goto(f"{live_server}/source-records/{record}/versions/")
    page.get_by_label("Version", exact=True).select_option("1")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("region", name="Side by side").locator("mark").first).to_be_visible()
    context.close()
