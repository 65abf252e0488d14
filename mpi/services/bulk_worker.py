"""What one process of a bulk load does: prepare lines, then settle components into rows."""

from __future__ import annotations

import gc
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from matching.blocking import RULES
from matching.model_document import from_document
from matching.records import StandardRecord
from matching.survivorship import FieldValue, Member
from mpi import codec
from mpi.services.bulk_prepare import Draft, Frame, Prepared, Preparer
from mpi.services.bulk_rows import Known, RowWriter
from mpi.services.bulk_settle import Placed, settle_alone, settle_component


@dataclass(frozen=True, slots=True)
class Stored:
    """One record between the two halves of the load."""

    number: int
    standard: bytes = field(repr=False)
    member: bytes = field(repr=False)
    hashes: array[int] = field(repr=False)
    rules: array[int] = field(repr=False)
    capped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """Records that may be one person, ascending, with the pairs that bring them together."""

    records: tuple[Stored, ...]
    pairs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Settling:
    """A task: components, and fresh keys for as many potential matches as there are pairs."""

    components: tuple[Component, ...]
    match_ids: tuple[int, ...]


class Worker:
    """One process's half of the work. Cycles are made nowhere here, so collecting them would only cost."""

    def __init__(self, frame: Frame) -> None:
        gc.disable()
        self._frame = frame
        self._model = from_document(frame.model_document)
        self._preparer = Preparer(frame, self._model)
        self._writer = RowWriter(frame)

    def prepare(self, drafts: Sequence[Draft]) -> Prepared:
        """Rows of these lines, and what matching needs of them."""
        return self._preparer.prepare(drafts)

    def settle(self, task: Settling) -> tuple[dict[str, bytes], int]:
        """COPY lines by statement, parents first, and the number of persons."""
        match_ids = list(task.match_ids)
        persons = 0
        for component in task.components:
            placed = self._placed(component)
            persons += sum(item.is_first for item in placed)
            self._writer.write(placed, self._known(component, placed), match_ids)
        return self._writer.taken(), persons

    def _placed(self, component: Component) -> list[Placed]:
        model, first = self._model, self._frame.first_record
        offset = self._frame.first_golden - first
        records = {first + stored.number: _standard(stored.standard) for stored in component.records}
        if len(records) == 1:
            ((number, record),) = records.items()
            return [settle_alone(number, record, model, offset=offset)]
        pairs = [(first + left, first + right) for left, right in component.pairs]
        return settle_component(records, pairs, model, offset=offset)

    def _known(self, component: Component, placed: Sequence[Placed]) -> dict[int, Known]:
        """What else the rows need, by record id. The keys of a person are those of its records so far."""
        persons: dict[int, set[int]] = defaultdict(set)
        known = {}
        for stored, item in zip(component.records, placed, strict=True):
            rules = dict(zip(stored.hashes, stored.rules, strict=True))
            known[item.record_id] = _known(stored, item, self._shared(rules, item, persons))
            persons[item.person].update(rules)
        return known

    @staticmethod
    def _shared(rules: Mapping[int, int], item: Placed, persons: Mapping[int, set[int]]) -> dict[int, tuple[str, ...]]:
        return {
            fit.person_id: tuple(sorted({RULES[rules[key]] for key in rules.keys() & persons[fit.person_id]}))
            for fit in item.decision.fits
        }


def _known(stored: Stored, item: Placed, rules: Mapping[int, tuple[str, ...]]) -> Known:
    uuid, system, mrn, rank, moment, shown = orjson.loads(stored.member)
    values = {name: FieldValue(**told) for name, told in shown.items()}
    return Known(uuid, Member(item.record_id, system, mrn, rank, moment, values), rules, stored.capped)


def _standard(document: bytes) -> StandardRecord:
    told = orjson.loads(document)
    return codec.standard_from_document(told, told["ssn"] or told["ssn_last4"])
