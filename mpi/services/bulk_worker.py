"""What one process of a bulk load does: prepare lines, then settle components into rows."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from matching.blocking import RULES
from matching.model_document import from_document
from mpi import codec
from mpi.services.bulk_batch import Fresh
from mpi.services.bulk_close import Scoring, close_pairs
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_packed import member_of, standard_of
from mpi.services.bulk_pairs import feature_table, features
from mpi.services.bulk_prepare import Lines, Prepared, Preparer
from mpi.services.bulk_rows import RowWriter
from mpi.services.bulk_settle import Placed, settle_alone, settle_component
from mpi.services.bulk_story import Known, Story

HIDDEN, FULL = 1, 2
"""Marks of a key that too many share: later batches do not find the record by it; it could not look at all."""


class Stored(NamedTuple):
    """One record between the two halves of the load: its hashes of eight bytes, a rule and a mark for each.

    A named tuple, and bytes only: a million go to the processes, and pickle is quick with nothing else.
    """

    number: int
    batch: int
    standard: bytes
    member: bytes
    hashes: bytes
    rules: bytes
    marks: bytes

    def __repr__(self) -> str:
        return f"Stored(number={self.number})"  # the rest are values of a patient

    def keys(self) -> memoryview[int]:
        """The hashes as numbers."""
        return memoryview(self.hashes).cast("q")

    def marked(self, mark: int) -> dict[int, int]:
        """The rules, by hash, of keys with this mark: hardly any record has one."""
        if not any(self.marks):
            return {}
        told = zip(self.keys(), self.rules, self.marks, strict=True)
        return {value: rule for value, rule, marks in told if marks & mark}


class Component(NamedTuple):
    """Records that may be one person, ascending, with the pairs that bring them together."""

    records: tuple[Stored, ...]
    pairs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Settling:
    """A task: components, and the first of the fresh keys of each kind (see `bulk_batch.Fresh`)."""

    components: tuple[Component, ...] = field(repr=False)
    first_match: int
    first_move: int
    first_decision: int
    first_event: int


class Worker:
    """One process's half of the work. Cycles are made nowhere here, so collecting them would only cost."""

    def __init__(self, frame: Frame) -> None:
        gc.disable()
        self._frame = frame
        self._model = from_document(frame.model_document)
        self._preparer = Preparer(frame, self._model)
        self._writer = RowWriter(frame)

    def prepare(self, task: Lines) -> Prepared:
        """Rows of these lines, and what matching needs of them."""
        return self._preparer.prepare(task)

    def look(self, stored: Sequence[tuple[int, str, str, bytes]]) -> pa.Table:
        """Features of stored records, told as (id, uuid, standard record as JSON, SSN ciphertext)."""
        records = {number: codec.stored_standard(standard, cipher, uuid) for number, uuid, standard, cipher in stored}
        return feature_table(list(records), [features(record, self._model) for record in records.values()])

    def score(self, task: Scoring) -> list[tuple[int, int]]:
        """The pairs that the engine would look at: those that do reach the review threshold."""
        return close_pairs(task, self._model)

    def settle(self, task: Settling) -> tuple[dict[str, bytes], int]:
        """COPY lines by statement, parents first, and the number of persons."""
        firsts = (task.first_match, task.first_move, task.first_decision, task.first_event)
        fresh, persons = Fresh(*map(count, firsts)), 0
        settled = [self._placed(component) for component in task.components]
        heard = [self._known(component, placed) for component, placed in zip(task.components, settled, strict=True)]
        for placed, known in zip(settled, heard, strict=True):
            persons += sum(item.is_first - len(item.joined) - len(item.settled) for item in placed)
            Story(self._frame, self._writer, known, fresh, self._model).tell(placed)
        return self._writer.taken(), persons

    def _placed(self, component: Component) -> list[Placed]:
        model, first = self._model, self._frame.first_record
        offset = self._frame.first_golden - first
        records = {first + stored.number: standard_of(stored.standard) for stored in component.records}
        if len(records) == 1:
            ((number, record),) = records.items()
            return [settle_alone(number, record, model, offset=offset)]
        pairs = [(first + left, first + right) for left, right in component.pairs]
        return settle_component(records, pairs, model, offset=offset)

    def _known(self, component: Component, placed: Sequence[Placed]) -> dict[int, Known]:
        """What else the rows need, by record id. The keys of a person are those of its records so far."""
        members: dict[int, list[Stored]] = defaultdict(list)
        known = {}
        for stored, item in zip(component.records, placed, strict=True):
            shared = {fit.person_id: _shared(stored, members[fit.person_id]) for fit in item.decision.fits}
            known[item.record_id] = _known(stored, item.record_id, shared)
            for joined in item.joined:
                members[item.person] += members.pop(joined)
            members[item.person].append(stored)
            for join in item.settled:
                members[join.kept] += members.pop(join.gone)
        return known


def _shared(stored: Stored, members: Sequence[Stored]) -> tuple[str, ...]:
    """The rules of the keys by which the record finds one of these."""
    rules = dict(zip(stored.keys(), stored.rules, strict=True))
    found: set[int] = set()
    for member in members:
        shared = rules.keys() & member.keys()
        if member.batch != stored.batch:
            shared -= member.marked(HIDDEN).keys()
        found |= shared
    return _names(map(rules.__getitem__, found))


def _known(stored: Stored, record_id: int, rules: Mapping[int, tuple[str, ...]]) -> Known:
    uuid, member = member_of(stored.member, record_id)
    return Known(uuid, stored.batch, member, rules, _names(stored.marked(FULL).values()))


def _names(rules: Iterable[int]) -> tuple[str, ...]:
    """Names of blocking rules, each once."""
    return tuple(sorted({RULES[rule] for rule in rules}))
