"""Records that may be one person -> persons, and for each record the decision that the online path makes of it.

The decisions are those of an ordinary import, record after record in the order of the file, joins and open questions
that are asked again included: see decisions/0005-a-bulk-load-decides-in-order.md. Pure: no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matching.decide import Person, decide
from matching.decision import Decision, Fit
from matching.join import Member
from matching.model import LinkageModel
from matching.records import StandardRecord
from matching.settle import Join, settle
from mpi.services.open_questions import Asked, OpenQuestions


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one record belongs: `person` is the key of its golden record, made by the first record of it.

    `joined` are persons that this record shows to be the same one; they end in `person`. `supporting` is the
    record that earned the link, None for the first of a person; `asks` are the other persons that may be the
    same, with how they fit. `settled` are joins of open questions that the record has made certain, in order.
    """

    record_id: int
    person: int
    is_first: bool
    decision: Decision
    supporting: int | None
    asks: tuple[tuple[int, Fit], ...]
    joined: tuple[int, ...] = ()
    settled: tuple[Join, ...] = ()


def settle_component(
    records: Mapping[int, StandardRecord], pairs: Sequence[tuple[int, int]], model: LinkageModel, *, offset: int
) -> list[Placed]:
    """Place the records of one connected component, ascending ids. `pairs` share a key, ids ascending.

    The key of a person's golden record is the id of its first record plus `offset`.
    """
    persons = _Persons(records, pairs, offset)
    return [persons.take(number, model) for number in sorted(records)]


def settle_alone(record_id: int, record: StandardRecord, model: LinkageModel, *, offset: int) -> Placed:
    """A record that nothing comes near."""
    decision = decide(Member(record_id, record), (), model)
    return Placed(record_id, record_id + offset, True, decision, None, ())


class _Persons:
    """The persons of a component while its records come in, one after another."""

    def __init__(self, records: Mapping[int, StandardRecord], pairs: Iterable[tuple[int, int]], offset: int) -> None:
        self._records = records
        self._offset = offset
        self._members: dict[int, list[Member]] = {}
        self._owner: dict[int, int] = {}
        self._near: dict[int, list[int]] = defaultdict(list)
        self._questions = OpenQuestions()
        for left, right in pairs:
            self._near[right].append(left)

    def take(self, number: int, model: LinkageModel) -> Placed:
        """Decide on one record as the online path does."""
        subject = Member(number, self._records[number])
        near = {self._owner[other] for other in self._near[number]}
        decision = decide(subject, [Person(pk, tuple(self._members[pk])) for pk in sorted(near)], model)
        own, *joined = sorted(decision.person_ids) or [number + self._offset]
        is_first, asks = own not in self._members, self._asks(decision, {own, *joined})
        for pk in joined:
            self._move(pk, own)
        self._members.setdefault(own, []).append(subject)
        self._owner[number] = own
        for pk, fit in asks:
            best = fit.best
            asked = Asked(frozenset((best.left.record_id, best.right.record_id)), best.score.bits)
            self._questions.ask(own, pk, asked)
        settled = self._ask_again(own, model) if decision.person_ids else ()
        return Placed(number, own, is_first, decision, decision.supporting_record_id, asks, tuple(joined), settled)

    def _ask_again(self, own: int, model: LinkageModel) -> tuple[Join, ...]:
        """What the record has made certain of the open questions of its person, as the online path asks again."""
        near = self._questions.near(own)
        if not near:
            return ()
        questions = self._questions.at([own, *near])
        members = {pk: tuple(self._members[pk]) for question in questions for pk in question}
        joins = settle(members, questions, {own}, model)
        for join in joins:
            self._move(join.gone, join.kept)
        return tuple(joins)

    def _asks(self, decision: Decision, own: set[int]) -> tuple[tuple[int, Fit], ...]:
        held = {item.person_id for item in decision.review} | set(decision.person_ids)
        fits = {fit.person_id: fit for fit in decision.fits}
        return tuple((pk, fits[pk]) for pk in sorted(held - own) if pk in fits)

    def _move(self, giver: int, taker: int) -> None:
        for member in self._members[giver]:
            self._owner[member.record_id] = taker
        self._members[taker] += self._members.pop(giver)
        self._questions.move(giver, taker)
