"""The browsable documentation in a real browser: it shows every operation and breaks no rule of the content policy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, sync_playwright

from mpi.models import User

_CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(_CHROMIUM is None, reason="NO CHROMIUM: install Debian's package chromium"),
]


@pytest.fixture
def session(transactional_db: None, live_server: object) -> dict[str, str]:
    """The cookie of somebody who is signed in at the real site."""
    client = Client()
    user = User.objects.create(username="carla")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": str(live_server)}


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium; while it runs, this thread leaves the database alone."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


def test_the_page_shows_the_operations_and_breaks_no_policy(
    session: dict[str, str], live_server: object, browser: Browser
) -> None:
    context = browser.new_context()
    context.add_cookies([session])  # type: ignore[list-item]
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server}/api/docs/")
    page.get_by_text("/api/v1/match", exact=True).wait_for()
    page.get_by_text("/api/v1/match", exact=True).click()
    page.locator(".opblock.is-open .opblock-description").wait_for()
    if shots := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{shots}/docs.png")
    assert page.locator(".opblock").count() >= 35
    assert complaints == []
    assert all(url.startswith((str(live_server), "data:")) for url in asked)
    context.close()
