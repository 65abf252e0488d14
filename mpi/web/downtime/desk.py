"""The desk of a look-up station: the opened snapshot, its journal, and who may sign in."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import check_password, make_password

from mpi.downtime.book import Book, open_book
from mpi.downtime.journal import Journal

SNAPSHOT, STATION = "MPI_DOWNTIME_SNAPSHOT", "MPI_DOWNTIME_STATION"
"""How the command tells the web process what to open."""
_MOST_FAILURES = 10
_LOCKED_S = 900.0


def journal_path(snapshot: Path, station: int) -> Path:
    """Beside the snapshot, one a station."""
    return snapshot.with_name(f"{snapshot.name}.station-{station}.journal")


@dataclass(slots=True)
class Desk:
    """What one station works with."""

    book: Book
    journal: Journal
    station: int
    _failures: dict[str, list[float]] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def user(self, username: str) -> Mapping[str, Any] | None:
        """Whoever may sign in under this name."""
        return next((user for user in self.book.manifest.users if user["username"] == username), None)

    def sign_in(self, username: str, password: str) -> Mapping[str, Any] | None:
        """The user, None where name and password do not fit, or too many attempts have failed. Written down."""
        user = self.user(username)
        if self.is_locked(username):
            return None
        fits = user is not None and check_password(password, user["password"])
        if user is None:
            make_password(password)  # an unknown name takes as long: names cannot be found out by the time
        if user is None or not fits:
            with self._turn:
                self._failures.setdefault(username, []).append(time.monotonic())
            self.journal.append("sign-in-failed", {"user": username[:150]})
            return None
        self.journal.append("sign-in", {"user": username, "name": user["name"]})
        return user

    def is_locked(self, username: str) -> bool:
        """Whether too many attempts have failed lately."""
        since = time.monotonic() - _LOCKED_S
        with self._turn:
            lately = [moment for moment in self._failures.get(username, ()) if moment > since]
            self._failures[username] = lately
        return len(lately) >= _MOST_FAILURES

    @property
    def free_numbers(self) -> int:
        """Temporary numbers that are left."""
        used = sum(entry.kind == "register" for entry in self.journal.entries)
        return max(len(self.book.manifest.numbers_of(self.station)) - used, 0)

    def registered(self) -> list[Mapping[str, Any]]:
        """What was registered at this station, newest first."""
        return [entry.told for entry in reversed(self.journal.entries) if entry.kind == "register"]


def open_desk(snapshot: Path, station: int) -> Desk:
    """Read the snapshot whole, and open the station's journal. Raises InvalidInput, Busy."""
    book = open_book(snapshot)
    path = journal_path(snapshot, station)
    return Desk(book, Journal(path, snapshot=book.manifest.uuid, station=station), station)


@lru_cache(maxsize=1)
def desk() -> Desk:
    """The desk of this process."""
    return open_desk(Path(os.environ[SNAPSHOT]), int(os.environ[STATION]))
