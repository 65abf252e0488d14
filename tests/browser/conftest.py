"""A real Chromium against the real site. Without a Chromium the tests skip, loudly."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mpi.commands import Actor
from mpi.services.users import put_user

_CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "a password of the tests"
expect.set_options(timeout=20_000)  # milliseconds: a machine with other work answers late, and is not wrong


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if _CHROMIUM is None:
        pytest.skip("NO CHROMIUM: install Debian's package chromium to run the browser tests")
    # Playwright's sync API runs a loop of its own in this thread; the database is only used between its calls.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def _press_when_ready(page: Page) -> None:
    """A key counts once the page's scripts run; on a slow machine its text may be there before."""
    keyboard = page.keyboard
    press = keyboard.press

    def pressed(key: str, **options: float) -> None:
        page.wait_for_load_state("domcontentloaded")
        press(key, **options)

    keyboard.press = pressed  # type: ignore[method-assign]


@pytest.fixture
def sign_in(browser: Browser, live_server: object, system: Actor) -> Iterator[Callable[[str, str], Page]]:
    """Sign a person of a role in, in a browser session of their own."""
    contexts = []

    def enter(username: str, role: str) -> Page:
        put_user(username=username, display_name=username.title(), roles=[role], password=PASSWORD, actor=system)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        _press_when_ready(page)
        page.goto(f"{live_server}/")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{live_server}/")
        return page

    yield enter
    for context in contexts:
        context.close()
