"""The look-up during downtime: from a snapshot alone. No test here may ask a database: pytest refuses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from mpi import downtime_settings
from mpi.downtime.book import open_book
from mpi.downtime.journal import read_journal
from mpi.web.downtime.desk import SNAPSHOT, STATION, desk, journal_path
from tests.web.sealing import HOLLOWAY, IBSEN, MERGED, PASSWORD, page, seal, served


@pytest.fixture
def snapshot(tmp_path: Path, settings) -> Path:
    """Two persons and two users, as the index would have sealed them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # ten attempts, in a moment
    path = tmp_path / "snapshot.mpi"
    seal(path)
    return path


@pytest.fixture
def browser(snapshot: Path, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A browser at station 2."""
    for name in ("ROOT_URLCONF", "MIDDLEWARE", "SESSION_ENGINE", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):
        setattr(settings, name, getattr(downtime_settings, name))
    monkeypatch.setenv(SNAPSHOT, str(snapshot))
    monkeypatch.setenv(STATION, "2")
    desk.cache_clear()
    yield Client()
    desk().journal.__exit__()
    desk.cache_clear()


def sign_in(browser: Client, name: str = "carla") -> Client:
    assert browser.post("/sign-in/", {"username": name, "password": PASSWORD}).headers["Location"] == "/"
    return browser


def kinds(snapshot: Path) -> list[str]:
    return [entry.kind for entry in read_journal(journal_path(snapshot, 2))[1]]


def test_nobody_looks_without_signing_in_and_failures_are_written_down(browser: Client, snapshot: Path) -> None:
    for address in ("/", f"/golden-records/{HOLLOWAY}/", "/register/", "/registered/"):
        assert browser.get(address).headers["Location"] == "/sign-in/"
    answer = browser.post("/sign-in/", {"username": "carla", "password": "wrong"})
    assert answer.status_code == 422
    assert "do not fit" in answer.content.decode()
    for _ in range(9):
        browser.post("/sign-in/", {"username": "carla", "password": "wrong"})
    locked = browser.post("/sign-in/", {"username": "carla", "password": PASSWORD})
    assert "wait 15 minutes" in locked.content.decode()
    assert kinds(snapshot) == ["sign-in-failed"] * 10


@pytest.mark.parametrize(
    "typed",
    [{"q": "Margaret Hollo"}, {"q": "412-55-8801"}, {"q": "4711"}, {"family_name": "hollo"}, {"q": HOLLOWAY}],
    ids=["names", "ssn", "number", "field", "euid"],
)
def test_a_person_is_found_as_in_the_index(browser: Client, snapshot: Path, typed: dict[str, str]) -> None:
    shown = sign_in(browser).post("/", typed).content.decode()
    assert f"/golden-records/{HOLLOWAY}/" in shown
    assert IBSEN not in shown
    entry = read_journal(journal_path(snapshot, 2))[1][-1]
    assert (entry.kind, entry.told["euids"], entry.told["user"]) == ("search", [HOLLOWAY], "carla")
    assert not set(typed.values()).difference({HOLLOWAY}) & set(map(str, entry.told.values()))


def test_a_person_is_shown_and_the_look_is_in_the_journal(browser: Client, snapshot: Path) -> None:
    sign_in(browser)
    shown = browser.get(f"/golden-records/{MERGED}/").content.decode()
    assert "was merged into this person" in shown
    assert '<span class="tag tag-dead">Deceased</span>' in shown
    assert "General Hospital" in shown
    assert "snapshot of" in shown
    assert browser.get("/golden-records/000000000000/").status_code == 404
    assert kinds(snapshot) == ["sign-in", "read"]


def test_a_patient_gets_a_temporary_number_of_this_station_once(browser: Client, snapshot: Path) -> None:
    sign_in(browser)
    form = browser.post("/register/", {"euid": HOLLOWAY}).content.decode()
    assert 'value="Holloway"' in form
    assert kinds(snapshot) == ["sign-in", "read"], "the form shows who was chosen"
    token = re.search(r'name="token" value="([0-9a-f-]+)"', form)
    assert token
    sent = {"token": token[1], "euid": HOLLOWAY, "family_name": "Holloway", "birth_date": "09-Mar-1971"}
    asked = browser.post("/register/", sent)
    assert asked.status_code == 422
    assert "Say how you know" in asked.content.decode()
    for _ in range(2):  # the second time by the back button
        assert "D2<" in browser.post("/register/", {**sent, "reason": "Her card"}).content.decode()
    entry = read_journal(journal_path(snapshot, 2))[1][-1]
    assert (entry.told["number"], entry.told["euid"], entry.told["reason"]) == ("D2", HOLLOWAY, "Her card")
    assert entry.told["record"] == {"family_name": "Holloway", "birth_date": "1971-03-09"}
    assert "D2" in browser.get("/registered/").content.decode()
    other = browser.post("/register/", {**sent, "reason": "Her card", "family_name": "Quiroga"})
    assert other.status_code == 422, "not taken for the first one and lost"
    assert "with other entries" in other.content.decode()
    assert kinds(snapshot).count("register") == 1


def test_what_cannot_be_is_refused_by_field_and_who_may_not_register_does_not(browser: Client, snapshot: Path) -> None:
    sign_in(browser)
    token = "01a2010a-a522-7fb9-8c8f-4f9d9b337525"
    wrong = browser.post("/register/", {"token": token, "family_name": "X", "birth_date": "31-Feb-1971"})
    assert wrong.status_code == 422
    assert "id_birth_date_error" in wrong.content.decode()
    for number in range(3):
        token = f"01a2010a-a522-7fb9-8c8f-4f9d9b33752{number}"
        answer = browser.post("/register/", {"token": token, "family_name": "Quiroga"})
    assert "write the patient down on paper" in answer.content.decode()  # two numbers a station
    sign_in(browser, "aisha")
    assert browser.post("/register/", {"euid": ""}).status_code == 403


def test_the_command_serves_without_any_database(snapshot: Path, tmp_path: Path) -> None:
    with served(snapshot, tmp_path / "home") as server:
        assert "The index is down." in page(server.port, "/sign-in/")
    assert "2 persons" in server.told
    assert open_book(snapshot).manifest.uuid == read_journal(journal_path(snapshot, 1))[0].snapshot
