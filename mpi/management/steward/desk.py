"""The desk as a steward works it: keys pressed in Chromium, and what the server took for each answer.

An answer is pressed only when the next task is loaded ahead, as it is long before a person has read the page. Server
time is the sum, over the answer and whatever was asked for after it until the next task stood there, of the time from
a request to the first byte of its response; what the page loads ahead for later, and its refreshes, do not count.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Error as NoAnswer
from playwright.sync_api import Page, Request, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

from mpi.errors import MpiError

_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_PATIENCE_MS = 20_000
_IN_BACKGROUND = ("/ahead/", "/state/", "/static/")
_READY = "() => document.querySelector('#rv-page')?.dataset.loaded !== undefined || !document.querySelector('.rv-dock')"
_MOVED = "seen => (document.querySelector('#rv-page')?.dataset.task ?? 'none') !== seen"
_ANSWERED = f"seen => document.querySelector('.rv-refusal') || ({_MOVED})(seen)"

ANSWERS: Sequence[tuple[str, str]] = (
    ("same", "2s"),
    ("different", "5d"),
    ("cannot-tell", "c"),
    ("different", "7d"),
    ("same", "4s"),
    ("later", "l"),
    ("fix-at-source", "f"),
)
"""What the steward answers in turn, and the keys for it: a reason where one is asked, then the answer."""


class DeadEnd(MpiError):
    """The steward could not go on by keyboard."""

    code = "dead-end"
    title = "The steward could not go on"


@dataclass(frozen=True, slots=True)
class Step:
    """One answer. Times in milliseconds; `ahead`: the next task had been loaded ahead and was only to be shown."""

    task: str
    address: str
    answer: str
    server_ms: float
    visible_ms: float
    ahead: bool


class Desk:
    """A signed-in steward's browser."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self._asked: list[Request] = []
        page.set_default_timeout(_PATIENCE_MS)
        page.on("requestfinished", self._note)

    def _note(self, request: Request) -> None:
        self._asked.append(request)

    def take_next(self) -> bool:
        """Press N on the queue; False where nothing is waiting."""
        self.page.goto(f"{self.site}/review/")
        self.page.keyboard.press("n")
        self.page.wait_for_load_state()
        self.page.wait_for_function("() => document.querySelector('#rv-page, .messages')")
        return self.task() != ""

    def task(self) -> str:
        """The task on the page, "" where there is none."""
        return self._attribute("data-task")

    def answer(self, answer: str, keys: str) -> Step:
        """Press the keys of an answer and wait until another task, or the queue, is on the page.

        A task of a type that has no such answer is put off; where policy asks two people for an answer, the steward
        cannot tell. Raises DeadEnd.
        """
        if self._attribute("data-kind") != "match":
            answer, keys = "later", "l"
        try:
            return self._answer(answer, keys)
        except _Refused:
            return self._answer("cannot-tell", "c", until=_MOVED)

    def _answer(self, answer: str, keys: str, *, until: str = _ANSWERED) -> Step:
        page, task = self.page, self.task()
        address = page.url.partition("?")[0]
        page.wait_for_function(_READY)
        self._asked.clear()
        began = time.monotonic()
        for key in keys:
            page.keyboard.press(key)
        try:
            page.wait_for_function(until, arg=task)
        except NotInTime:
            raise DeadEnd(f"After {answer} no other task came within {_PATIENCE_MS // 1000} s.") from None
        visible = (time.monotonic() - began) * 1000
        if self.task() == task:
            raise _Refused
        waited = [request for request in self._asked if _waited_for(request)]
        return Step(task, address, answer, sum(map(_server_ms, waited)), visible, ahead=len(waited) == 1)

    def undo(self, step: Step) -> None:
        """Open an answered task by its permanent address and take its answer back by keyboard. Raises DeadEnd."""
        self.page.goto(step.address)
        before = self.page.locator("[data-key=u]")
        if not before.count():
            raise DeadEnd("An answered task offers no undo.")
        with self.page.expect_navigation():
            self.page.keyboard.press("u")
        if not self.page.get_by_text("Undone", exact=False).count():
            raise DeadEnd("An answer could not be undone.")
        self.give_back()

    def give_back(self) -> None:
        """Press R where the steward holds the task on the page."""
        if self.page.locator("[data-key=r]#rv-release").count():
            with self.page.expect_navigation():
                self.page.keyboard.press("r")

    def _attribute(self, name: str) -> str:
        found = self.page.locator("#rv-page")
        return (found.get_attribute(name) or "") if found.count() else ""


class _Refused(Exception):
    """The page says why the answer was not taken; the steward answers otherwise."""


def _waited_for(request: Request) -> bool:
    """Whether a request lies between an answer and the next task."""
    chain: Request | None = request
    while chain is not None:
        if any(part in chain.url for part in _IN_BACKGROUND):
            return False
        chain = chain.redirected_from
    return request.resource_type in {"fetch", "xhr", "document"}


def _server_ms(request: Request) -> float:
    timing = request.timing
    return max(timing["responseStart"] - timing["requestStart"], 0.0)


@contextmanager
def steward_at(site: str, *, username: str, password: str, chromium: str) -> Iterator[Desk]:
    """A browser in which a steward has signed in. Raises DeadEnd where the sign-in does not work."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_ARGUMENTS))
        try:
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            try:
                page.goto(f"{site}/")
            except NoAnswer:
                raise DeadEnd(f"Nobody answers at {site}.") from None
            page.get_by_label("User name").fill(username)
            page.get_by_label("Password").fill(password)
            page.keyboard.press("Enter")
            try:
                page.wait_for_url(f"{site}/", timeout=_PATIENCE_MS)
            except NotInTime:
                raise DeadEnd(f"{username} could not sign in.") from None
            yield Desk(page, site)
        finally:
            browser.close()


def summary(steps: Sequence[Step]) -> Mapping[str, object]:
    """Median and 95th percentile of both times, and how often the next task was there already."""
    return {
        "server_ms": _spread([step.server_ms for step in steps]),
        "visible_ms": _spread([step.visible_ms for step in steps]),
        "loaded_ahead": sum(step.ahead for step in steps),
    }


def _spread(values: Sequence[float]) -> Mapping[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {"median": 0.0, "p95": 0.0}
    places = {"median": 0.5, "p95": 0.95}
    return {name: round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 1) for name, share in places.items()}
