"""`manage.py rematch`: what it prints are keys, codes and figures; its last line is JSON."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from mpi.models import RematchRun, User
from tests.rematch.rematching import BLIND, SHIPPED, use
from tests.services.telling import KATHERINE, MARCUS, MARGARET, MARJORIE, owner, tell

_PASSWORD = "a password of the tests"


@pytest.fixture(autouse=True)
def _password_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPI_PASSWORD", _PASSWORD)


@pytest.fixture
def apart(db: None) -> None:
    use(BLIND)
    for number, person in enumerate((KATHERINE, MARCUS), start=1):
        for system in ("HIS", "LAB"):
            tell(system, str(number), person)
    use(SHIPPED)
    tell("HIS", "9", MARGARET)
    tell("LAB", "9", MARJORIE)


def _rematch(*words: str) -> tuple[str, dict[str, Any]]:
    out = StringIO()
    call_command("rematch", *words, "--json", stdout=out)
    text = out.getvalue()
    return text, json.loads(text.splitlines()[-1])


def _supervisor(name: str) -> str:
    user = User.objects.create_user(username=name, password=_PASSWORD)
    user.groups.set(Group.objects.filter(name="supervisor"))
    return name


def test_from_the_difference_to_its_undoing(apart: None) -> None:
    text, told = _rematch()
    assert (told["status"], told["records"], told["changes"], told["links_changed"]) == ("previewed", 6, 2, 2)
    assert told["by_kind"]["join"] == {"certain": 2}
    assert "Golden records that become one" in text
    assert owner("HIS", "1").euid in text
    run = told["run"]
    _rematch("--approve", run, "--user", _supervisor("susan"))
    text, told = _rematch("--apply", run[:8])
    assert (told["status"], told["applied"], told["pending"]) == ("applied", 2, 0)
    assert owner("HIS", "1") == owner("LAB", "1")
    assert _rematch("--dry-run")[1]["changes"] == 0
    _, told = _rematch("--undo", run, "--note", "A mistake")
    assert (told["status"], told["undone"], told["refused"]) == ("undone", 2, [])
    assert owner("HIS", "1") != owner("LAB", "1")
    _, told = _rematch("--list")
    assert [one["status"] for one in told["runs"]] == ["previewed", "undone"]


def test_nothing_printed_is_a_value_of_a_patient(apart: None) -> None:
    text, _ = _rematch()
    people = (KATHERINE, MARCUS, MARGARET)
    assert not [value for person in people for value in person.values() if len(value) > 2 and value in text]


def test_no_difference_is_said_in_words(db: None) -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    text, told = _rematch("--model", SHIPPED.version)
    assert "No difference: the index is as this model would have it." in text
    assert (told["changes"], told["links_changed"]) == (0, 0)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--apply", "00000000"), "no rematch run"),
        (("--apply", "x"), "first eight characters"),
        (("--model", "nobody"), "no linkage model"),
        (("--dry-run", "--user", "nobody"), "The password of nobody"),
    ],
)
def test_a_refusal_says_what_to_do_and_leaves_no_run(apart: None, words: tuple[str, ...], refusal: str) -> None:
    with pytest.raises(CommandError, match=refusal):
        _rematch(*words)
    assert not RematchRun.objects.exists()


def test_a_run_that_nobody_approved_is_not_applied(apart: None) -> None:
    _, told = _rematch()
    with pytest.raises(CommandError, match="second person"):
        _rematch("--apply", told["run"])
    with pytest.raises(CommandError, match="say who with --user NAME"):
        _rematch("--approve", told["run"])


def test_who_started_a_run_does_not_approve_it_whatever_name_is_given(
    apart: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, told = _rematch("--user", _supervisor("susan"))
    _supervisor("bob")
    with pytest.raises(CommandError, match="does not approve it"):
        _rematch("--approve", told["run"], "--user", "susan")
    monkeypatch.setenv("MPI_PASSWORD", "that of Susan")
    for act in ("--approve", "--apply", "--undo"):
        with pytest.raises(CommandError, match="The password of bob"):
            _rematch(act, told["run"], "--user", "bob")
    refused = AuditEvent.objects.get(action="rematch.approved")
    assert (refused.actor_id, refused.outcome, refused.detail["why"]) == ("susan", "refused", "own work")
    assert RematchRun.objects.get().status == "previewed"


def test_an_empty_index_is_refused_with_what_to_do(db: None) -> None:
    with pytest.raises(CommandError, match="Import some first"):
        _rematch()
