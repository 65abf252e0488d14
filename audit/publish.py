"""Checkpoints published outside the database: the anchor that whoever rewrites the database cannot reach.

One JSON line `{"note": "<signed note>"}` a checkpoint, appended and fsynced after the commit that sealed it. Put
the directory on storage that the database's administrators cannot change.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from audit.checkpoint import BadNote, Statement, read_note

FILE_NAME = "checkpoints.ndjson"
_TAIL_BYTES = 16_384  # many times the longest line


def published_file(directory: Path) -> Path:
    """The file that holds every published checkpoint."""
    return directory / FILE_NAME


def last_published(directory: Path) -> Statement | None:
    """The newest published statement, or None if nothing was published yet. Raises BadNote for an unreadable line.

    Its signature is unchecked: the sealer compares its root with the tree, which nobody can forge towards us.
    """
    path = published_file(directory)
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = _whole(file.read()).splitlines()
    return read_note(_note_of(lines[-1])) if lines else None


def published_notes(path: Path, length: int | None = None) -> Iterator[tuple[int, str | None]]:
    """Each whole line's number (from 1) with its note, None for an unreadable line; the first `length` bytes only."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n") or (length is not None and file.tell() > length):
                return
            try:
                yield number, _note_of(line)
            except BadNote:
                yield number, None


def publish(directory: Path, newer_than: Callable[[int], Iterable[str]]) -> int:
    """Append every checkpoint newer than the last published one; answer how many.

    `newer_than(size)` gives their notes in ascending order. Under a file lock, so that two sealers that finish at
    once neither repeat nor reorder. Raises OSError (the next call publishes what this one could not).
    """
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    with published_file(directory).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _drop_half_line(published_file(directory))
        last = last_published(directory)
        notes = list(newer_than(last.size if last else 0))
        file.write(b"".join(json.dumps({"note": note}).encode() + b"\n" for note in notes))
        file.flush()
        os.fsync(file.fileno())
    return len(notes)


def _note_of(line: bytes) -> str:
    try:
        note = json.loads(line)["note"]
    except (ValueError, KeyError, TypeError):
        raise BadNote("A line of the published checkpoints is not readable.") from None
    if not isinstance(note, str):
        raise BadNote("A line of the published checkpoints holds no note.")
    return note


def _whole(data: bytes) -> bytes:
    """Without a last line that a crash left half-written."""
    return data[: data.rfind(b"\n") + 1]


def _drop_half_line(path: Path) -> None:
    """A line without its end was never published: the crash came before the fsync."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - _TAIL_BYTES)
        file.seek(start)
        whole = start + len(_whole(file.read()))
        if whole < size:
            file.truncate(whole)
