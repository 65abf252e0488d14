"""What a bulk load holds in memory between its two halves, and how it is dealt out to the processes.

About 1.5 kB a record: standard record, values and blocking keys, serialised.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from mpi.services.bulk_prepare import Prepared
from mpi.services.bulk_worker import FULL, HIDDEN, Component, Settling, Stored
from mpi.services.components import components

_RECORDS_A_TASK = 1_000
_MOST_MOVES = 400
"""Keys for moved links are taken for so many moves of every second record: far more than joins of one person make."""


@dataclass(slots=True)
class BulkReport:
    """What one load did. `stages` are seconds by stage; `late` the lines left to the online path, `late_ids` their
    messages by batch."""

    records: int = 0
    persons: int = 0
    pairs: int = 0
    late: int = 0
    stages: dict[str, float] = field(default_factory=dict)
    late_ids: list[list[int]] = field(default_factory=list, repr=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the seconds of the block to the stage."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.stages[name] = round(self.stages.get(name, 0.0) + time.monotonic() - began, 2)


@dataclass(slots=True)
class Held:
    """The records of the load between its two halves, by line; lines without a record hold nothing."""

    standards: list[bytes] = field(default_factory=list, repr=False)
    members: list[bytes] = field(default_factory=list, repr=False)
    batches: array[int] = field(default_factory=lambda: array("i"), repr=False)
    hashes: array[int] = field(default_factory=lambda: array("q"), repr=False)
    rules: bytearray = field(default_factory=bytearray, repr=False)
    marks: bytearray = field(default_factory=bytearray, repr=False)
    starts: array[int] = field(default_factory=lambda: array("q", [0]), repr=False)
    records: int = 0

    def add(self, prepared: Prepared) -> None:
        """Take a chunk in; chunks come in the order of the file."""
        told = iter(zip(prepared.standards, prepared.members, prepared.batches, prepared.key_counts, strict=True))
        numbers = set(prepared.ids)
        for number in range(prepared.first, prepared.first + prepared.lines):
            standard, member, batch, keys = next(told) if number in numbers else (b"", b"", 0, 0)
            self.standards.append(standard)
            self.members.append(member)
            self.batches.append(batch)
            self.starts.append(self.starts[-1] + keys)
        self.hashes.extend(prepared.hashes)
        self.rules.extend(prepared.rules)
        self.marks.extend(bytes(len(prepared.hashes)))
        self.records += len(prepared.ids)

    def mark(self, number: int, value: int, *, found: bool, full: bool) -> None:
        """Note that this key of the record is shared by too many."""
        for place in range(self.starts[number], self.starts[number + 1]):
            if self.hashes[place] == value:
                self.marks[place] = (0 if found else HIDDEN) | (FULL if full else 0)

    def stored(self, number: int) -> Stored:
        """One record as a task takes it; it is wanted once only, so it is let go here."""
        keys = slice(self.starts[number], self.starts[number + 1])
        stored = Stored(
            number,
            self.batches[number],
            self.standards[number],
            self.members[number],
            self.hashes[keys].tobytes(),
            bytes(self.rules[keys]),
            bytes(self.marks[keys]),
        )
        self.standards[number] = self.members[number] = b""
        return stored


@dataclass(frozen=True, slots=True)
class Dealing:
    """Connected components of a load, and how many keys their rows may take beside those of each record."""

    groups: dict[int, list[int]] = field(repr=False)
    pairs: dict[int, list[tuple[int, int]]] = field(repr=False)

    @property
    def matches(self) -> int:
        """The most potential matches."""
        return sum(map(len, self.pairs.values()))

    @property
    def joins(self) -> int:
        """The most joins that open questions lead to."""
        return sum(joins_among(len(numbers)) for numbers in self.groups.values())

    @property
    def moves(self) -> int:
        """The most links that joins may move."""
        return sum(moves_among(len(numbers)) for numbers in self.groups.values())


def joins_among(records: int) -> int:
    """How many joins open questions may lead to: a question, and a third record that answers it."""
    return records - 1 if records > 2 else 0


def moves_among(records: int) -> int:
    """How many links may move while so many records become one person: a join needs a third record."""
    return records * min(records - 1, _MOST_MOVES) // 2 if records > 2 else 0


def dealing(lines: int, pairs: Iterable[tuple[int, int]], close: Iterable[tuple[int, int]]) -> Dealing:
    """The components that close pairs make among the lines, with all promising pairs inside of each.

    Promising pairs alone would make most of a million records one component.
    """
    groups = components(lines, close)
    first_of = {number: first for first, numbers in groups.items() for number in numbers}
    by_component: dict[int, list[tuple[int, int]]] = {}
    for pair in pairs:
        first = first_of.get(pair[0])
        if first is not None and first == first_of.get(pair[1]):
            by_component.setdefault(first, []).append(pair)
    return Dealing(groups, by_component)


def settling_tasks(load: Held, deal: Dealing, firsts: Sequence[int]) -> Iterator[Settling]:
    """Components in tasks of about `_RECORDS_A_TASK` records, in the order of their first records.

    `firsts` are the first of the fresh keys, as `Settling` has them.
    """
    later = {number for numbers in deal.groups.values() for number in numbers[1:]}
    waiting: list[Component] = []
    records, taken = 0, [0, 0, 0, 0]
    for number in range(len(load.standards)):
        if number in later or not load.standards[number]:
            continue
        numbers: Sequence[int] = deal.groups.get(number, (number,))
        own = deal.pairs.pop(number, [])
        waiting.append(Component(tuple(load.stored(one) for one in numbers), tuple(own)))
        records += len(numbers)
        joins = joins_among(len(numbers))
        taken = [a + b for a, b in zip(taken, (len(own), moves_among(len(numbers)), joins, joins), strict=True)]
        if records >= _RECORDS_A_TASK:
            yield Settling(tuple(waiting), *firsts)
            firsts = [first + count for first, count in zip(firsts, taken, strict=True)]
            waiting, records, taken = [], 0, [0, 0, 0, 0]
    yield Settling(tuple(waiting), *firsts)
