"""What an administrator of the database changes is found and named."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from audit.canonical import event_leaf, event_select
from audit.checkpoint import ensure_signing_key, public_key_path
from audit.models import AuditEvent, PendingEvent, SealedEntry
from audit.publish import published_file
from audit.seal import seal, seal_all
from audit.verify import verify_database
from tests.audit.conftest import as_role, change_behind_the_guards, write


def found() -> list[tuple[str, int | None, str | None]]:
    return [(finding.kind, finding.seq, finding.event_id) for finding in verify_database().findings]


@pytest.fixture
def sealed(log: Path) -> tuple[UUID, ...]:
    """Forty events, sealed ten at a time."""
    ids = write(40)
    seal_all(batch=10)
    return ids


def row_of(event_id: UUID) -> int:
    return AuditEvent.objects.get(event_id=event_id).pk


def resealed_leaf(event_id: UUID) -> str:
    """The leaf of an event as it is now: what a careful forger would write into the sealed entry."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {event_select('e')} FROM audit_event e WHERE event_id = %s", [event_id])
        return event_leaf(cursor.fetchone()).hex()


def test_an_untouched_log_passes(sealed) -> None:
    report = verify_database()
    assert (report.ok, report.findings, report.findings_total) == (True, (), 0)
    assert (report.entries_checked, report.checkpoints_checked, report.published_checked, report.pending) == (
        40,
        4,
        4,
        0,
    )
    assert report.words.startswith("40 sealed entries checked against 4 checkpoints and 4 published ones: nothing")


def test_an_empty_log_is_said_to_be_empty(log: Path) -> None:
    report = verify_database()
    assert (report.ok, report.entries_checked) == (True, 0)
    assert report.words.startswith("No sealed entry checked")


@pytest.mark.parametrize(
    "change",
    [
        "actor_name = 'someone else'",
        "recorded_at = recorded_at - interval '1 microsecond'",
        "after = jsonb_set(after, '{probability}', '0.992')",
        "subjects = array_append(subjects, 'golden_record:E9')",
        "reason_text = ' '",
        "salt = decode(repeat('00', 32), 'hex')",
        "correlation_id = gen_random_uuid()",
        "message_id = NULL",
    ],
)
def test_an_edited_event_is_named(sealed, tamper, change: str) -> None:
    tamper(f"UPDATE audit_event SET {change} WHERE event_id = '{sealed[17]}'")
    assert found() == [("edited", 17, str(sealed[17]))]


def test_every_column_of_an_event_is_sealed() -> None:
    named = set(re.findall(r"\be\.(\w+)", event_select("e")))
    assert named == {field.column for field in AuditEvent._meta.fields} - {"id"}


def test_an_event_edited_together_with_its_seal_is_named_to_its_block(sealed, tamper) -> None:
    tamper(f"UPDATE audit_event SET actor_name = 'x' WHERE event_id = '{sealed[17]}'")
    tamper(f"UPDATE audit_sealed_entry SET leaf = decode('{resealed_leaf(sealed[17])}', 'hex') WHERE seq = 17")
    report = verify_database()
    assert [(finding.kind, finding.seq) for finding in report.findings] == [("forked", 10), ("edited", 16)]
    assert "10 to 19" in report.findings[0].words
    assert "16 to 31" in report.findings[1].words


def test_a_removed_event_is_named_though_its_row_is_gone(sealed, tamper) -> None:
    tamper(f"DELETE FROM audit_event WHERE event_id = '{sealed[17]}'")
    assert found() == [("removed", 17, str(sealed[17]))]


def test_an_event_removed_together_with_its_entry_is_named(sealed, tamper) -> None:
    tamper(f"DELETE FROM audit_event WHERE event_id = '{sealed[17]}'", "DELETE FROM audit_sealed_entry WHERE seq = 17")
    assert found() == [("removed", 17, None)]


def test_an_event_removed_and_the_others_moved_up_is_found(sealed, tamper) -> None:
    tamper(
        f"DELETE FROM audit_event WHERE event_id = '{sealed[17]}'",
        "DELETE FROM audit_sealed_entry WHERE seq = 17",
        "UPDATE audit_sealed_entry SET seq = seq + 1000 WHERE seq > 17",
        "UPDATE audit_sealed_entry SET seq = seq - 1001 WHERE seq > 1000",
    )
    report = verify_database()
    assert {finding.kind for finding in report.findings} >= {"forked", "truncated"}
    assert min(finding.seq for finding in report.findings if finding.seq is not None) == 10  # 10 to 19 hold the first


def test_two_events_that_changed_places_are_named(sealed, tamper) -> None:
    first, second = row_of(sealed[3]), row_of(sealed[27])
    tamper(
        "UPDATE audit_sealed_entry SET event = -1 WHERE seq = 3",
        f"UPDATE audit_sealed_entry SET event = {first} WHERE seq = 27",
        f"UPDATE audit_sealed_entry SET event = {second} WHERE seq = 3",
    )
    assert found() == [("reordered", 3, str(sealed[27])), ("reordered", 27, str(sealed[3]))]


def test_two_entries_that_changed_places_are_named(sealed, tamper) -> None:
    tamper(
        "UPDATE audit_sealed_entry SET seq = -1 WHERE seq = 32",
        "UPDATE audit_sealed_entry SET seq = 32 WHERE seq = 37",
        "UPDATE audit_sealed_entry SET seq = 37 WHERE seq = -1",
    )
    assert found() == [("reordered", 32, str(sealed[37])), ("reordered", 37, str(sealed[32]))]


