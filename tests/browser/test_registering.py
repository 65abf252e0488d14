"""The registration desk in a browser: by keyboard, without script, twice at once; newborns and unknown patients."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from matching.records import Address, Name, PatientRecord, Telecom
from mpi.commands import Actor
from mpi.models import GoldenRecord, Registration
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record
from tests.browser.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_SEND_AGAIN = """(draft) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/register/visit/";
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  for (const [name, value] of Object.entries({draft, csrfmiddlewaretoken: token})) {
    const field = document.createElement("input");
    Object.assign(field, {type: "hidden", name, value});
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""
"""What a browser does that goes back to the form and sends it again."""
SignIn = Callable[[str, str], Page]


@pytest.fixture
def margaret(system: Actor) -> GoldenRecord:
    register_system(code="GH", name="General Hospital", rank=1, actor=system)
    record = PatientRecord(
        source_system="GH",
        mrn="4711",
        names=(Name("Holloway", "Margaret"),),
        birth_date="1971-03-09",
        sex="F",
        addresses=(Address("18 Orchard Lane", "Concord", "NH", "03301"),),
        telecoms=(Telecom("phone", "6035550141"),),
    )
    upsert_record(record=record, source_time=None, actor=system)
    return GoldenRecord.objects.get()


def _type(page: Page, family: str = "Holloway", given: str = "Margaret", born: str = "09-Mar-1971") -> None:
    for label, value in (("Family name", family), ("Given name", given), ("Birth date", born)):
        page.get_by_label(label, exact=True).fill(value)


def test_a_known_patient_is_registered_by_keyboard_once_and_nothing_typed_is_in_an_address_or_a_log(
    sign_in: SignIn, live_server: object, margaret: GoldenRecord, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = sign_in("carla", "clerk")
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.wait_for_url("**/register/")
    page.get_by_label("Family name", exact=True).focus()
    page.keyboard.type("Holloway")
    expect(page.locator("#likely")).to_contain_text("Others whose name begins like this")
    expect(page.get_by_label("Family name", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Margaret")
    page.get_by_label("Birth date", exact=True).focus()
    page.keyboard.type("09-Mar-1971")
    expect(page.locator("#likely .likely-chance")).to_contain_text("%")
    expect(page.locator("#live")).to_have_text("1 likely existing patient")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="Is this the patient in front of you?")).to_be_visible()
    draft = page.locator("[name=draft]").input_value()
    # pressed twice on a slow line, past the guard of the script
    page.evaluate("form = document.querySelector('form[action$=\"/visit/\"]'); form.submit(); form.submit()")
    expect(page.get_by_role("heading", name="Visit registered")).to_be_visible()
    with page.expect_navigation():
        page.evaluate(_SEND_AGAIN, draft)
    expect(page.get_by_role("heading", name="Visit registered")).to_be_visible()
    assert Registration.objects.count() == 1
    margaret.refresh_from_db()
    assert margaret.member_count == 2
    told = " ".join(addresses) + caplog.text
    assert not [word for word in ("olloway", "OLLOWAY", "argaret", "1971", "Mar-1971") if word in told]


def test_somebody_new_is_created_without_script_for_a_reason(
    browser: Browser, sign_in: SignIn, live_server: object, margaret: GoldenRecord
) -> None:
    sign_in("carla", "clerk")  # makes the user
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{live_server}/register/")
    page.get_by_label("User name").fill("carla")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/register/")
    _type(page)
    page.get_by_role("button", name="Look up").click()
    expect(page.locator("#likely")).to_contain_text("HOLLOWAY, Margaret")
    page.get_by_role("button", name="None of these").click()
    page.get_by_role("button", name="Create the patient").click()
    expect(page.get_by_role("heading", name="Create a new patient?")).to_be_visible()
    assert not Registration.objects.exists()
    page.get_by_label("Why is it none of them?").select_option("namesake")
    page.get_by_role("button", name="Create the patient").click()
    expect(page.get_by_role("heading", name="Patient registered")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("a steward decides")
    assert GoldenRecord.objects.count() == 2
    context.close()


def test_twins_of_a_known_mother_are_registered_in_order_and_named(
    sign_in: SignIn, live_server: object, margaret: GoldenRecord
) -> None:
    page = sign_in("carla", "clerk")
    page.goto(f"{live_server}/register/newborn/")
    _type(page)
    page.get_by_role("button", name="This is the mother").click()
    page.get_by_label("Birth date", exact=True).fill("20-Nov-2026")
    page.get_by_label("Sex", exact=True).nth(0).select_option("F")
    page.get_by_label("Sex", exact=True).nth(1).select_option("F")
    page.get_by_role("button", name="Show what will be registered").click()
    expect(page.get_by_role("main")).to_contain_text("HOLLOWAY, Girl2Margaret")
    page.keyboard.press("y")
    expect(page.get_by_role("main")).to_contain_text("Registered together")
    page.get_by_role("link", name="Name the child").click()
    page.get_by_label("Given name").fill("Ida")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="HOLLOWAY, Ida")).to_be_visible()
    assert sorted(Registration.objects.values_list("birth_order", flat=True)) == [1, 2]


def test_an_unknown_patient_gets_a_name_at_once_and_is_identified_later(
    sign_in: SignIn, live_server: object, margaret: GoldenRecord
) -> None:
    page = sign_in("stefan", "steward")
    page.goto(f"{live_server}/register/unidentified/")
    page.keyboard.press("y")
    expect(page.get_by_role("main")).to_contain_text("TRAUMA, Alfa Amber")
    page.get_by_role("link", name="Say who the patient is").click()
    _type(page)
    page.get_by_role("button", name="This is the patient").click()
    expect(page.get_by_role("main")).to_contain_text("is merged into")
    page.get_by_label("How do you know?").select_option("documents-seen")
    page.get_by_role("button", name="It is this person").click()
    expect(page.get_by_role("link", name="Undo")).to_be_visible()
    margaret.refresh_from_db()
    assert margaret.member_count == 2
    page.get_by_role("link", name="Undo").click()
    page.get_by_label("Why").fill("The wrong row")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_load_state()
    margaret.refresh_from_db()
    assert margaret.member_count == 1
