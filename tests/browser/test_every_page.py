"""Every page in a real browser: axe-core finds nothing in the light or the dark theme, and no page is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Browser, Page

from mpi.commands import Actor
from mpi.management.benchmarks.page_addresses import PageAddress, page_addresses
from tests.browser.world import TYPED, build_world, with_every_role
from tests.web.walking import OBJECT

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_SCRIPTS = Path(__file__).with_name("looking.js").read_text()
_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
_NARROW = 390
_FAULTY = (
    "<!doctype html><html lang=en><title>Faults</title><link rel=stylesheet href=/static/mpi/app.css>"
    "<main><h1>Faults</h1><input><p class=btn-pri><span class=quiet>grey on blue</span></p>"
)
_NO_PAGE = (302, 405)
"""What leads to a page that is walked, and what is an act."""
_NOTHING = {"uuid": UUID(int=0), "int": 0, "euid": "0" * 12, "str": "x"}


@pytest.fixture
def world(tmp_path: Path, steward: Actor, supervisor: Actor, admin: Actor, system: Actor) -> None:
    build_world(tmp_path, steward=steward, supervisor=supervisor, administrator=admin, system=system)


@pytest.fixture
def everybody(db: None, system: Actor) -> Client:
    """A session of somebody with every role, so that each page shows all it has."""
    return with_every_role(Client(), system)


@pytest.fixture
def window(browser: Browser, live_server: object) -> Iterator[Page]:
    """A window of the site with axe-core in it, without transitions: a colour is looked at when it has arrived."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{live_server}{reverse('sign-in')}")
    page.evaluate(_AXE)
    page.evaluate(_SCRIPTS)
    yield page
    context.close()


def _pages(client: Client, faults: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Name and HTML of all that answers a GET with a page; parts of pages, files and redirections lead to others."""
    for known in page_addresses():
        if known.has_example and not known.addresses:
            faults[known.name].append("the world of the tests has nothing to show there")
        if not known.has_example and client.get(_any(known)).status_code not in _NO_PAGE:
            faults[known.name].append("has no example in page_examples.py")
        for number, address in enumerate(known.addresses):
            answer = client.get(address)
            if answer.status_code not in (200, *_NO_PAGE):
                faults[known.name].append(f"answers {answer.status_code}")
            html = answer["Content-Type"].startswith("text/html") and not answer.streaming and answer.text
            if answer.status_code == 200 and html and "<html" in html:
                yield f"{known.name} {number or ''}", html
    yield "sign-in", Client().get(reverse("sign-in")).text
    yield "no such address", client.get("/no-such-address/").text
    yield "no such person", client.get(reverse("golden-record", args=["0" * 12])).text
    for name, typed in TYPED.items():
        yield f"{name} answered", client.post(reverse(name), typed).text


def _any(known: PageAddress) -> str:
    """The address with parameters of nothing: an act refuses to be looked at before it looks."""
    for kinds in (("uuid",), ("int",), ("str",), ("euid",), ("uuid", "int"), ("uuid", "str"), ("uuid", "uuid")):
        try:
            found = zip(known.parameters, (_NOTHING[kind] for kind in kinds), strict=True)
            return reverse(known.name, kwargs=dict(found))
        except (NoReverseMatch, ValueError):
            continue
    raise AssertionError(f"{known.name} has no example in page_examples.py")


def test_no_page_has_a_fault_in_either_theme_or_leaves_a_narrow_window(
    window: Page, everybody: Client, world: None
) -> None:
    seen = str(window.evaluate("(html) => look(html)", _FAULTY))
    assert all(fault in seen for fault in ("light, label", "light, color-contrast", "dark, color-contrast")), seen
    faults: dict[str, list[str]] = defaultdict(list)
    pages = dict(_pages(everybody, faults))
    for name, html in pages.items():
        faults[name] += window.evaluate("(html) => look(html)", html)
        faults[name] += OBJECT.findall(unescape(html))
    window.set_viewport_size({"width": _NARROW, "height": 844})
    for name, html in pages.items():
        faults[name] += window.evaluate("(html) => outside(html)", html)
    assert not any(faults.values()), "\n".join(f"{name}: {fault}" for name, found in faults.items() for fault in found)
