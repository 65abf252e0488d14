"""May two sets of source records be one person? The one predicate that every path asks.

It serves record to person, bridges, bulk clusters, rematch and merge previews alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.model import LinkageModel
from matching.policy import Reason, Verdict, judge
from matching.records import StandardRecord
from matching.score import Score, score

Separations = frozenset[tuple[int, int]]
"""Pairs (lower, higher) of record ids that a standing decision keeps apart."""

SEPARATED = Reason("separated", "A steward decided that these are different people.")


@dataclass(frozen=True, slots=True)
class Member:
    """One source record in the decision: its id in the index, and its standard form."""

    record_id: int
    record: StandardRecord


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Two members with what the model says of them and what the policy makes of it."""

    left: Member
    right: Member
    score: Score
    verdict: Verdict

    @property
    def certain(self) -> bool:
        """Over the automatic threshold and not held by any rule."""
        return self.verdict.grade == "certain"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One cross pair that forbids the join, with the reason."""

    left_id: int
    right_id: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class JoinVerdict:
    """Whether the two sets may be one person.

    `best` is the strongest cross pair (certain pairs first); `earned` tells whether it is certain.
    """

    allowed: bool
    earned: bool
    best: ScoredPair | None
    refusals: tuple[Refusal, ...] = ()


def separation(left_id: int, right_id: int) -> tuple[int, int]:
    """The pair in the order of `Separations`."""
    return (left_id, right_id) if left_id < right_id else (right_id, left_id)


def scored_pair(left: Member, right: Member, model: LinkageModel) -> ScoredPair:
    """Score and judge one pair."""
    scored = score(left.record, right.record, model)
    return ScoredPair(left, right, scored, judge(left.record, right.record, scored, model))


def strength(pair: ScoredPair) -> tuple[bool, float, int, int]:
    """Sort key, weakest first; ties fall to the lower record ids, so that order of arrival does not matter."""
    return (pair.certain, pair.score.bits, -pair.left.record_id, -pair.right.record_id)


def may_join(
    left: Sequence[Member], right: Sequence[Member], model: LinkageModel, *, separated: Separations
) -> JoinVerdict:
    """Some cross pair is over 0.95 and uncapped; none is vetoed, separated or under `floor_bits`.

    Costs len(left) x len(right) scored pairs. The floor is one of the policy's vetoes.
    """
    pairs = [scored_pair(one, other, model) for one in left for other in right]
    return judge_join(pairs, separated)


def judge_join(pairs: Sequence[ScoredPair], separated: Separations) -> JoinVerdict:
    """The same over cross pairs that were scored already."""
    if not pairs:
        return JoinVerdict(allowed=False, earned=False, best=None)
    refusals = []
    for pair in pairs:
        if separated and separation(pair.left.record_id, pair.right.record_id) in separated:
            refusals.append(Refusal(pair.left.record_id, pair.right.record_id, SEPARATED))
        refusals.extend(Refusal(pair.left.record_id, pair.right.record_id, reason) for reason in pair.verdict.vetoes)
    best = max(pairs, key=strength)
    return JoinVerdict(allowed=best.certain and not refusals, earned=best.certain, best=best, refusals=tuple(refusals))
