"""Which persons are asked about one another while a batch is decided: what `apply` will make of the open matches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """The pair of source records that asks, and how strong it is."""

    records: frozenset[int]
    bits: float


@dataclass(slots=True)
class OpenQuestions:
    """Open potential matches by their two golden records. Follows joins and answers; writes nothing."""

    _asked: dict[frozenset[int], Asked] = field(default_factory=dict)
    _others: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def near(self, golden_id: int) -> frozenset[int]:
        """Golden records that this one is asked about."""
        return frozenset(self._others.get(golden_id, ()))

    def at(self, golden_ids: Iterable[int]) -> list[tuple[int, int]]:
        """The questions that touch any of these golden records, the lower id first."""
        return sorted({(min(one, other), max(one, other)) for one in golden_ids for other in self._others.get(one, ())})

    def resting_on(self, record_id: int) -> set[int]:
        """Golden records of the questions that this source record asks."""
        return {pk for pair, asked in self._asked.items() if record_id in asked.records for pk in pair}

    def ask(self, one: int, other: int, asked: Asked) -> None:
        """A question opens, or the one that is open for the two gets stronger."""
        pair = frozenset((one, other))
        known = self._asked.get(pair)
        if len(pair) < 2 or (known is not None and known.bits >= asked.bits):
            return
        self._asked[pair] = asked
        self._others[one].add(other)
        self._others[other].add(one)

    def answer(self, one: int, other: int) -> None:
        """The question between the two, if there is one, is open no longer."""
        if self._asked.pop(frozenset((one, other)), None) is not None:
            self._others[one].discard(other)
            self._others[other].discard(one)

    def move(self, giver: int, taker: int) -> None:
        """The questions of one golden record are another one's now; that between the two is answered."""
        for other in sorted(self._others.get(giver, ())):
            asked = self._asked[frozenset((giver, other))]
            self.answer(giver, other)
            if other != taker and frozenset((taker, other)) not in self._asked:
                self.ask(taker, other, asked)

    def forget(self, record_id: int, owners: Collection[int]) -> None:
        """The questions that a source record of these golden records asks have lost their reason."""
        for pair in [pair for pair, asked in self._asked.items() if record_id in asked.records and pair & {*owners}]:
            self.answer(*pair)
