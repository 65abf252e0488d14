"""Scored pairs -> persons, under cannot-link constraints: the bulk path.

Certain pairs join their persons strongest first, each join asking the same predicate as the online
path (`join.judge_join` over all cross pairs). A refused join goes to review. Connected components
alone would chain father to son through one bad record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from matching.join import (
    JoinVerdict,
    Member,
    Refusal,
    ScoredPair,
    Separations,
    judge_join,
    scored_pair,
    separation,
    strength,
)
from matching.model import LinkageModel
from matching.records import StandardRecord
from matching.settle import CLEARLY_STRONGER, settle_with


@dataclass(frozen=True, slots=True)
class ReviewPair:
    """Two persons that may be one: the strongest pair of records between them, and what refused the join."""

    pair: ScoredPair
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Clusters:
    """Record id -> person (the lowest record id in it), the pair that earned each join, and what is left to review."""

    persons: Mapping[int, int]
    earned: tuple[ScoredPair, ...]
    review: tuple[ReviewPair, ...]


def cluster(
    records: Mapping[int, StandardRecord],
    pairs: Iterable[tuple[int, int]],
    model: LinkageModel,
    *,
    separated: Separations = frozenset(),
    settled: Iterable[Collection[int]] = (),
) -> Clusters:
    """Cluster all `records`; `pairs` are those at or over the review threshold, in any order.

    `settled` are persons on whom a human has decided: they stay as they are, and what fits them goes to review.
    The result does not depend on the order of `pairs`. Every record gets a person, if only itself.
    """
    work = _Work(records, model, separated)
    for members in settled:
        work.settle(members)
    scored = [work.pair(left, right) for left, right in pairs]
    certain = sorted((pair for pair in scored if pair.certain), key=strength, reverse=True)
    rivals = work.neighbours(certain)
    earned = [pair for pair in certain if not work.contested(pair, rivals) and work.join(pair)]
    earned += work.ask_again(scored)
    return Clusters(work.persons(), tuple(earned), work.left_to_review(scored))


class _Work:
    """Persons while they grow: a root per record, members per root, and every pair scored so far."""

    def __init__(self, records: Mapping[int, StandardRecord], model: LinkageModel, separated: Separations) -> None:
        self._records = records
        self._model = model
        self._separated = separated
        self._root = {number: number for number in records}
        self._members = {number: [number] for number in records}
        self._scored: dict[tuple[int, int], ScoredPair] = {}
        self._settled: set[int] = set()

    def settle(self, members: Collection[int]) -> None:
        """These records are one person already, whom nobody else joins."""
        root = min(members)
        self._root.update(dict.fromkeys(members, root))
        for number in members:
            self._members.pop(number, None)
        self._members[root] = sorted(members)
        self._settled.add(root)

    def pair(self, left: int, right: int) -> ScoredPair:
        """The scored pair, lower id on the left; scored once."""
        key = (left, right) if left < right else (right, left)
        if key not in self._scored:
            lower, upper = (Member(number, self._records[number]) for number in key)
            self._scored[key] = scored_pair(lower, upper, self._model)
        return self._scored[key]

    def _facing(self, one: int, other: int) -> ScoredPair:
        """The scored pair with `one` on the left: the predicate tells its two sets by the sides of the pairs."""
        pair = self.pair(one, other)
        return pair if pair.left.record_id == one else ScoredPair(pair.right, pair.left, pair.score, pair.verdict)

    def join(self, pair: ScoredPair) -> bool:
        """Join the two persons of the pair if they may; False if they are one already or may not."""
        left, right = self._root[pair.left.record_id], self._root[pair.right.record_id]
        if left == right or self._settled & {left, right} or not self._judge(left, right).allowed:
            return False
        self._merge(min(left, right), max(left, right))
        return True

    def _merge(self, kept: int, gone: int) -> None:
        for number in self._members[gone]:
            self._root[number] = kept
        self._members[kept] += self._members.pop(gone)

    def _judge(self, left: int, right: int) -> JoinVerdict:
        return self._judge_members(self._members[left], self._members[right])

    def _judge_members(self, left: Sequence[int], right: Sequence[int]) -> JoinVerdict:
        cross = [self._facing(one, other) for one in left for other in right]
        verdict = judge_join(cross, self._separated)
        if not verdict.refusals:
            return verdict
        return judge_join(cross, self._separated, inside=[*self._inside(left), *self._inside(right)])

    def _inside(self, members: Sequence[int]) -> list[ScoredPair]:
        return [self.pair(one, other) for place, one in enumerate(members) for other in members[place + 1 :]]

    def neighbours(self, pairs: Iterable[ScoredPair]) -> dict[int, list[ScoredPair]]:
        """Record id -> the pairs it is in."""
        found: dict[int, list[ScoredPair]] = defaultdict(list)
        for pair in pairs:
            found[pair.left.record_id].append(pair)
            found[pair.right.record_id].append(pair)
        return found

    def contested(self, pair: ScoredPair, rivals: Mapping[int, Sequence[ScoredPair]]) -> bool:
        """Whether a third person is certain too, cannot be one with both, and is not clearly weaker.

        Whom a steward has kept apart from the two contests them however weak.
        """
        ends = (self._root[pair.left.record_id], self._root[pair.right.record_id])
        if ends[0] == ends[1]:
            return False
        both = self._members[ends[0]] + self._members[ends[1]]
        for end in ends:
            for third, bits in self._thirds(end, rivals):
                clearly_weaker = bits <= pair.score.bits - CLEARLY_STRONGER
                if third in ends or (clearly_weaker and not self._kept_apart(both, third)):
                    continue
                if not self._judge(end, third).refusals and self._judge_members(both, self._members[third]).refusals:
                    return True
        return False

    def _thirds(self, end: int, rivals: Mapping[int, Sequence[ScoredPair]]) -> list[tuple[int, float]]:
        """Persons that a pair of `rivals` connects with this one, with the bits of the strongest such pair."""
        found: dict[int, float] = {}
        for number in self._members[end]:
            for rival in rivals.get(number, ()):
                for other in (rival.left.record_id, rival.right.record_id):
                    root = self._root[other]
                    found[root] = max(found.get(root, rival.score.bits), rival.score.bits)
        return sorted(found.items())

    def _kept_apart(self, members: Sequence[int], third: int) -> bool:
        return bool(self._separated) and any(
            separation(one, other) in self._separated for one in members for other in self._members[third]
        )

    def ask_again(self, scored: Iterable[ScoredPair]) -> list[ScoredPair]:
        """Ask every question that is left of whole persons; the pairs that earned a join then."""
        questions = set()
        for pair in scored:
            left, right = sorted((self._root[pair.left.record_id], self._root[pair.right.record_id]))
            if left != right and pair.verdict.grade != "certainly-not":
                questions.add((left, right))
        members = {
            root: [Member(number, self._records[number]) for number in self._members[root]]
            for question in questions
            for root in question
        }
        joins = settle_with(self._ask, members, questions, members.keys(), decided_by_human=self._settled)
        for join in joins:
            self._merge(join.kept, join.gone)
        return [join.verdict.best for join in joins if join.verdict.best is not None]

    def _ask(self, left: Sequence[Member], right: Sequence[Member]) -> JoinVerdict:
        return self._judge_members([one.record_id for one in left], [other.record_id for other in right])

    def persons(self) -> dict[int, int]:
        """Record id -> lowest record id of its person."""
        return dict(self._root)

    def left_to_review(self, scored: Iterable[ScoredPair]) -> tuple[ReviewPair, ...]:
        """The strongest reviewable pair between each two persons, strongest first; separated ones are settled."""
        best: dict[tuple[int, int], ScoredPair] = {}
        for pair in scored:
            ids = (pair.left.record_id, pair.right.record_id)
            left, right = sorted((self._root[ids[0]], self._root[ids[1]]))
            if left == right or pair.verdict.grade == "certainly-not" or self._apart(left, right):
                continue
            if (left, right) not in best or strength(pair) > strength(best[left, right]):
                best[left, right] = pair
        ranked = sorted(best.items(), key=lambda item: strength(item[1]), reverse=True)
        return tuple(ReviewPair(pair, self._judge(*roots).refusals) for roots, pair in ranked)

    def _apart(self, left: int, right: int) -> bool:
        if not self._separated:
            return False
        return any(
            (min(one, other), max(one, other)) in self._separated
            for one in self._members[left]
            for other in self._members[right]
        )
