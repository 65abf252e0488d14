"""What a worker has begun and what came of it, line by line in a file: it outlives the kill of its process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import SEEK_END
from pathlib import Path
from typing import Any

_TAIL_BYTES = 4_096
"""More than the last two lines of a journal take."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `outcome` is "" while it is under way (or for ever, if its process was killed).

    acknowledged   control ids of messages that were answered for: none of them may be lost
    retried        how often the index was busy, and the act was tried again
    """

    number: int
    act: str
    outcome: str = ""
    acknowledged: tuple[str, ...] = ()
    retried: int = 0


@dataclass(slots=True)
class Journal:
    """One worker's file."""

    path: Path

    def write(self, entry: Entry) -> None:
        """Append, and hand it to the system at once."""
        told = [entry.number, entry.act, entry.outcome, list(entry.acknowledged), entry.retried]
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")

    def entries(self) -> Iterator[Entry]:
        """All that was written whole, in order."""
        return self._read(since_end=None)

    def begun(self) -> int:
        """How many acts were begun: the last line that was written whole says so, however long the journal is."""
        return max((entry.number + 1 for entry in self._read(since_end=_TAIL_BYTES)), default=0)

    def _read(self, *, since_end: int | None) -> Iterator[Entry]:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            if since_end is not None:
                file.seek(max(file.seek(0, SEEK_END) - since_end, 0))
            lines = file.read().splitlines()
        for line in lines:
            try:
                number, act, outcome, acknowledged, retried = json.loads(line)
            except ValueError:
                continue  # cut off by the kill, or by where the reading began
            yield Entry(number, act, outcome, tuple(acknowledged), retried)


@dataclass(slots=True)
class Outcomes:
    """All journals together."""

    by_act: dict[str, Counter[str]] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    retried: int = 0

    def add(self, journal: Journal) -> None:
        """Read one."""
        last: dict[int, Entry] = {entry.number: entry for entry in journal.entries()}
        for entry in last.values():
            self.by_act.setdefault(entry.act, Counter())[entry.outcome or "killed"] += 1
            self.acknowledged.update(entry.acknowledged)
            self.retried += entry.retried

    @property
    def failed(self) -> int:
        """Acts that ended as no act should."""
        return sum(count for told in self.by_act.values() for name, count in told.items() if name.startswith("failed"))

    def as_document(self) -> dict[str, Any]:
        """Counts by act and outcome, both in order."""
        return {act: dict(sorted(told.items())) for act, told in sorted(self.by_act.items())}
