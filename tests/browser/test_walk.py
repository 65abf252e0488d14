"""The way of a steward and of a compliance officer through the pages, in a real browser."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from matching.records import Address, Name, PatientRecord, Telecom
from mpi.commands import Actor
from mpi.models import GoldenRecord, PotentialMatch, Separation
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[str, str], Page]


def _twin(system: str, mrn: str, given: str) -> PatientRecord:
    return PatientRecord(
        source_system=system,
        mrn=mrn,
        names=(Name("Holloway", given),),
        birth_date="1971-03-09",
        sex="F",
        addresses=(Address("18 Orchard Lane", "Concord", "NH", "03301"),),
        telecoms=(Telecom("phone", "6035550141"),),
    )


@pytest.fixture
def question(system: Actor) -> PotentialMatch:
    """Two records that look like twins: held for review."""
    for rank, code in enumerate(("GH", "LAB"), start=1):
        register_system(code=code, rank=rank, actor=system)
    upsert_record(record=_twin("GH", "1", "Margaret"), source_time=None, actor=system)
    upsert_record(record=_twin("LAB", "2", "Marjorie"), source_time=None, actor=system)
    return PotentialMatch.objects.get()


def test_sign_in_queue_decide_undo_history_and_audit_export(
    sign_in: SignIn, live_server: object, question: PotentialMatch, tmp_path: Path
) -> None:
    page = sign_in("stefan", "steward")
    page.get_by_role("navigation").get_by_role("link", name="Review").click()
    page.get_by_role("button", name="Take the next task").click()
    expect(page.get_by_role("heading", name="Same person?")).to_be_visible()

    page.keyboard.press("5")  # reason: twins
    page.keyboard.press("d")  # different people
    expect(page.locator("#rv-done")).to_contain_text("different people")
    assert Separation.objects.filter(lifted_at__isnull=True).count() == 1

    page.keyboard.press("u")  # undo
    expect(page.get_by_role("button", name="Same person")).to_be_visible()
    assert not Separation.objects.filter(lifted_at__isnull=True).exists()
    question.refresh_from_db()
    assert question.status == "open"

    page.goto(f"{live_server}/review/{question.uuid}/")
    page.keyboard.press("1")
    page.keyboard.press("s")  # same person
    expect(page.locator("#rv-done")).to_contain_text("same person")
    survivor = GoldenRecord.objects.get(status="confirmed")
    assert survivor.member_count == 2

    page.goto(f"{live_server}/golden-records/{survivor.euid}/history/")
    expect(page.get_by_text("Holloway", exact=False).first).to_be_visible()
    for act in ("different people", "Act undone", "same person"):
        expect(page.locator("main")).to_contain_text(act, ignore_case=True)

    auditor = sign_in("aisha", "compliance officer")
    auditor.get_by_role("navigation").get_by_role("link", name="Audit").click()
    with auditor.expect_download() as download:
        auditor.get_by_role("link", name="CSV", exact=True).click()
    file = tmp_path / "audit.csv"
    download.value.save_as(file)
    actions = {row["action"] for row in csv.DictReader(file.open())}
    assert {"sign_in.succeeded", "potential_match.resolved", "identity.undone", "golden.merged"} <= actions


def test_every_page_of_a_steward_fits_a_phone(sign_in: SignIn, live_server: object, question: PotentialMatch) -> None:
    page = sign_in("stefan", "steward")
    page.set_viewport_size({"width": 390, "height": 844})
    euid = question.golden_a.euid
    for path in ("/", "/search/", "/review/", f"/review/{question.uuid}/", f"/golden-records/{euid}/", "/jobs/"):
        page.goto(f"{live_server}{path}")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{path} is {width} px wide"
