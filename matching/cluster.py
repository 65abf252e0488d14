"""Scored pairs -> persons, under cannot-link constraints: the bulk path.

Certain pairs join their persons strongest first, each join asking the same predicate as the online
path (`join.judge_join` over all cross pairs). A refused join goes to review. Connected components
alone would chain father to son through one bad record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from matching.join import JoinVerdict, Member, Refusal, ScoredPair, Separations, judge_join, scored_pair, strength
from matching.model import LinkageModel
from matching.records import StandardRecord


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
    earned = [pair for pair in sorted(scored, key=strength, reverse=True) if pair.certain and work.join(pair)]
    earned += [pair for pair in work.sole_pairs(scored) if work.join(pair, sole=True)]
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

    def join(self, pair: ScoredPair, *, sole: bool = False) -> bool:
        """Join the two persons of the pair if they may; False if they are one already or may not."""
        left, right = self._root[pair.left.record_id], self._root[pair.right.record_id]
        if left == right or left in self._settled or right in self._settled:
            return False
        verdict = self._judge(left, right)
        if verdict.refusals or not (verdict.allowed or sole):
            return False
        kept, gone = (left, right) if left < right else (right, left)
        for number in self._members[gone]:
            self._root[number] = kept
        self._members[kept] += self._members.pop(gone)
        return True

    def _judge(self, left: int, right: int) -> JoinVerdict:
        cross = [self.pair(one, other) for one in self._members[left] for other in self._members[right]]
        verdict = judge_join(cross, self._separated)
        if not verdict.refusals:
            return verdict
        return judge_join(cross, self._separated, inside=[*self._inside(left), *self._inside(right)])

    def _inside(self, root: int) -> list[ScoredPair]:
        members = self._members[root]
        return [self.pair(one, other) for place, one in enumerate(members) for other in members[place + 1 :]]

    def sole_pairs(self, scored: Iterable[ScoredPair]) -> list[ScoredPair]:
        """Pairs that may join because neither person fits anybody else (see `Verdict.automatic_if_sole`)."""
        fits: dict[int, set[int]] = defaultdict(set)
        waiting = []
        for pair in scored:
            left, right = self._root[pair.left.record_id], self._root[pair.right.record_id]
            if left == right or pair.verdict.grade == "certainly-not" or pair.verdict.vetoes:
                continue
            fits[left].add(right)
            fits[right].add(left)
            if pair.verdict.automatic_if_sole:
                waiting.append((pair, left, right))
        alone = [pair for pair, left, right in waiting if fits[left] == {right} and fits[right] == {left}]
        return sorted(alone, key=strength, reverse=True)

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
