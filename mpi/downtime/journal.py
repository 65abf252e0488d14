"""What happened at one look-up station during downtime: sign-ins, look-ups, registrations. Append-only, sealed.

Each entry is on the disk before it is answered. Entries are sealed by their number and chained by hashes: none can be
altered, left out or moved unseen. What a crash left half-written at the end was never answered, and is cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import orjson

from audit.uuid7 import uuid7
from mpi.downtime.keys import downtime_keys
from mpi.downtime.sealed import MAGIC, Sealer, header_line, raw_parts, read_header
from mpi.errors import Busy, InvalidInput

_START = b"\0" * 32


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its number from 1, the hash of all up to it, and what it says.

    kind   sign-in, sign-in-failed, search, read, register
    """

    number: int
    chain: str
    kind: str
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JournalHead:
    """Whose journal it is: the snapshot that was looked up in, and the station."""

    snapshot: str
    station: int


def read_journal(path: Path) -> tuple[JournalHead, list[Entry]]:
    """The journal, verified.

    Raises InvalidInput where it is of another key, an entry was altered or left out, or its end is torn.
    """
    try:
        with path.open("rb") as file:
            header, told = read_header(file)
            if told.get("kind") != "journal":
                raise InvalidInput("This downtime file is no journal.")
            sealer = Sealer(header, downtime_keys())
            begins, parts = file.tell(), list(raw_parts(file))
            entries = list(_entries(iter(parts), sealer))
            if begins + sum(4 + len(sealed) for sealed in parts) != path.stat().st_size:
                raise InvalidInput(
                    "The end of the journal is torn. Start the look-up with it once more: what is whole is kept, and "
                    "what is torn is put beside it."
                )
    except OSError as error:
        raise InvalidInput(f"The file {path} cannot be read: {error.strerror}.") from error
    return JournalHead(str(told["snapshot"]), int(told["station"])), entries


def _entries(parts: Iterator[bytes], sealer: Sealer) -> Iterator[Entry]:
    chain = _START
    for number, sealed in enumerate(parts, start=1):
        plain = sealer.open(sealed, number)
        told = orjson.loads(plain)
        if told["before"] != chain.hex():
            raise InvalidInput(f"Entry {number} of the journal does not follow the one before it.")
        chain = hashlib.sha256(plain).digest()
        yield Entry(number, chain.hex(), told["kind"], told)


class Journal:
    """The open journal of one station. One process at a time has it; its threads take turns."""

    def __init__(self, path: Path, *, snapshot: str, station: int) -> None:
        """Open it, or begin it. Raises InvalidInput for another snapshot's, Busy while another process has it."""
        self._turn, self._path = threading.Lock(), path
        fresh = not path.exists()
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise Busy("Another look-up has this journal open; give each station a number of its own.") from error
        if fresh or path.stat().st_size == 0:
            told = {"kind": "journal", "snapshot": snapshot, "station": station}
            self._file.write(MAGIC + header_line(told, downtime_keys()))
            self._sync()
        self.entries: list[Entry] = []
        self._take_up(JournalHead(snapshot, station))

    def _take_up(self, wanted: JournalHead) -> None:
        self._file.seek(0)
        header, told = read_header(self._file)
        if (told.get("snapshot"), told.get("station")) != (wanted.snapshot, wanted.station):
            raise InvalidInput("This journal belongs to another snapshot or station; reconcile it and begin a new one.")
        self._sealer = Sealer(header, downtime_keys())
        parts = list(raw_parts(self._file))
        self.entries = list(_entries(iter(parts), self._sealer))
        begins = len(MAGIC) + len(header)
        whole = begins + sum(4 + len(sealed) for sealed in parts)
        self._file.seek(whole)
        if torn := self._file.read():
            # Never answered, if it is what a crash left; kept all the same, in case something else broke the file.
            self._path.with_name(f"{self._path.name}.torn-{uuid7()}").write_bytes(torn)
            self._file.truncate(whole)
            self._file.seek(whole)

    def append(self, kind: str, told: Mapping[str, Any]) -> Entry:
        """One more entry, on the disk when this returns. Gives it a uuid and the time."""
        with self._turn:
            return self._append(kind, told)

    def take_number(self, numbers: tuple[str, ...], told: Mapping[str, Any], *, token: str) -> str:
        """Register somebody under the next free number; the same form (`token`) sent twice gets the same one.

        Raises InvalidInput when all are used, and for a form that was sent before with other entries.
        """
        with self._turn:
            before = {entry.told["token"]: entry.told for entry in self.entries if entry.kind == "register"}
            if token in before:
                return _as_before(before[token], told)
            used = {entry["number"] for entry in before.values()}
            free = next((number for number in numbers if number not in used), None)
            if free is None:
                raise InvalidInput("All temporary numbers of this station are used; write the patient down on paper.")
            self._append("register", {**told, "number": free, "token": token})
            return free

    def _append(self, kind: str, told: Mapping[str, Any]) -> Entry:
        number = len(self.entries) + 1
        before = self.entries[-1].chain if self.entries else _START.hex()
        at = datetime.now(UTC).isoformat()
        whole = {**told, "kind": kind, "uuid": str(uuid7()), "at": at, "before": before}
        plain = orjson.dumps(whole)
        self._file.write(self._sealer.seal(plain, number))
        self._sync()
        entry = Entry(number, hashlib.sha256(plain).hexdigest(), kind, whole)
        self.entries.append(entry)
        return entry

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _as_before(entry: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """The number that this form got. Raises InvalidInput where it says something else now: that would be lost."""
    if any(entry[name] != told[name] for name in ("record", "euid", "reason")):
        raise InvalidInput(
            f"This form has registered a patient already, under {entry['number']}, with other entries. Nothing was "
            "changed: begin a new form for the next patient."
        )
    return str(entry["number"])
