"""Records arriving one by one, over an index in memory that works as the service does over the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matching.blocking import blocking_keys
from matching.decide import Person, decide
from matching.decision import Decision
from matching.join import Member, ScoredPair
from matching.model import LinkageModel
from matching.records import StandardRecord
from matching.settle import settle

CANDIDATES_A_KEY = 100
"""The service takes as many records of one key that is not strong."""

Advance = Callable[[int], None]


@dataclass(slots=True)
class Arrival:
    """What arrival leaves: record -> person, and the strongest pair of records of each open potential match."""

    persons: dict[int, int] = field(default_factory=dict)
    open: dict[frozenset[int], ScoredPair] = field(default_factory=dict)

    @property
    def review(self) -> list[tuple[int, int]]:
        """The pair of records of each open potential match: one for each two persons."""
        return [(pair.left.record_id, pair.right.record_id) for pair in self.open.values()]


class Index:
    """Blocking keys, persons and open questions; `arrive` is what the service does with one message."""

    def __init__(self, model: LinkageModel) -> None:
        self.result = Arrival()
        self._model = model
        self._found_by: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._members: dict[int, dict[int, Member]] = {}
        self._asked: dict[int, set[int]] = defaultdict(set)

    def arrive(self, number: int, record: StandardRecord) -> Decision:
        """Decide on one record and place it."""
        keys = blocking_keys(record)
        near: set[int] = set()
        for key in keys:
            found = self._found_by[key.rule, key.value]
            near.update(found if key.strong else found[:CANDIDATES_A_KEY])
        owners = self.result.persons
        subject = Member(number, record)
        decision = decide(subject, self._candidates({owners[other] for other in near}), self._model)
        person = min(decision.person_ids, default=number)
        owners[number] = person
        self._members.setdefault(person, {})[number] = subject
        for other in decision.person_ids:
            self._move(other, person)
        for item in decision.review:
            fit = next(fit for fit in decision.fits if fit.person_id == item.person_id)
            self._ask(person, item.person_id, fit.best)
        for key in keys:
            self._found_by[key.rule, key.value].append(number)
        if decision.person_ids:
            self._ask_again(person)
        return decision

    def _ask_again(self, person: int) -> None:
        """The person knows more than before: its open questions, and those of the persons asked about, once more."""
        near = self._asked[person]
        if not near:
            return
        questions = {frozenset((one, other)) for one in (person, *near) for other in self._asked[one]}
        members = {one: tuple(self._members[one].values()) for pair in questions for one in pair}
        for join in settle(members, [tuple(sorted(pair)) for pair in questions], {person}, self._model):
            self._move(join.gone, join.kept)

    def _candidates(self, person_ids: Iterable[int]) -> list[Person]:
        return [Person(one, tuple(self._members[one].values())) for one in sorted(person_ids)]

    def _move(self, giver: int, taker: int) -> None:
        if giver == taker:
            return
        for number, member in self._members.pop(giver).items():
            self.result.persons[number] = taker
            self._members[taker][number] = member
        for other in self._asked.pop(giver, ()):
            self._asked[other].discard(giver)
            question = self.result.open.pop(frozenset((giver, other)))
            if other != taker:
                self._ask(taker, other, question)

    def _ask(self, one: int, other: int, pair: ScoredPair) -> None:
        self.result.open.setdefault(frozenset((one, other)), pair)
        self._asked[one].add(other)
        self._asked[other].add(one)


def arrive(
    records: Mapping[int, StandardRecord],
    model: LinkageModel,
    *,
    order: Sequence[int] | None = None,
    advance: Advance = lambda count: None,
) -> Arrival:
    """Let all records arrive in `order` (that of the mapping unless told)."""
    index = Index(model)
    for count, number in enumerate(records if order is None else order, start=1):
        index.arrive(number, records[number])
        if count % 1_000 == 0:
            advance(count)
    return index.result
