"""What a bulk load holds in memory between its two halves, and how it is dealt out to the processes.

About 1.5 kB a record: standard record, values and blocking keys, serialised.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from matching.blocking import RULES
from mpi.services.bulk_prepare import Prepared
from mpi.services.bulk_settle import components
from mpi.services.bulk_worker import Component, Settling, Stored

_RECORDS_A_TASK = 1_000


@dataclass(slots=True)
class BulkReport:
    """What one load did. `stages` are seconds by stage; `late` the lines left to the online path."""

    records: int = 0
    persons: int = 0
    pairs: int = 0
    late: int = 0
    stages: dict[str, float] = field(default_factory=dict)
    late_ids: list[int] = field(default_factory=list, repr=False)

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
    """The records of the load between its two halves, by number."""

    standards: list[bytes] = field(default_factory=list, repr=False)
    members: list[bytes] = field(default_factory=list, repr=False)
    hashes: array[int] = field(default_factory=lambda: array("q"), repr=False)
    rules: array[int] = field(default_factory=lambda: array("b"), repr=False)
    starts: array[int] = field(default_factory=lambda: array("q", [0]), repr=False)
    capped: dict[int, set[str]] = field(default_factory=dict)

    def add(self, prepared: Prepared) -> None:
        """Take a chunk in; chunks come in the order of the file."""
        self.standards += prepared.standards
        self.members += prepared.members
        self.hashes.extend(prepared.hashes)
        self.rules.extend(prepared.rules)
        for count in prepared.key_counts:
            self.starts.append(self.starts[-1] + count)

    def pass_over(self, number: int, value: int) -> None:
        """Note that this key of the record found nobody because too many share it."""
        keys = range(self.starts[number], self.starts[number + 1])
        found = {RULES[self.rules[place]] for place in keys if self.hashes[place] == value}
        self.capped.setdefault(number, set()).update(found)

    def stored(self, number: int) -> Stored:
        """One record as a task takes it; it is wanted once only, so it is let go here."""
        keys = slice(self.starts[number], self.starts[number + 1])
        capped = tuple(sorted(self.capped.get(number, ())))
        stored = Stored(
            number, self.standards[number], self.members[number], self.hashes[keys], self.rules[keys], capped
        )
        self.standards[number] = self.members[number] = b""
        return stored


def settling_tasks(load: Held, pairs: Sequence[tuple[int, int]], match_ids: Iterator[int]) -> Iterator[Settling]:
    """Components in tasks of about `_RECORDS_A_TASK` records, in the order of their first records."""
    groups = components(len(load.standards), pairs)
    first_of = {number: first for first, numbers in groups.items() for number in numbers}
    by_component: dict[int, list[tuple[int, int]]] = {}
    for left, right in pairs:
        by_component.setdefault(first_of[left], []).append((left, right))
    waiting: list[Component] = []
    records = questions = 0
    for number in range(len(load.standards)):
        if first_of.get(number, number) != number:
            continue
        own = by_component.pop(number, [])
        component = Component(tuple(load.stored(one) for one in groups.get(number, [number])), tuple(own))
        waiting.append(component)
        records += len(component.records)
        questions += len(own)
        if records >= _RECORDS_A_TASK:
            yield Settling(tuple(waiting), tuple(islice(match_ids, questions)))
            waiting, records, questions = [], 0, 0
    yield Settling(tuple(waiting), tuple(islice(match_ids, questions)))
