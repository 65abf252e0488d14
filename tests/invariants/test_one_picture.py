"""The check sees one picture of an index that is in use, and cannot write to it."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.db import InternalError, connection, connections

from mpi.commands import Actor
from mpi.models import SourceRecord
from mpi.queries.invariants import checking
from mpi.queries.invariants.finding import Invariant, Looked
from mpi.services.systems import register_system
from tests.services.telling import KATHERINE, MARCUS, tell

pytestmark = pytest.mark.django_db(transaction=True)


def _asked(monkeypatch: pytest.MonkeyPatch, *looks) -> None:
    invariants = tuple(Invariant(str(place), "", "mpi_source_record", look) for place, look in enumerate(looks))
    monkeypatch.setattr(checking, "INVARIANTS", invariants)


def _beside(act) -> None:
    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    other = threading.Thread(target=run)
    other.start()
    other.join(30)


def test_what_is_written_meanwhile_is_not_seen(system: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    register_system(code="HIS", actor=system)
    tell("HIS", "1", KATHERINE)
    seen = []

    def look(_: int) -> Looked:
        seen.append(SourceRecord.objects.count())
        if len(seen) == 1:
            _beside(lambda: tell("HIS", "2", MARCUS))
        return Looked(1)

    _asked(monkeypatch, look, look)
    assert checking.check_index().is_clean
    assert seen == [1, 1]
    assert SourceRecord.objects.count() == 2


def test_it_cannot_write(system: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_: int) -> Looked:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE mpi_source_record SET version = version + 1")
        return Looked(1)

    _asked(monkeypatch, look)
    with pytest.raises(InternalError, match="read-only"):
        checking.check_index()


def test_a_look_that_sees_none_of_the_rows_there_are_fails(system: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    register_system(code="HIS", actor=system)
    tell("HIS", "1", KATHERINE)
    _asked(monkeypatch, lambda _: Looked(0))
    report = checking.check_index()
    assert [fault.words for fault in report.checked[0].looked.faults] == ["looked at no row although there are some"]


def test_an_empty_index_is_not_called_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert not checking.check_index().is_clean
    with pytest.raises(SystemExit):
        call_command("checkindex")
    assert "nothing to check" in capsys.readouterr().out
