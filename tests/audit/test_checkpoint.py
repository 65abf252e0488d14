"""Signed notes and the file they are published in."""

from __future__ import annotations

import base64
import stat
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import (
    BadNote,
    Statement,
    ensure_signing_key,
    load_public_key,
    load_signing_key,
    open_note,
    public_key_path,
    sign,
)
from audit.publish import last_published, publish, published_file, published_notes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()


def statement_of(size: int) -> Statement:
    return Statement("log.example/audit", size, bytes([size]) * 32, datetime(2026, 1, 31, 8, 5, tzinfo=UTC))


def test_a_note_has_the_lines_of_a_c2sp_checkpoint_and_its_key_hash() -> None:
    lines = sign(statement_of(7), KEY).split("\n")
    raw = PUBLIC.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert lines[:5] == [
        "log.example/audit",
        "7",
        base64.b64encode(b"\x07" * 32).decode(),
        "time 2026-01-31T08:05:00.000000Z",
        "",
    ]
    assert lines[5].startswith("\u2014 log.example/audit ")
    signature = base64.b64decode(lines[5].split(" ")[2])
    assert signature[:4] == sha256(b"log.example/audit\n\x01" + raw).digest()[:4]
    PUBLIC.verify(signature[4:], "\n".join(lines[:4]).encode() + b"\n")


def test_a_note_opens_with_its_key_only() -> None:
    note = sign(statement_of(7), KEY)
    assert open_note(note, PUBLIC) == statement_of(7)
    with pytest.raises(BadNote, match="not signed with the log's key"):
        open_note(note, Ed25519PrivateKey.generate().public_key())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\n7\n", "\n8\n", "is wrong"),
        ("audit\n", "audit\nmore\n", "form"),
        ("time 2", "time x", "time"),
        ("BwcH", "!wcH", "base64"),
    ],
)
def test_a_changed_note_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(BadNote, match=words):
        open_note(sign(statement_of(7), KEY).replace(old, new, 1), PUBLIC)


def test_a_signing_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "audit.pem"
    ensure_signing_key(path)
    first = path.read_bytes()
    ensure_signing_key(path)
    assert path.read_bytes() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    note = sign(statement_of(1), load_signing_key(path))
    assert open_note(note, load_public_key(public_key_path(path))).size == 1
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["audit.pem", "audit.pub"]


def test_only_what_is_newer_is_published_and_a_half_written_line_is_dropped(tmp_path: Path) -> None:
    notes = {size: sign(statement_of(size), KEY) for size in (3, 5, 9)}

    def newer_than(size: int) -> list[str]:
        return [note for at, note in notes.items() if at > size]

    assert last_published(tmp_path) is None
    assert publish(tmp_path, newer_than) == 3
    path = published_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])  # a crash in the middle of the last line
    assert last_published(tmp_path) == statement_of(5)
    assert [number for number, _ in published_notes(path)] == [1, 2]
    assert publish(tmp_path, newer_than) == 1
    assert [open_note(note or "", PUBLIC).size for _, note in published_notes(path)] == [3, 5, 9]


def test_an_unreadable_line_is_told_and_not_skipped(tmp_path: Path) -> None:
    published_file(tmp_path).write_text("rubbish\n[]\n")
    assert list(published_notes(published_file(tmp_path))) == [(1, None), (2, None)]
    with pytest.raises(BadNote):
        last_published(tmp_path)
