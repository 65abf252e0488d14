"""The single sealer: gapless, whatever commits when, and never over a log that was changed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from audit import tree
from audit.checkpoint import load_public_key, open_note, public_key_path
from audit.merkle import root_of, verify_consistency, verify_inclusion
from audit.models import AuditEvent, Checkpoint, PendingEvent, SealedEntry
from audit.publish import published_file
from audit.record import record
from audit.roles import APP_ROLE
from audit.seal import InconsistentLog, find_strays, seal, seal_all
from audit.verify import verify_database
from tests.audit.conftest import as_role, entry_of, write


def leaves() -> list[bytes]:
    return [bytes(leaf) for leaf in SealedEntry.objects.order_by("seq").values_list("leaf", flat=True)]


def sequence() -> list[int]:
    return list(SealedEntry.objects.order_by("seq").values_list("seq", flat=True))


def test_sealing_gives_every_event_a_place_and_signs_and_publishes_the_root(log: Path) -> None:
    ids = write(21)
    result = seal()
    assert (result.sealed, result.size, result.published, result.busy) == (21, 21, 1, False)
    assert list(SealedEntry.objects.order_by("seq").values_list("event_uuid", flat=True)) == list(ids)
    assert sequence() == list(range(21))
    assert not PendingEvent.objects.exists()
    checkpoint = Checkpoint.objects.get()
    key = load_public_key(public_key_path(Path(settings.AUDIT_SIGNING_KEY_FILE)))
    assert open_note(checkpoint.note, key).root == bytes(checkpoint.root) == root_of(leaves())
    assert json.loads(published_file(log).read_text()) == {"note": checkpoint.note}


def test_sealing_nothing_signs_nothing(log: Path) -> None:
    assert (seal().sealed, Checkpoint.objects.count()) == (0, 0)


def test_batches_continue_one_tree_with_proofs_from_what_is_stored(log: Path) -> None:
    write(40)
    assert seal_all(batch=7).size == 40
    stored = leaves()
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    assert sizes == [7, 14, 21, 28, 35, 40]
    root = root_of(stored)
    proofs = tree.inclusion_proofs(range(40), 40)
    for index, proof in enumerate(proofs):
        assert verify_inclusion(leaf=stored[index], index=index, size=40, proof=proof, root=root)
    for size in sizes:
        assert tree.root_at(size) == root_of(stored[:size])
        proof = tree.consistency_proof(size, 40)
        assert verify_consistency(old_size=size, old_root=tree.root_at(size), size=40, root=root, proof=proof)


def test_an_event_that_commits_late_is_sealed_late_and_not_forgotten(log: Path) -> None:
    begun, may_commit = threading.Event(), threading.Event()

    def slow_writer() -> None:
        try:
            with transaction.atomic():
                record(entry_of(1))
                begun.set()
                may_commit.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    begun.wait(20)
    write(3, start=10)
    assert seal().sealed == 3
    may_commit.set()
    thread.join(20)
    assert seal().sealed == 1
    events = list(SealedEntry.objects.order_by("seq").values_list("event", flat=True))
    assert events[-1] == min(events)
    assert verify_database().ok


class Workers:
    """Threads that work as the application's role, each on a connection of its own; their errors are kept."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []

    def start(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(work,))
        thread.start()
        return thread

    def _run(self, work: Callable[[], None]) -> None:
        try:
            with as_role(APP_ROLE):
                work()
        except Exception as error:
            self.errors.append(error)
            raise
        finally:
            connections.close_all()


def write_forty_times(start: int) -> None:
    """79 events in 40 commits, and eight more that take their ids and never commit."""
    for number in range(40):
        write(1 + number % 3, start=start + 10 * number)
        if number % 5 == 0:
            with transaction.atomic():
                record(entry_of(number))
                transaction.set_rollback(True)


