"""In a real browser, by keyboard: two compared, recorded as twins, and that undone; the look-up of downtime."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from mpi.commands import Actor
from mpi.downtime.journal import read_journal
from mpi.models import GoldenRecord, Relationship
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record
from mpi.web.downtime.desk import journal_path
from tests.web.conftest import told
from tests.web.sealing import HOLLOWAY, PASSWORD, seal, served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SignIn = Callable[[str, str], Page]
_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()


@pytest.fixture
def two(transactional_db: None, system: Actor) -> tuple[GoldenRecord, GoldenRecord]:
    """Two alike, of one source: twins."""
    register_system(code="GENHOSP", actor=system)
    upsert_record(record=told("GENHOSP", "GH-1"), source_time=None, actor=system)
    upsert_record(record=told("GENHOSP", "GH-2", given="Marjorie", middle=""), source_time=None, actor=system)
    one, other = GoldenRecord.objects.order_by("pk")
    return one, other


def test_two_are_compared_and_recorded_as_twins_by_keyboard_alone(
    sign_in: SignIn, live_server: object, two: tuple[GoldenRecord, GoldenRecord]
) -> None:
    page = sign_in("stefan", "steward")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="Compare any two")).to_be_visible()
    for place, golden in zip(("left", "right"), two, strict=True):
        page.locator(f"#id_{place}-reference").focus()
        page.keyboard.type(golden.euid)
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(page.get_by_role("status").filter(has_text="A steward would be asked")).to_be_visible()
    assert two[0].euid not in page.url

    page.goto(f"{live_server}/golden-records/{two[0].euid}/relate/")
    page.locator("#id_other").focus()
    page.keyboard.type(two[1].euid)
    page.keyboard.press("Tab")
    page.keyboard.type("twin")
    page.keyboard.press("Tab")
    page.keyboard.type("Birth register")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("kept apart as two people")
    page.get_by_role("button", name="Record it").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Recorded: twin or other multiple birth")
    expect(page.get_by_role("region", name="Relationships")).to_contain_text("MARJORIE", ignore_case=True)
    assert Relationship.objects.filter(ended_at=None).count() == 1

    page.keyboard.press("u")
    page.locator("#id_reason").fill("The wrong row")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/history/")
    assert not Relationship.objects.filter(ended_at=None).exists()


def test_the_look_up_of_downtime_is_worked_by_keyboard_and_has_no_axe_violation(
    browser: Browser, tmp_path: Path, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS_OF_THE_PRODUCT  # the look-up is a process of its own
    snapshot = tmp_path / "snapshot.mpi"
    seal(snapshot)
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    with served(snapshot, tmp_path / "home") as server:
        page.goto(f"http://127.0.0.1:{server.port}/")
        _looked_at(page)
        page.get_by_label("User name").fill("carla")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Find a person")
        page.keyboard.press("/")
        page.keyboard.type("holloway, marg")
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name="Results")).to_contain_text("HOLLOWAY, Margaret")
        _looked_at(page)
        page.keyboard.press("j")
        page.keyboard.press("o")
        expect(page.get_by_role("heading", level=1)).to_contain_text("HOLLOWAY, Margaret")
        page.get_by_role("button", name="Give a temporary number").focus()
        page.keyboard.press("Enter")
        page.get_by_label("How you know who it is").fill("Her card")
        _looked_at(page)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("Write it on the wristband")
    context.close()
    entry = read_journal(journal_path(snapshot, 1))[1][-1]
    assert (entry.kind, entry.told["euid"], entry.told["number"]) == ("register", HOLLOWAY, "D0")


def _looked_at(page: Page) -> None:
    """No violation in either theme, and nothing wider than the window."""
    page.evaluate(_AXE)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = page.evaluate("async () => (await axe.run()).violations.map(one => [one.id, one.nodes[0].html])")
        assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
