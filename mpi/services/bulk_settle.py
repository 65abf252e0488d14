"""Records that may be one person -> persons, and for each record the decision that the online path makes of it.

Persons come from constrained clusters, strongest evidence first, whatever the order of the file. The decisions are
those of the online path, record after record: where it comes to the same persons, it is told as it went, joins
included. Where it does not (evidence came later in the file, or a stronger join was in the way), the cluster
counts, and each decision that differs from it says so. Pure: no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from matching.cluster import Clusters, cluster
from matching.decide import Person, decide
from matching.decision import Decision, Fit, ReviewItem
from matching.join import Member
from matching.model import LinkageModel
from matching.policy import Reason
from matching.records import StandardRecord
from matching.settle import Join, settle
from mpi.services.open_questions import Asked, OpenQuestions

_CAME_TOGETHER = Reason("came-together", "Records of the same load show together whose this one is.")
_STRONGER = Reason("stronger-join", "It fits, but stronger evidence in the same load makes it another person.")


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
    online = _Persons(records, pairs, offset)
    placed = [online.take(number, model) for number in sorted(records)]
    if all(map(_is_plain, placed)):
        return placed  # every pair is certain and nothing speaks against one: any order makes this one person
    clusters = cluster(records, pairs, model)
    if clusters.persons == online.first_of_each():
        return placed
    settled = _Persons(records, pairs, offset)
    return [settled.take(number, model, clusters) for number in sorted(records)]


def settle_alone(record_id: int, record: StandardRecord, model: LinkageModel, *, offset: int) -> Placed:
    """A record that nothing comes near."""
    decision = decide(Member(record_id, record), (), model)
    return Placed(record_id, record_id + offset, True, decision, None, ())


def _is_plain(placed: Placed) -> bool:
    fits = placed.decision.fits
    if placed.is_first:
        return not fits
    return len(fits) == 1 and all(pair.certain for pair in fits[0].pairs) and not fits[0].join.refusals


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

    def first_of_each(self) -> dict[int, int]:
        """Record id -> lowest record id of its person."""
        firsts = {pk: min(member.record_id for member in members) for pk, members in self._members.items()}
        return {number: firsts[pk] for number, pk in self._owner.items()}

    def take(self, number: int, model: LinkageModel, clusters: Clusters | None = None) -> Placed:
        """Decide on one record as the online path does; with `clusters` these have the last word."""
        subject = Member(number, self._records[number])
        near = {self._owner[other] for other in self._near[number]}
        told = () if clusters is None else self._of_cluster(number, clusters)
        candidates = [Person(pk, tuple(self._members[pk])) for pk in sorted(near.union(told))]
        decision = decide(subject, candidates, model)
        if clusters is not None and decision.person_ids != told:
            decision = _overruled(decision, told)
        own, *joined = sorted(decision.person_ids) or [number + self._offset]
        placed = Placed(
            number,
            own,
            own not in self._members,
            decision,
            _supporting(decision, clusters),
            self._asks(decision, {own, *joined}),
            tuple(joined),
        )
        for pk in joined:
            self._move(pk, own)
        self._members.setdefault(own, []).append(subject)
        self._owner[number] = own
        for pk, fit in placed.asks:
            best = fit.best
            asked = Asked(frozenset((best.left.record_id, best.right.record_id)), best.score.bits)
            self._questions.ask(own, pk, asked)
        if clusters is not None or not decision.person_ids:
            return placed
        return replace(placed, settled=self._ask_again(own, model))

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

    def _of_cluster(self, number: int, clusters: Clusters) -> tuple[int, ...]:
        """The person that the records before it of the same cluster have made."""
        person = clusters.persons[number]
        return tuple({pk for one, pk in self._owner.items() if clusters.persons[one] == person})

    def _asks(self, decision: Decision, own: set[int]) -> tuple[tuple[int, Fit], ...]:
        held = {item.person_id for item in decision.review} | set(decision.person_ids)
        fits = {fit.person_id: fit for fit in decision.fits}
        return tuple((pk, fits[pk]) for pk in sorted(held - own) if pk in fits)

    def _move(self, giver: int, taker: int) -> None:
        for member in self._members[giver]:
            self._owner[member.record_id] = taker
        self._members[taker] += self._members.pop(giver)
        self._questions.move(giver, taker)


def _supporting(decision: Decision, clusters: Clusters | None) -> int | None:
    """The record that earned the link: of its best fit, or of the strongest pair of the cluster."""
    if not decision.person_ids:
        return None
    for fit in decision.fits:
        if fit.person_id in decision.person_ids:
            return fit.best.right.record_id
    if clusters is None:
        raise ValueError("A record was linked to a person that it does not fit.")
    return _earned_with(decision.subject.record_id, clusters)


def _overruled(decision: Decision, wanted: tuple[int, ...]) -> Decision:
    """The decision as the cluster has it."""
    review = tuple(_items(decision.fits, besides=wanted))
    if wanted:
        return replace(
            decision, outcome="link", person_ids=wanted, grade="certain", review=review, reasons=(_CAME_TOGETHER,)
        )
    return replace(
        decision,
        outcome="review" if review else "new",
        person_ids=(),
        grade=review[0].verdict.grade if review else "certainly-not",
        review=review,
        reasons=(_STRONGER,),
    )


def _items(fits: Iterable[Fit], *, besides: tuple[int, ...]) -> Iterable[ReviewItem]:
    for fit in fits:
        best = fit.best
        if fit.person_id not in besides and best.verdict.grade != "certainly-not":
            yield ReviewItem(fit.person_id, best.right.record_id, best.score, best.verdict)


def _earned_with(number: int, clusters: Clusters) -> int:
    """The other record of the strongest pair by which this one came to its person."""
    for pair in clusters.earned:
        ids = (pair.left.record_id, pair.right.record_id)
        if number in ids:
            return ids[1] if ids[0] == number else ids[0]
    raise ValueError("A record of a person of several was joined by no pair.")


def components(lines: int, pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """Connected components of more than one record: lowest number -> all its numbers, ascending."""
    parent = list(range(lines))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    touched: set[int] = set()
    for left, right in pairs:
        touched.update((left, right))
        one, other = root(left), root(right)
        if one != other:
            parent[max(one, other)] = min(one, other)
    found: dict[int, list[int]] = defaultdict(list)
    for number in sorted(touched):
        found[root(number)].append(number)
    return dict(found)