CUT = (
    "DELETE FROM audit_event WHERE id IN (SELECT event FROM audit_sealed_entry WHERE seq >= 30)",
    "DELETE FROM audit_sealed_entry WHERE seq >= 30",
    "DELETE FROM audit_tree_node WHERE (position + 1) << level > 30",
)


def test_a_cut_tail_is_found_by_the_signed_checkpoint(sealed, tamper) -> None:
    tamper(*CUT)
    published_file(Path(settings.AUDIT_CHECKPOINT_DIR)).unlink()
    assert found() == [("truncated", 30, None)]


def test_a_cut_tail_is_found_by_the_published_checkpoint(sealed, tamper) -> None:
    tamper(*CUT, "DELETE FROM audit_checkpoint WHERE size > 30")
    report = verify_database()
    assert [(finding.kind, finding.seq) for finding in report.findings] == [("truncated", 30)]
    assert "30 to 39 were cut" in report.findings[0].words


def test_a_whole_log_written_anew_with_the_key_is_found_by_the_published_checkpoint(sealed, log: Path, tamper) -> None:
    tamper(
        "UPDATE audit_event SET actor_name = 'nobody' WHERE message_id = 17",
        "DELETE FROM audit_sealed_entry",
        "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_tree_node",
        "INSERT INTO audit_pending_event (event, event_uuid) SELECT id, event_id FROM audit_event",
    )
    kept = published_file(log).rename(log / "kept")
    seal_all(batch=10)
    assert found() == []  # the database alone is consistent again
    report = verify_database(checkpoints_path=kept)
    assert [finding.kind for finding in report.findings] == ["forked"]
    assert "published checkpoint of 20" in report.findings[0].words


def test_a_checkpoint_signed_with_another_key_is_found(sealed, tamper) -> None:
    path = Path(settings.AUDIT_SIGNING_KEY_FILE)
    for file in (path, public_key_path(path)):
        file.unlink()
    ensure_signing_key(path)
    kinds = {finding.kind for finding in verify_database().findings}
    assert kinds == {"signature"}


def test_a_changed_or_missing_checkpoint_row_is_found(sealed, tamper) -> None:
    tamper(
        "UPDATE audit_checkpoint SET note = replace(note, 'time 2', 'time 3') WHERE size = 10",
        "DELETE FROM audit_checkpoint WHERE size = 20",
    )
    assert found() == [("signature", 10, None), ("removed", 20, None)]


def test_a_changed_tree_is_told_from_changed_entries(sealed, tamper) -> None:
    tamper("UPDATE audit_tree_node SET hash = decode(repeat('00', 32), 'hex') WHERE position = 0 AND level = 4")
    report = verify_database()
    assert [(finding.kind, finding.seq) for finding in report.findings] == [("edited", 0)]
    assert "the entries are intact" in report.findings[0].words


def test_an_entry_that_no_checkpoint_covers_is_found(sealed, tamper) -> None:
    (event_id,) = write(1, start=90)
    tamper(
        "INSERT INTO audit_sealed_entry (seq, event, event_uuid, leaf) SELECT 40, event, event_uuid, "
        f"decode('{resealed_leaf(event_id)}', 'hex') FROM audit_pending_event",
        "DELETE FROM audit_pending_event",
    )
    assert found() == [("signature", 40, None)]


def test_an_event_removed_before_it_was_sealed_is_found(sealed, tamper) -> None:
    (event_id,) = write(1, start=90)
    tamper(f"DELETE FROM audit_event WHERE event_id = '{event_id}'")
    assert seal().sealed == 0
    assert found() == [("removed", None, str(event_id))]


def test_a_sealer_that_stands_still_is_found(sealed) -> None:
    write(1, start=90)
    assert (verify_database().ok, verify_database().pending) == (True, 1)
    with as_role(None):
        PendingEvent.objects.update(noted_at="2026-01-01T00:00:00Z")
    assert found() == [("unsealed", None, None)]


def test_a_rolled_back_published_file_is_found(sealed, log: Path) -> None:
    path = published_file(log)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1], "rubbish\n"]))
    assert [finding.kind for finding in verify_database().findings] == ["forked", "signature"]


def test_thousands_of_findings_are_counted_and_a_thousand_named(log: Path, tamper) -> None:
    write(1200)
    seal()
    tamper("UPDATE audit_event SET actor_name = 'x'")
    report = verify_database()
    assert (report.findings_total, len(report.findings)) == (1200, 1000)
    assert SealedEntry.objects.count() == report.entries_checked == 1200


def test_a_huge_gap_is_counted_without_walking_it(sealed, tamper) -> None:
    tamper("UPDATE audit_sealed_entry SET seq = 1000000000000 WHERE seq = 39")
    assert verify_database().findings_total > 10**11


def test_the_command_names_in_words_what_was_altered(sealed, capsys: pytest.CaptureFixture[str]) -> None:
    change_behind_the_guards(f"UPDATE audit_event SET reason_text = 'altered' WHERE id = {row_of(sealed[7])}")
    with pytest.raises(SystemExit) as ended:
        call_command("verifyaudit")
    assert ended.value.code == 1
    named = [line for line in capsys.readouterr().err.splitlines() if line.startswith("- ")]
    assert any("7" in line for line in named)
