"""Downtime: a sealed snapshot that cannot be altered unseen, a journal that loses nothing, and its reconciling."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.downtime.book import Book, open_book
from mpi.downtime.journal import Journal, read_journal
from mpi.errors import Busy, Forbidden, InvalidInput, NotFound
from mpi.models import DowntimeSnapshot, GoldenRecord, SourceRecord, User
from mpi.services.downtime_reconcile import reconcile_downtime
from mpi.services.downtime_snapshot import KEPT, nightly_snapshot, seal_snapshot
from tests.services.acting import merge
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, MARGARET, MARJORIE, owner, record_of, take_back, tell

CARLA = {"user": "carla", "name": "Carla Clerk"}


@pytest.fixture(autouse=True)
def _index(db: None) -> None:
    for system, mrn, person in (
        ("HIS", "1", KATHERINE),
        ("LAB", "1", KATHERINE),
        ("HIS", "2", MARCUS),
        ("HIS", "3", MARGARET),
        ("LAB", "3", MARJORIE),
    ):
        tell(system, mrn, person)
    user = User.objects.create_user(username="carla", password="correct horse battery", display_name="Carla Clerk")
    user.groups.add(Group.objects.get(name="clerk"))


@pytest.fixture
def path(tmp_path: Path, system: Actor) -> Path:
    seal_snapshot(tmp_path / "snapshot.mpi", actor=system)
    return tmp_path / "snapshot.mpi"


def journal(path: Path, book: Book, station: int = 1) -> Journal:
    return Journal(path.with_name(f"station-{station}.journal"), snapshot=book.manifest.uuid, station=station)


def register(journal: Journal, book: Book, record: dict[str, str], *, token: str = "1", euid: str = "") -> str:
    told = {**CARLA, "record": record, "euid": euid, "euids": [euid] if euid else [], "reason": "Wristband"}
    return journal.take_number(book.manifest.numbers_of(1), told, token=token)


def names(found: tuple[list[dict], bool]) -> list[str]:
    return [one["search"][0][0] for one in found[0]]


def test_a_snapshot_holds_the_living_and_tells_nothing_in_clear(path: Path, system: Actor) -> None:
    raw = path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert not any(word in raw for word in (b"Katherine", b"KATHERINE", b"Whitfield", b"536228145", b"carla"))
    book, row = open_book(path), DowntimeSnapshot.objects.get()
    live = GoldenRecord.objects.filter(status__in=("provisional", "confirmed")).count()
    assert (book.count, row.persons, str(row.uuid)) == (live, live, book.manifest.uuid)
    assert [(user["username"], user["may_register"]) for user in book.manifest.users] == [("carla", True)]
    entry = AuditEvent.objects.get(action="downtime.snapshot")
    assert entry.detail["sha256"] == row.sha256


def test_the_book_finds_by_name_date_number_ssn_and_merged_euid(tmp_path: Path, steward: Actor, system: Actor) -> None:
    tell("CLINIC", "9", ESTEBAN)
    gone = owner("CLINIC", "9")
    merge(owner("HIS", "2"), gone, steward)
    seal_snapshot(tmp_path / "s.mpi", actor=system)
    book = open_book(tmp_path / "s.mpi")
    assert names(book.find(names=[("HOLLO", "MARG")])) == ["HOLLOWAY"]
    assert names(book.find(names=[("HOLLOWAY", "")], birth_date="1971-03-09")) == ["HOLLOWAY", "HOLLOWAY"]
    assert names(book.find(number="2")) == names(book.find(number="219-44-7710")) == ["WHITFIELD"]
    assert names(book.find(names=[("OYELARAN", "")], system="CLINIC")) == []
    found = book.person(gone.euid)
    assert found is not None
    assert found["euid"] == owner("HIS", "2").euid
    assert found["values"]["ssn"].endswith("7710")
    assert "219447710" not in str(found)
    margaret = book.person(owner("HIS", "3").euid)
    assert margaret is not None
    assert margaret["asked"] == [owner("LAB", "3").euid]


def test_a_snapshot_that_was_altered_or_cut_off_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for damaged in (
        whole[:-1],
        whole[:-200],
        whole[:400] + b"\0" + whole[401:],
        whole.replace(b"snapshot", b"journal "),
    ):
        path.write_bytes(damaged)
        with pytest.raises(InvalidInput):
            open_book(path)
    path.write_bytes(whole.replace(b'"key": "k1"', b'"key": "k9"'))
    with pytest.raises(InvalidInput, match="k9"):
        open_book(path)


def test_two_snapshots_and_two_stations_never_share_a_number(tmp_path: Path, system: Actor, clerk: Actor) -> None:
    taken: set[str] = set()
    for name in ("a", "b"):
        seal_snapshot(tmp_path / name, actor=system)
        manifest = open_book(tmp_path / name).manifest
        numbers = [number for station in range(1, 11) for number in manifest.numbers_of(station)]
        assert len(numbers) == len(set(numbers)) == 500
        assert not taken.intersection(numbers)
        taken |= set(numbers)
    with pytest.raises(Forbidden):
        seal_snapshot(tmp_path / "c", actor=clerk)


def test_a_journal_is_chained_and_keeps_what_was_answered_through_a_crash(path: Path) -> None:
    book = open_book(path)
    with journal(path, book) as first:
        first.append("sign-in", CARLA)
        number = register(first, book, ESTEBAN)
        assert register(first, book, ESTEBAN) == number  # the same form sent twice
        with pytest.raises(Busy):
            journal(path, book)
    file = path.with_name("station-1.journal")
    whole = file.read_bytes()
    assert b"Esteban" not in whole
    file.write_bytes(whole + b"\0\0\1\0half")
    with pytest.raises(InvalidInput, match="torn"):
        read_journal(file)
    with journal(path, book) as again:
        assert [entry.kind for entry in again.entries] == ["sign-in", "register"]
        assert register(again, book, MARCUS, token="2") != number
    assert len(read_journal(file)[1]) == 3
    assert len(list(path.parent.glob("*.torn-*"))) == 1
    file.write_bytes(whole[:300] + b"\0" + whole[301:])
    with pytest.raises(InvalidInput):
        read_journal(file)


def test_reconciling_brings_registrations_through_the_door_once_and_looks_into_the_audit_log(
    path: Path, system: Actor
) -> None:
    book, katherine = open_book(path), owner("HIS", "1")
    with journal(path, book) as station:
        station.append("sign-in", CARLA)
        station.append("search", {**CARLA, "euids": [katherine.euid]})
        station.append("read", {**CARLA, "euids": [katherine.euid]})
        known = register(
            station, book, {"family_name": "Oyelaran", "given_name": "Kate"}, token="1", euid=katherine.euid
        )
        new = register(station, book, ESTEBAN, token="2")
        found = register(station, book, MARCUS, token="3")
        impossible = register(station, book, {"family_name": "X", "birth_date": "1971-02-31"}, token="4")
    file = path.with_name("station-1.journal")
    done = reconcile_downtime(file, actor=system)
    assert (done.entries, done.reads, done.refused) == (7, 3, 1)
    told = {one.number: one for one in done.registered}
    assert told[known].euid == katherine.euid == owner("DOWNTIME", known).euid
    assert told[found].euid == owner("HIS", "2").euid
    assert told[new].euid == owner("DOWNTIME", new).euid
    assert "birth_date" in told[impossible].refused
    read = AuditEvent.objects.get(action="person.read", actor_id="carla")
    assert (read.subject_id, read.detail["downtime"]) == (katherine.euid, book.manifest.uuid)
    assert AuditEvent.objects.filter(action="downtime.registered", actor_name="Carla Clerk").count() == 4
    events, records = AuditEvent.objects.count(), SourceRecord.objects.count()
    again = reconcile_downtime(file, actor=system)
    assert (again.before, again.entries, again.registered) == (7, 0, ())
    assert SourceRecord.objects.count() == records
    assert AuditEvent.objects.count() == events + 1  # that it was looked at again


def test_a_journal_goes_on_after_it_was_brought_in_and_another_one_is_refused(path: Path, system: Actor) -> None:
    book = open_book(path)
    file = path.with_name("station-1.journal")
    with journal(path, book) as station:
        register(station, book, ESTEBAN)
    reconcile_downtime(file, actor=system)
    with journal(path, book) as station:
        register(station, book, MARCUS, token="2")
    assert reconcile_downtime(file, actor=system).entries == 1
    file.unlink()
    with journal(path, book) as station:
        register(station, book, MARCUS)
    with pytest.raises(InvalidInput, match="Another journal"):
        reconcile_downtime(file, actor=system)
    other = Journal(path.with_name("x.journal"), snapshot="01a2010a-a522-7fb9-8c8f-4f9d9b337524", station=1)
    other.__exit__()
    with pytest.raises(NotFound):
        reconcile_downtime(path.with_name("x.journal"), actor=system)


def test_a_chosen_person_who_was_merged_or_retired_meanwhile(path: Path, system: Actor, steward: Actor) -> None:
    book = open_book(path)
    marcus, katherine = owner("HIS", "2"), owner("HIS", "1")
    with journal(path, book) as station:
        moved = register(station, book, {"family_name": "Whitfield"}, token="1", euid=marcus.euid)
        lost = register(station, book, {"family_name": "Holloway"}, token="2", euid=owner("HIS", "3").euid)
    merge(katherine, marcus, steward)
    take_back("HIS", "3")
    done = reconcile_downtime(path.with_name("station-1.journal"), actor=system)
    told = {one.number: one for one in done.registered}
    assert told[moved].euid == katherine.euid == owner("DOWNTIME", moved).euid
    assert "retired" in told[lost].refused
    assert record_of("DOWNTIME", moved).mrn == moved


@pytest.mark.django_db(transaction=True)
def test_the_nightly_snapshots_are_kept_for_a_week(tmp_path: Path, settings) -> None:
    settings.MPI_DOWNTIME_DIR = str(tmp_path / "nights")
    for number in range(KEPT + 2):
        (tmp_path / "nights").mkdir(exist_ok=True)
        (tmp_path / "nights" / f"snapshot-2020010{number}-013000.mpi").write_bytes(b"old")
    sealed = nightly_snapshot()
    left = sorted((tmp_path / "nights").glob("*"))
    assert (len(left), left[-1]) == (KEPT, sealed.path)
    assert open_book(sealed.path).count == sealed.snapshot.persons
