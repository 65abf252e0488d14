"""A supervisor at the desk and a newcomer on the tour, by keyboard alone, in a real browser."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from mpi.commands import Actor
from mpi.models import PotentialMatch
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record
from review.models import BlindAnswer
from tests.review.conftest import patient

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[str, str], Page]


@pytest.fixture
def read_twice(system: Actor) -> PotentialMatch:
    """A question that two stewards answered differently."""
    for rank, code in enumerate(("GH", "LAB"), start=1):
        register_system(code=code, rank=rank, actor=system)
    upsert_record(record=patient("GH", "1"), source_time=None, actor=system)
    upsert_record(record=patient("LAB", "2", given="Marjorie"), source_time=None, actor=system)
    task = PotentialMatch.objects.get()
    for number, (name, outcome) in enumerate((("Stefan", "same"), ("Sonja", "different")), 1):
        BlindAnswer.objects.create(
            potential_match=task, task_version=1, round=number, user_id=name, user_name=name, outcome=outcome,
            decided_at=timezone.now(), seconds=20, basis_hash="x",
        )  # fmt: skip
    return task


def test_the_tour_and_the_desk_by_keyboard(sign_in: SignIn, read_twice: PotentialMatch, tmp_path: Path) -> None:
    page = sign_in("susan", "supervisor")
    page.get_by_role("button", name="Take the tour").focus()
    page.keyboard.press("Enter")
    for number in range(1, 20):
        expect(page.get_by_role("complementary", name="Tour")).to_contain_text(f"step {number} of ")
        button = page.get_by_role("button", name=re.compile("^(Next|Finish)$"))
        is_last = button.inner_text() == "Finish"
        button.focus()
        page.keyboard.press("Enter")
        if is_last:
            break
    page.wait_for_url("**/help/")
    expect(page.get_by_role("complementary", name="Tour")).to_have_count(0)

    page.keyboard.press("g")
    page.keyboard.press("k")
    page.wait_for_url("**/review/supervisor/")
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Open by type and age"))).to_be_visible()
    table = page.locator("#open details summary")
    table.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#open table")).to_contain_text("Overlap across sources")
    expect(page.locator("#disagreements table")).to_contain_text("different people")

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of Agreement between reviewers").focus()
        page.keyboard.press("Enter")
    file = tmp_path / "agreement.csv"
    download.value.save_as(file)
    assert {row["reviewer"] for row in csv.DictReader(file.open())} == {"All together", "Stefan", "Sonja"}

    page.get_by_role("link", name="7 days").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("the last 7 days")).to_be_visible()
    page.get_by_role("link", name="Open the task").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{read_twice.uuid}/")
