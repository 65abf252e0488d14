"""One task, one answer: two stewards, two presses, two tabs, the way back, an expired claim, a line that is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from matching.records import Address, Name, PatientRecord, Telecom
from mpi.commands import Actor
from mpi.models import PotentialMatch, Separation
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record
from review.models import Claim, ReviewDecision

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SignIn = Callable[[str, str], Page]
_FAMILIES = (("Holloway", "1971-03-09"), ("Okafor", "1984-07-21"), ("Delacroix", "1959-12-02"))


def tell(system: str, mrn: str, family: str, given: str, born: str, actor: Actor, phone: str = "6035550141") -> None:
    record = PatientRecord(
        source_system=system,
        mrn=mrn,
        names=(Name(family, given),),
        birth_date=born,
        sex="F",
        addresses=(Address(f"{len(family)} Orchard Lane", "Concord", "NH", "03301"),),
        telecoms=(Telecom("phone", f"{phone[:-1]}{len(family)}"),),
    )
    upsert_record(record=record, source_time=None, actor=actor)


@pytest.fixture
def tasks(system: Actor) -> list[PotentialMatch]:
    """Three pairs that look like twins, the one that comes first in front."""
    for rank, code in enumerate(("GH", "LAB"), start=1):
        register_system(code=code, rank=rank, actor=system)
    for number, (family, born) in enumerate(_FAMILIES):
        tell("GH", f"1{number}", family, "Margaret", born, system)
        tell("LAB", f"2{number}", family, "Marjorie", born, system)
    return list(PotentialMatch.objects.order_by("-risk", "pk"))


def answers() -> list[tuple[str, str]]:
    return list(ReviewDecision.objects.order_by("pk").values_list("user_id", "outcome"))


def next_ready(page: Page) -> None:
    """The task is shown and the next one is loaded ahead."""
    page.wait_for_selector("form.rv-dock")
    page.wait_for_load_state("networkidle")


def test_a_steward_answers_by_keyboard_and_the_next_task_is_there_already(
    sign_in: SignIn, live_server: object, tasks: list[PotentialMatch]
) -> None:
    page = sign_in("stefan", "steward")
    page.goto(f"{live_server}/review/")
    page.keyboard.press("n")
    next_ready(page)
    page.keyboard.press("?")
    listed = page.get_by_role("dialog")
    for words in ("Same person", "Different people", "Cannot tell", "Fix at source", "Later", "Note to your answer"):
        expect(listed).to_contain_text(words)
    page.keyboard.press("Escape")

    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    page.keyboard.press("w")
    page.keyboard.type("She told me herself; s and d are letters here.")
    page.keyboard.press("Escape")
    page.keyboard.press("5")
    page.keyboard.press("d")
    expect(page.locator("#rv-done")).to_contain_text("different people")
    expect(page.locator("#rv-page")).to_have_attribute("data-task", str(tasks[1].uuid))
    expect(page.locator("#rv-state")).to_contain_text("Claimed by you")
    posted = next(place for place, line in enumerate(asked) if line.startswith("POST"))
    assert not [line for line in asked[posted:] if line == f"GET {page.url}"], "the next page was not asked for again"
    assert ReviewDecision.objects.get().comment == "She told me herself; s and d are letters here."

    page.keyboard.press("b")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    next_ready(page)
    page.keyboard.press("l")
    expect(page.locator("#rv-done")).to_contain_text("put off")
    deferral = ReviewDecision.objects.get(outcome="later").deferral
    assert timedelta(days=1.9) < deferral.until - timezone.now() <= timedelta(days=2)
    page.keyboard.press("u")
    expect(page.locator("#rv-page")).to_have_attribute("data-task", str(tasks[1].uuid))
    page.goto(f"{live_server}/review/{tasks[0].uuid}/")
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Same person")).to_be_visible()
    assert not Separation.objects.filter(lifted_at__isnull=True).exists()


def test_enter_on_a_reason_answers_nothing(sign_in: SignIn, live_server: object, tasks: list[PotentialMatch]) -> None:
    page = sign_in("stefan", "steward")
    page.goto(f"{live_server}/review/{tasks[0].uuid}/")
    next_ready(page)
    page.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    assert answers() == []
    page.keyboard.press("d")
    expect(page.locator("#rv-done")).to_contain_text("different people")


def test_two_stewards_and_one_task_make_one_decision(
    sign_in: SignIn, live_server: object, tasks: list[PotentialMatch]
) -> None:
    first, second = sign_in("stefan", "steward"), sign_in("sonja", "steward")
    for page in (first, second):
        page.goto(f"{live_server}/review/{tasks[0].uuid}/")
        next_ready(page)
    first.keyboard.press("5")
    second.keyboard.press("1")
    first.keyboard.press("d")
    second.keyboard.press("s")
    for page in (first, second):
        page.wait_for_selector("#rv-done .note, .rv-refusal")
    won, lost = (first, second) if first.locator("#rv-done .note").count() else (second, first)
    assert len(answers()) == 1
    (who, outcome) = answers()[0]
    said = {"same": "same person", "different": "different people"}[outcome]
    assert (who == "stefan") == (won is first)
    expect(lost.locator(".rv-refusal")).to_contain_text(f"{who.title()} answered {said}")
    expect(lost.locator(".rv-refusal")).to_contain_text("nothing happened twice")


def test_a_press_twice_without_script_is_one_answer(
    browser: Browser, sign_in: SignIn, live_server: object, tasks: list[PotentialMatch]
) -> None:
    signed_in = sign_in("stefan", "steward").context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=signed_in)
    page = context.new_page()
    page.goto(f"{live_server}/review/{tasks[0].uuid}/")
    page.get_by_text("Twins or other multiple birth").click()
    page.get_by_role("button", name="Different people").dblclick()
    page.wait_for_selector("#rv-done .note, .rv-refusal")
    assert answers() == [("stefan", "different")]
    page.go_back()
    page.wait_for_load_state()
    back = page.get_by_role("button", name="Different people")
    if back.count():
        back.click()
        expect(page.locator(".rv-refusal")).to_contain_text("You answered different people")
    else:
        expect(page.get_by_role("heading", level=1)).to_contain_text("Answered: different people")
    assert answers() == [("stefan", "different")]
    context.close()


def test_back_and_a_second_tab_never_answer_twice(
    sign_in: SignIn, live_server: object, tasks: list[PotentialMatch]
) -> None:
    page = sign_in("stefan", "steward")
    page.goto(f"{live_server}/review/{tasks[0].uuid}/")
    next_ready(page)
    other = page.context.new_page()
    other.goto(page.url)
    next_ready(other)
    page.keyboard.press("5")
    for _ in range(3):
        page.keyboard.press("d")
    expect(page.locator("#rv-done")).to_contain_text("different people")
    assert answers() == [("stefan", "different")]

    other.keyboard.press("1")
    other.keyboard.press("s")
    expect(other.locator(".rv-refusal")).to_contain_text("You answered different people")
    assert answers() == [("stefan", "different")]

    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Answered: different people")
    expect(page.get_by_role("button", name="Same person")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo this answer")).to_be_visible()


def test_a_claim_that_ran_out_is_said_and_the_next_holder_is_respected(
    sign_in: SignIn, live_server: object, tasks: list[PotentialMatch]
) -> None:
    first, second = sign_in("stefan", "steward"), sign_in("sonja", "steward")
    first.goto(f"{live_server}/review/{tasks[0].uuid}/")
    first.keyboard.press("t")
    expect(first.locator("#rv-state")).to_contain_text("Claimed by you")
    next_ready(first)
    past = timezone.now() - timedelta(minutes=1)
    Claim.objects.filter(ended_at__isnull=True).update(taken_at=past - timedelta(minutes=15), until=past)
    first.evaluate("htmx.trigger('#rv-state', 'desk:look')")
    expect(first.locator("#rv-state")).to_contain_text("Your claim ran out")

    second.goto(f"{live_server}/review/{tasks[0].uuid}/")
    second.keyboard.press("t")
    expect(second.locator("#rv-state")).to_contain_text("Claimed by you")
    first.keyboard.press("5")
    first.keyboard.press("d")
    expect(first.locator(".rv-refusal")).to_contain_text("Sonja holds this task")
    assert answers() == []


def test_a_lost_line_loses_nothing_and_nothing_happens_twice(
    sign_in: SignIn, live_server: object, tasks: list[PotentialMatch]
) -> None:
    page = sign_in("stefan", "steward")
    page.goto(f"{live_server}/review/{tasks[0].uuid}/")
    next_ready(page)
    page.keyboard.press("w")
    page.keyboard.type("Said by her mother")
    page.keyboard.press("Escape")
    page.keyboard.press("5")
    page.context.set_offline(True)
    page.keyboard.press("d")
    expect(page.locator("#rv-line")).to_contain_text("No answer from the server")
    expect(page.get_by_label("Note to your answer")).to_have_value("Said by her mother")
    assert answers() == []
    page.context.set_offline(False)

    # The answer arrives, its answer does not: the second press is told so.
    def swallow(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(re.compile(r"/different/$"), swallow, times=1)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#rv-line")).to_contain_text("No answer from the server")
    assert answers() == [("stefan", "different")]
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".rv-refusal")).to_contain_text("You answered different people")
    assert answers() == [("stefan", "different")]


def test_the_next_task_comes_even_if_the_one_ahead_is_loaded_anew_meanwhile(
    sign_in: SignIn, live_server: object, tasks: list[PotentialMatch]
) -> None:
    """Another loading of the next task begins while an answer, sent with the first, is under way."""
    page = sign_in("stefan", "steward")
    page.add_init_script("window.requestIdleCallback = (act) => { window.loadsAgain = act; act(); }")
    page.goto(f"{live_server}/review/{tasks[0].uuid}/")
    next_ready(page)

    def slowly(route: Route) -> None:
        page.evaluate("window.loadsAgain()")
        route.continue_()

    page.route(re.compile(r"/ahead/"), lambda route: route.abort())
    page.route(re.compile(r"/different/$"), slowly)
    page.keyboard.press("5")
    page.keyboard.press("d")
    expect(page.locator("#rv-done")).to_contain_text("different people")
    assert answers() == [("stefan", "different")]


def test_what_changed_meanwhile_is_shown_and_what_was_written_stays(
    sign_in: SignIn, live_server: object, tasks: list[PotentialMatch], system: Actor
) -> None:
    page = sign_in("stefan", "steward")
    page.goto(f"{live_server}/review/{tasks[0].uuid}/")
    next_ready(page)
    page.keyboard.press("w")
    page.keyboard.type("She told me herself")
    page.keyboard.press("Escape")
    page.keyboard.press("5")
    number = next(at for at, (family, _) in enumerate(_FAMILIES) if family.upper() == tasks[0].golden_a.family_name)
    family, born = _FAMILIES[number]
    tell("LAB", f"2{number}", family, "Marjorie", born, system, phone="6035559990")
    page.keyboard.press("d")
    expect(page.locator(".rv-refusal")).to_contain_text("LAB")
    expect(page.locator(".rv-refusal")).to_contain_text("sent other data: Phone (603) 555-0148 → (603) 555-9998")
    expect(page.get_by_label("Note to your answer")).to_have_value("She told me herself")
    assert answers() == []
    next_ready(page)
    page.keyboard.press("d")
    expect(page.locator("#rv-done")).to_contain_text("different people")
    assert answers() == [("stefan", "different")]

    # Nothing is left: the queue comes, in its own dress.
    for _ in range(2):
        next_ready(page)
        page.keyboard.press("l")
        expect(page.locator("#rv-done")).to_contain_text("put off")
    expect(page.get_by_role("heading", level=1)).to_have_text("Review")
    page.wait_for_function("() => [...document.styleSheets].some((sheet) => sheet.href.includes('queue'))")