def test_many_writers_and_two_sealers_leave_no_gap(log: Path) -> None:
    workers, done = Workers(), threading.Event()

    def sealer() -> None:
        while not done.is_set():
            seal(batch=20)

    sealers = [workers.start(sealer) for _ in range(2)]
    writers = [workers.start(partial(write_forty_times, start)) for start in (0, 1000, 2000, 3000)]
    for thread in writers:
        thread.join(60)
    done.set()
    for thread in sealers:
        thread.join(60)
    seal_all()
    assert workers.errors == []
    assert AuditEvent.objects.count() == len(sequence()) == 4 * 79
    assert sequence() == list(range(4 * 79))
    assert not PendingEvent.objects.exists()
    report = verify_database()
    assert (report.findings, report.entries_checked) == ((), 4 * 79)
    assert report.published_checked == report.checkpoints_checked == Checkpoint.objects.count()


def test_a_second_sealer_goes_away_quietly(log: Path) -> None:
    write(2)
    held, release = threading.Event(), threading.Event()

    def other() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [0x4D50495345414C])
                held.set()
                release.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=other)
    thread.start()
    held.wait(20)
    result = seal()
    release.set()
    thread.join(20)
    assert (result.busy, result.sealed) == (True, 0)
    assert seal().sealed == 2


def test_the_connection_works_as_the_application_again_after_sealing(log: Path) -> None:
    write(1)
    seal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (APP_ROLE,)


def test_a_checkpoint_that_could_not_be_published_is_published_next_time(log: Path) -> None:
    log.write_text("a file where the directory should be")
    write(2)
    with pytest.raises(OSError, match="checkpoints"):
        seal()
    log.unlink()
    result = seal()
    assert (result.sealed, result.published, Checkpoint.objects.count()) == (0, 1, 1)


def test_a_missing_key_leaves_the_events_pending(log: Path) -> None:
    write(2)
    Path(settings.AUDIT_SIGNING_KEY_FILE).unlink()
    with pytest.raises(FileNotFoundError):
        seal()
    assert (PendingEvent.objects.count(), SealedEntry.objects.count()) == (2, 0)


CUT = (
    "DELETE FROM audit_sealed_entry WHERE seq >= 5",
    "DELETE FROM audit_tree_node WHERE (position + 1) << level > 5",
    "DELETE FROM audit_checkpoint WHERE size > 5",
)


def test_nothing_is_signed_over_a_log_that_was_cut(log: Path, tamper) -> None:
    write(5)
    seal()
    write(5)
    seal()
    tamper(*CUT)
    write(1)
    with pytest.raises(InconsistentLog, match="10 entries was published, but the log holds 5"):
        seal()
    assert Checkpoint.objects.count() == 1


def test_nothing_is_signed_over_a_log_that_was_rewritten(log: Path, tamper) -> None:
    write(5)
    seal()
    tamper(
        "DELETE FROM audit_sealed_entry",
        "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_tree_node",
        "INSERT INTO audit_pending_event (event, event_uuid) "
        "SELECT id, event_id FROM audit_event WHERE message_id <> 2",
    )
    published_file(log).rename(log / "kept")
    seal()
    write(9, start=50)
    seal()
    (log / "kept").rename(published_file(log))
    with pytest.raises(InconsistentLog, match="does not extend"):
        seal()


def test_nothing_is_signed_when_entries_do_not_fit_their_checkpoint(log: Path, tamper) -> None:
    write(5)
    seal()
    tamper("DELETE FROM audit_sealed_entry WHERE seq = 4")
    with pytest.raises(InconsistentLog, match="holds 4 entries"):
        seal()


def test_an_event_slipped_in_behind_the_trigger_is_a_stray(log: Path) -> None:
    write(1)
    seal()
    assert find_strays() == ()
    with as_role(None), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_note_pending")
        (event_id,) = write(1, start=9)
        cursor.execute("ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_note_pending")
    assert [stray for _, stray in find_strays()] == [event_id]
    assert [finding.kind for finding in verify_database().findings] == ["stray"]
