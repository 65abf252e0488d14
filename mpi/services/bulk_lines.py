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
from mpi.models import SourceRecord
from mpi.services.bulk_packed import packed_lines
from mpi.services.bulk_prepare import Lines
from mpi.services.import_file import LINES_A_COMMIT, Advance, Reading, draft_of, mapped_line
from mpi.services.import_lines import Line, read_lines
from mpi.services.receive import Draft

_LINES_A_TASK = 2 * LINES_A_COMMIT


@dataclass(slots=True)
class Aside:
    """Lines that are not part of the load. `near` are numbers of lines that come near persons of the index."""

    reading: Reading
    lines: list[tuple[int, Line]] = field(default_factory=list, repr=False)
    near: set[int] = field(default_factory=set)
    _seen: dict[int, int] = field(default_factory=dict, repr=False)
    """The number of the first line of each record."""
    _firsts: set[int] = field(default_factory=set)

    def takes(self, place: int, line: Line) -> bool:
        """Whether this line is put aside. `place` is its number in the load."""
        if line.flaws:
            return False
        first = self._seen.setdefault(hash(_number_of(line)), line.number)
        if first == line.number and place not in self.near:
            return False
        if first != line.number:
            self._firsts.add(first)
        self.lines.append((place, line))
        return True

    def forget(self, near: set[int]) -> None:
        """Begin anew, with these lines known to come near persons of the index."""
        self.near = near
        self.lines, self._seen, self._firsts = [], {}, set()

    def resolve(self, path: Path, flaws: list[Flaw]) -> list[list[Draft]]:
        """What was put aside as messages to be stored, by the batch of the import that would have taken them.

        Repeated lines, lines with flaws and those that say what the index knows are counted, the first two noted.
        """
        if not self.lines:
            return []
        self._hear_firsts(path)
        told = [(place, line, mapped_line(line, self.reading, flaws)) for place, line in self.lines]
        usable = iter([(place, line, mapped) for place, line, mapped in told if mapped is not None])
        late: dict[int, list[Draft]] = defaultdict(list)
        while part := list(islice(usable, LINES_A_COMMIT)):
            fresh = self.reading.known.fresh([(line, mapped) for _, line, mapped in part])
            self.reading.counts["unchanged"] += len(part) - len(fresh)
            places = {line.number: place for place, line, _ in part}
            for line, mapped in fresh:
                late[places[line.number] // settings.INGEST_BATCH].append(draft_of(line, mapped, self.reading))
        return list(late.values())

    def _hear_firsts(self, path: Path) -> None:
        """Read the first lines of these records again: only they tell whether a later one repeats them."""
        wanted = self._firsts - {line.number for _, line in self.lines}
        if not wanted:
            return
        counts = self.reading.counts.copy()
        for line in read_lines(path):
            if line.number in wanted:
                mapped_line(line, self.reading, [])
        self.reading.counts.clear()
        self.reading.counts.update(counts)


def _number_of(line: Line) -> tuple[str, str]:
    """Source system and number of a line, as it tells them."""
    return line.row.get("source_system", "").strip(), line.row.get("mrn", "").strip()


def line_tasks(path: Path, aside: Aside, advance: Advance) -> Iterator[Lines]:
    """All lines of the file in tasks, in their order."""
    for place, batch in _batches(path):
        taken = packed_lines([None if aside.takes(place + n, line) else line for n, line in enumerate(batch)])
        aside.reading.counts["lines"] += len(batch)
        yield Lines(place, len(batch), taken)
        advance(len(batch))


def looking_tasks(path: Path, known: set[int]) -> Iterator[Lines]:
    """The same lines, only to be looked at; numbers of those whose record the index holds are added to `known`."""
    for place, batch in _batches(path):
        stored = _stored_numbers(batch)
        known.update(number for number, line in enumerate(batch, start=place) if _number_of(line) in stored)
        yield Lines(place, len(batch), packed_lines(batch), rows=False)


def _batches(path: Path) -> Iterator[tuple[int, list[Line]]]:
    lines, place = read_lines(path), 0
    while batch := list(islice(lines, _LINES_A_TASK)):
        yield place, batch
        place += len(batch)


def _stored_numbers(batch: list[Line]) -> set[tuple[str, str]]:
    """Source systems and numbers that the index holds, of those that these lines tell."""
    told = SourceRecord.objects.filter(mrn__in={_number_of(line)[1] for line in batch if not line.flaws})
    return set(told.values_list("source_system__code", "mrn"))
