"""The lines of a file as tasks of a bulk load; what the load cannot take is put aside and looked at after it.

A second line of one record is put aside: whether it repeats the line before it or changes the record is told by
the ordinary rules of an import, once all lines are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.conf import settings

from mpi.errors import Flaw
from mpi.services.bulk_prepare import Lines
from mpi.services.import_file import LINES_A_COMMIT, Advance, Reading, mapped_line
from mpi.services.import_lines import Line, read_lines
from mpi.services.receive import Draft, flat_payload

_LINES_A_TASK = 2 * LINES_A_COMMIT


@dataclass(slots=True)
class Aside:
    """Lines that are not part of the load. `_seen` holds the number of the first line of each record."""

    reading: Reading
    lines: list[tuple[int, Line]] = field(default_factory=list, repr=False)
    _seen: dict[int, int] = field(default_factory=dict, repr=False)
    _firsts: set[int] = field(default_factory=set)

    def takes(self, place: int, line: Line) -> bool:
        """Whether this line is put aside. `place` is its number in the load."""
        if line.flaws:
            return False
        key = hash((line.row.get("source_system", "").strip(), line.row.get("mrn", "").strip()))
        first = self._seen.setdefault(key, line.number)
        if first == line.number:
            return False
        self._firsts.add(first)
        self.lines.append((place, line))
        return True

    def resolve(self, path: Path, flaws: list[Flaw]) -> list[list[Draft]]:
        """What was put aside as messages to be stored, by the batch of the import that would have taken them.

        Repeated lines and lines with flaws are counted and noted.
        """
        if not self.lines:
            return []
        self._hear_firsts(path)
        late: dict[int, list[Draft]] = defaultdict(list)
        for place, line in self.lines:
            mapped = mapped_line(line, self.reading, flaws)
            if mapped is not None:
                late[place // settings.INGEST_BATCH].append(
                    Draft(
                        "csv" if self.reading.header else "ndjson",
                        flat_payload(line.row),
                        mapped.record.source_system,
                        mapped.record.mrn,
                        line=line.number,
                        source_time=mapped.source_time,
                    )
                )
        return list(late.values())

    def _hear_firsts(self, path: Path) -> None:
        """Read the first lines of these records again: only they tell whether a later one repeats them."""
        counts = self.reading.counts.copy()
        for line in read_lines(path):
            if line.number in self._firsts:
                mapped_line(line, self.reading, [])
        self.reading.counts.clear()
        self.reading.counts.update(counts)


def line_tasks(path: Path, aside: Aside, advance: Advance) -> Iterator[Lines]:
    """All lines of the file in tasks, in their order."""
    lines, place = read_lines(path), 0
    while batch := list(islice(lines, _LINES_A_TASK)):
        taken = tuple(None if aside.takes(number, line) else line for number, line in enumerate(batch, start=place))
        aside.reading.counts["lines"] += len(batch)
        yield Lines(place, taken)
        place += len(batch)
        advance(len(batch))
