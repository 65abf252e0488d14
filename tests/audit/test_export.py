"""Exports: CSV that no spreadsheet runs, NDJSON that proves itself without the database."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import transaction

from audit.checkpoint import load_public_key, public_key_path
from audit.export import csv_lines, ndjson_lines
from audit.findings import VerifyReport
from audit.publish import published_file
from audit.queries import AuditFilter
from audit.record import record
from audit.seal import seal, seal_all
from audit.verify_export import NotAnExport, verify_export
from tests.audit.conftest import entry_of, write

Line = dict[str, Any]


def table(wanted: AuditFilter) -> list[dict[str, str]]:
    return list(csv.DictReader("".join(csv_lines(wanted)).splitlines()))


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_csv_is_a_formula(start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    record(entry_of(1, actor_name=text, reason_text=text, subject_id=text))
    (row,) = csv.DictReader(list(csv_lines(AuditFilter())), strict=True)
    assert row["actor_name"] == row["reason_text"] == row["subject_id"] == f"'{text}"


def test_the_csv_holds_every_event_oldest_first_sealed_or_not(log: Path) -> None:
    write(510)
    seal()
    write(1, start=900)
    rows = table(AuditFilter())
    assert [row["message_id"] for row in rows] == [str(number) for number in (*range(510), 900)]
    assert (rows[0]["seq"], rows[-1]["seq"]) == ("0", "")
    assert (rows[3]["words"], rows[3]["subject_id"]) == ("Source record linked", "E000003")
    assert json.loads(rows[3]["after"]) == {"number": 3, "probability": 0.991}
    assert len(table(AuditFilter(message_id=4))) == 1


@pytest.fixture
def public_key(log_files: Path) -> Ed25519PublicKey:
    return load_public_key(public_key_path(Path(settings.AUDIT_SIGNING_KEY_FILE)))


@pytest.fixture
def verified(log: Path, public_key: Ed25519PublicKey, tmp_path: Path) -> Callable[..., VerifyReport]:
    """Export twelve sealed events (whole log or a part), change the lines, verify offline."""
    write(12)
    seal_all(batch=5)
    write(1, start=99)  # not sealed: in no NDJSON

    def run(wanted: AuditFilter, change: Callable[[list[Line]], None] = lambda lines: None) -> VerifyReport:
        lines = [json.loads(line) for line in ndjson_lines(wanted)]
        change(lines)
        path = tmp_path / "export.ndjson"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return verify_export(path, public_key=public_key, checkpoints_path=published_file(log))

    return run


WHOLE = AuditFilter()
PART = AuditFilter(actor_id="system:ingest")


@pytest.mark.parametrize("wanted", [WHOLE, PART])
def test_an_export_proves_itself_offline(verified, wanted: AuditFilter) -> None:
    report = verified(wanted)
    assert (report.ok, report.entries_checked, report.published_checked) == (True, 12, 3)


def test_an_export_of_one_person_holds_only_its_events_each_proven(verified) -> None:
    report = verified(AuditFilter(subjects=(("golden_record", "E000004"),)))
    assert (report.ok, report.entries_checked) == (True, 1)


def edit(lines: list[Line]) -> None:
    lines[5]["event"]["actor_name"] = "nobody"


def edit_with_leaf(lines: list[Line]) -> None:
    from audit.canonical import document_leaf

    edit(lines)
    lines[5]["leaf"] = document_leaf(lines[5]["event"]).hex()


def remove(lines: list[Line]) -> None:
    del lines[5]


def reorder(lines: list[Line]) -> None:
    lines[5], lines[6] = lines[6], lines[5]


def cut(lines: list[Line]) -> None:
    del lines[-3:]


def cut_neatly(lines: list[Line]) -> None:
    del lines[-3:-1]
    lines[-1]["events"] = 10


def hide(lines: list[Line]) -> None:
    lines[5]["event"] = None


def rename(lines: list[Line]) -> None:
    lines[0]["checkpoint"] = lines[0]["checkpoint"].replace("\n12\n", "\n11\n")


def unmark(lines: list[Line]) -> None:
    lines[0]["complete"] = not lines[0]["complete"]


@pytest.mark.parametrize(
    ("wanted", "change", "finding"),
    [
        (WHOLE, edit, ("edited", 4)),
        (PART, edit, ("edited", 4)),
        (WHOLE, edit_with_leaf, ("forked", 4)),
        (PART, edit_with_leaf, ("forked", 4)),
        (WHOLE, remove, ("removed", 4)),
        (PART, remove, ("removed", None)),
        (WHOLE, reorder, ("reordered", 4)),
        (PART, reorder, ("reordered", 4)),
        (WHOLE, cut, ("truncated", None)),
        (PART, cut, ("truncated", None)),
        (WHOLE, cut_neatly, ("truncated", 10)),
        (WHOLE, hide, ("removed", 4)),
        (PART, hide, ("removed", 4)),
        (WHOLE, rename, ("signature", None)),
        (PART, rename, ("signature", None)),
        (WHOLE, unmark, ("forked", 4)),
    ],
)
def test_a_changed_export_is_found_and_the_entry_named(verified, wanted, change, finding) -> None:
    report = verified(wanted, change)
    assert finding in [(one.kind, one.seq) for one in report.findings]


def test_an_export_from_a_log_that_was_cut_is_found_by_the_published_file(verified, log: Path) -> None:
    kept = published_file(log).read_text()

    def older(lines: list[Line]) -> None:
        lines[0]["checkpoint"] = json.loads(kept.splitlines()[1])["note"]
        del lines[11:13]
        lines[-1]["events"] = 10

    assert [(one.kind, one.seq) for one in verified(WHOLE, older).findings] == [("truncated", 10)]


def test_the_event_of_the_export_itself_belongs_to_the_caller(log: Path) -> None:
    with transaction.atomic():
        record(entry_of(1, action="export.audit"))
    assert [row["action"] for row in table(AuditFilter())] == ["export.audit"]


def test_an_event_removed_from_the_database_shows_in_the_export(verified, tamper) -> None:
    tamper("DELETE FROM audit_event WHERE message_id = 7")
    assert [(one.kind, one.seq) for one in verified(WHOLE).findings] == [("removed", 7)]


def test_an_export_of_an_empty_log_proves_nothing_and_says_so(log: Path, public_key, tmp_path: Path) -> None:
    path = tmp_path / "export.ndjson"
    path.write_text("".join(ndjson_lines(WHOLE)))
    report = verify_export(path, public_key=public_key)
    assert (report.entries_checked, [one.kind for one in report.findings]) == (0, ["signature"])


@pytest.mark.parametrize("text", ["", "seq,event\n", "[]\n", '{"format": "other"}\n', '{"format": NaN}\n'])
def test_another_file_is_not_an_export(tmp_path: Path, public_key, text: str) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(NotAnExport):
        verify_export(path, public_key=public_key)


@pytest.mark.parametrize(
    "line",
    [
        '{"kind":"event","seq":0,"leaf":"zz","event":{}}',
        '{"kind":"event","seq":-1,"leaf":"00","event":{"a":"\\ud800"}}',
    ],
)
def test_a_hostile_line_is_a_finding_and_not_a_crash(verified, tmp_path: Path, public_key, line: str) -> None:
    verified(PART)
    path = tmp_path / "export.ndjson"
    path.write_text(path.read_text() + line + "\n")
    assert not verify_export(path, public_key=public_key).ok
