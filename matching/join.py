"""May two sets of source records be one person? The one predicate that every path asks.

It serves record to person, bridges, bulk clusters, rematch and merge previews alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.levels import GIVEN, MIDDLE, SSN, Middle, Ssn
from matching.model import LinkageModel
from matching.pair_facts import GIVEN_AGREES
from matching.policy import contradicts_besides, judge
from matching.records import StandardRecord
from matching.score import Score, score
from matching.verdict import Reason, Verdict

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
    left: Sequence[Member],
    right: Sequence[Member],
    model: LinkageModel,
    *,
    separated: Separations,
) -> JoinVerdict:
    """Some cross pair is over 0.95 and uncapped; none is vetoed, separated or under `floor_bits`.

    A veto falls where the sets themselves explain it (see `_explained`). Costs len(left) x len(right)
    scored pairs; the pairs within each set are scored only when there is something to explain.
    """
    pairs = [scored_pair(one, other, model) for one in left for other in right]
    verdict = judge_join(pairs, separated)
    if not verdict.refusals:
        return verdict
    return judge_join(pairs, separated, inside=[*pairs_within(left, model), *pairs_within(right, model)])


def pairs_within(members: Sequence[Member], model: LinkageModel) -> list[ScoredPair]:
    """Every two members of one set, scored: what may explain a veto."""
    return [scored_pair(one, other, model) for place, one in enumerate(members) for other in members[place + 1 :]]


def judge_join(
    pairs: Sequence[ScoredPair], separated: Separations, *, inside: Sequence[ScoredPair] = ()
) -> JoinVerdict:
    """The same over cross pairs that were scored already."""
    if not pairs:
        return JoinVerdict(allowed=False, earned=False, best=None)
    refusals = []
    for pair in pairs:
        ids = (pair.left.record_id, pair.right.record_id)
        if separated and separation(*ids) in separated:
            refusals.append(Refusal(*ids, SEPARATED))
        if pair.verdict.vetoes and not _explained(pair, pairs, inside):
            refusals.extend(Refusal(*ids, reason) for reason in pair.verdict.vetoes)
    best = max(pairs, key=strength)
    return JoinVerdict(allowed=best.certain and not refusals, earned=best.certain, best=best, refusals=tuple(refusals))


def _explained(pair: ScoredPair, pairs: Sequence[ScoredPair], inside: Sequence[ScoredPair]) -> bool:
    """Whether a veto only repeats a difference that one side already holds within itself.

    A person may be known under two given names, or in error under two SSNs, because records that prove it are
    linked. So the veto of (l, r) falls if l is certainly the same as another record of r's side and agrees
    with that one in the field (or the other way round), or if a record of l's own side agrees with l in
    the field and is certainly the same as both. Only where nothing else contradicts.
    """
    code = pair.verdict.vetoes[0].code
    if len(pair.verdict.vetoes) != 1 or code not in _AGREEMENT or contradicts_besides(pair.score.levels, code):
        return False
    comparison, agreeing = _AGREEMENT[code]
    for other in pairs:
        shares_left = other.left.record_id == pair.left.record_id
        shares_right = other.right.record_id == pair.right.record_id
        if not other.certain or shares_left == shares_right:
            continue
        if other.score.levels[comparison] in agreeing:
            return True
        ends = (pair.left, other.left) if shares_right else (pair.right, other.right)
        wanted = {end.record_id for end in ends}
        for inner in inside:
            if (
                inner.certain
                and {inner.left.record_id, inner.right.record_id} == wanted
                and inner.score.levels[comparison] in agreeing
            ):
                return True
    return False


_AGREEMENT: dict[str, tuple[int, frozenset[int]]] = {
    "given-differs": (GIVEN, frozenset(GIVEN_AGREES)),
    "middle-differs": (MIDDLE, frozenset({Middle.FULL, Middle.INITIAL})),
    "ssn-differs": (SSN, frozenset({Ssn.EXACT})),
}
"""Vetoes that a person's own records can explain: code -> comparison and its agreeing levels."""
