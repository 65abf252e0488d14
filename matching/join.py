"""May two sets of source records be one person? The one predicate that every path asks.

It serves record to person, bridges, bulk clusters, rematch and merge previews alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matching.levels import BIRTH_DATE, GIVEN, MIDDLE, SSN, BirthDate, Contact, Given, Middle, Ssn
from matching.model import LinkageModel
from matching.pair_facts import (
    BIRTH_DATE_AGREES,
    CONTACT_AGREES,
    GIVEN_AGREES,
    SURNAME_AGREES,
    pair_facts,
)
from matching.policy import judge
from matching.profile import judge_whole
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

    `best` is the strongest cross pair (certain pairs first); `whole` is what the policy says of both sets as two
    whole people (see `profile`), that of `best` where it is certain; `earned` tells whether `whole` is certain.
    """

    allowed: bool
    earned: bool
    best: ScoredPair | None
    refusals: tuple[Refusal, ...] = ()
    whole: Verdict | None = None


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
    whole = best.verdict if best.certain or len(pairs) == 1 else _whole(pairs, best)[1]
    earned = whole.grade == "certain"
    return JoinVerdict(earned and not refusals, earned, best, tuple(refusals), whole)


def _whole(pairs: Sequence[ScoredPair], best: ScoredPair) -> tuple[Score, Verdict]:
    """What the model and the policy say of the two sets as two whole people."""
    scored = [(pair.left.record, pair.right.record, pair.score) for pair in pairs]
    return judge_whole(scored, (best.left.record, best.right.record, best.score), best.score.model)


def _explained(pair: ScoredPair, pairs: Sequence[ScoredPair], inside: Sequence[ScoredPair]) -> bool:
    """Whether every veto of a pair only repeats a difference that one side already holds within itself.

    A person may be known under two given names, or in error under two SSNs, because records that prove it are
    linked. Let (x, y) be a certain pair across the sets. If it agrees in the field, and x is l or agrees with it,
    then y and r differ within the right set already; likewise for y and r. A pair that only asks for a sole candidate
    proves as much: whether it is one is asked of the whole sets. If x agrees with l and y with r,
    the difference is the one that x and y have in spite of being one person. A record that is another beyond
    doubt (one's own number, birth date and name) belongs where that one is, whatever name is told there by
    records that may well be of one person with it.
    """
    proofs = [other for other in pairs if other.certain or other.verdict.automatic_if_sole]
    if not proofs:
        return False
    if all(veto.code in _BEYOND_DOUBT for veto in pair.verdict.vetoes):
        known = [*pairs, *inside]
        if any(_firmly_one(each, known) for each in _same_difference(pair, known)):
            return True
    within = {_ends(inner): inner for inner in inside}
    return all(_falls(veto.code, pair, proofs, within) for veto in pair.verdict.vetoes)


def _falls(
    code: str,
    pair: ScoredPair,
    proofs: Sequence[ScoredPair],
    inside: Mapping[frozenset[int], ScoredPair],
) -> bool:
    fields = _OF_THE_WHOLE.get(code, (code,))
    if not all(field in _AGREEMENT for field in fields):
        return False
    for proof in proofs:
        left = _same_within(proof.left, pair.left, fields, inside)
        right = _same_within(proof.right, pair.right, fields, inside)
        explains = (left and right) or ((left or right) and _agrees(proof, fields))
        if explains and (code not in _OF_THE_WHOLE or _likely(proof, pair, inside)):
            return True
    if code not in _BEYOND_DOUBT:
        return False
    return any(
        (_beyond_doubt(proof) and _likely(proof, pair, inside)) or _sure_within(proof, pair, inside) for proof in proofs
    )


def _sure_within(proof: ScoredPair, pair: ScoredPair, inside: Mapping[frozenset[int], ScoredPair]) -> bool:
    """Whether the vetoed record is one beyond doubt with that of the proof, within its own set, by a shared number.

    The same three records as where that one comes last, and so the same answer in every order of arrival.
    """
    ends = ((proof.left, pair.left, proof.right, pair.right), (proof.right, pair.right, proof.left, pair.left))
    for same, as_before, known, vetoed in ends:
        inner = inside.get(frozenset((known.record_id, vetoed.record_id)))
        if same.record_id == as_before.record_id and inner is not None and _beyond_doubt(inner):
            return True
    return False


def _agrees(pair: ScoredPair, fields: Sequence[str]) -> bool:
    return all(
        pair.score.levels[comparison] in agreeing for comparison, agreeing in map(_AGREEMENT.__getitem__, fields)
    )


def _same_within(
    one: Member, other: Member, fields: Sequence[str], inside: Mapping[frozenset[int], ScoredPair]
) -> bool:
    """Whether two records of one set are the same one, or agree in the fields."""
    if one.record_id == other.record_id:
        return True
    inner = inside.get(frozenset((one.record_id, other.record_id)))
    return inner is not None and _agrees(inner, fields)


def _likely(proof: ScoredPair, pair: ScoredPair, inside: Mapping[frozenset[int], ScoredPair]) -> bool:
    return _likely_within(proof.left, pair.left, inside) and _likely_within(proof.right, pair.right, inside)


def _likely_within(one: Member, other: Member, inside: Mapping[frozenset[int], ScoredPair]) -> bool:
    """Whether two records of one set are the same one, or are no less than possibly one person."""
    if one.record_id == other.record_id:
        return True
    inner = inside.get(frozenset((one.record_id, other.record_id)))
    return inner is not None and inner.score.bits >= inner.score.model.review_bits


def _beyond_doubt(pair: ScoredPair) -> bool:
    facts = pair_facts(pair.left.record, pair.right.record, pair.score)
    return facts.own_number_and_birth and facts.given_agrees


def _same_difference(pair: ScoredPair, known: Sequence[ScoredPair]) -> list[ScoredPair]:
    """The vetoed pair, and every other that differs from it in one end only, certainly one with that of the pair.

    The two ends agree in all that is vetoed, so that both pairs speak of one difference: where the one is explained,
    the other is. So a record without a birth date goes where the record goes whose number and middle name it tells.
    """
    codes = {veto.code for veto in pair.verdict.vetoes}
    fields = [field for code in codes for field in _OF_THE_WHOLE.get(code, (code,))]
    alike = {_ends(one) for one in known if one.certain and _agrees(one, fields)}
    others = [one for one in known if codes <= {veto.code for veto in one.verdict.vetoes}]
    return [pair, *(other for other in others if _ends(pair) ^ _ends(other) in alike)]


def _ends(pair: ScoredPair) -> frozenset[int]:
    return frozenset((pair.left.record_id, pair.right.record_id))


def _firmly_one(pair: ScoredPair, known: Sequence[ScoredPair]) -> bool:
    """Whether pair after pair that is firmly one person leads from one end to the other, whatever the two differ in.

    Asked of both sets together, and so with the same answer whichever record came last.
    """
    numbers = {pair.left.record.ssn, pair.right.record.ssn} - {""}
    two_numbers = len(numbers) > 1 or any(veto.code == "ssn-differs" for veto in pair.verdict.vetoes)
    ties = [(tie.left.record_id, tie.right.record_id) for tie in known if _firm(tie, two_numbers=two_numbers)]
    reached, before = {pair.left.record_id}, 0
    while len(reached) > before:
        before = len(reached)
        reached.update(end for tie in ties if not reached.isdisjoint(tie) for end in tie)
    return pair.right.record_id in reached


def _firm(pair: ScoredPair, *, two_numbers: bool) -> bool:
    """Whether two records are one person by name and birth date and one thing more: number, contact, or nearly so.

    Under one's own number and birth date, the family name will do; the same given name and birth date outweigh another
    family name. A record without a birth date ties nobody: father and son may be told under one number. Where two
    valid numbers differ, a name with a typing error ties only under the same number: twins have such names.
    """
    if not pair.certain:
        return False
    facts = pair_facts(pair.left.record, pair.right.record, pair.score)
    if facts.birth_date not in BIRTH_DATE_AGREES:
        return False
    alike = facts.given == Given.EXACT and facts.birth_date == BirthDate.EXACT
    if not (alike or facts.surname in SURNAME_AGREES) or not (facts.given_agrees or facts.own_number_and_birth):
        return False
    if facts.own_number:
        return True
    if two_numbers and facts.given != Given.EXACT:
        return False
    more = facts.contact in CONTACT_AGREES or facts.contact == Contact.CLOSE or facts.number_nearly
    return more and (facts.given == Given.EXACT or facts.birth_date == BirthDate.EXACT)


_AGREEMENT: dict[str, tuple[int, frozenset[int]]] = {
    "given-differs": (GIVEN, frozenset(GIVEN_AGREES)),
    "middle-differs": (MIDDLE, frozenset({Middle.FULL, Middle.INITIAL})),
    "ssn-differs": (SSN, frozenset({Ssn.EXACT, Ssn.EDIT, Ssn.CLOSE})),
    "generation": (BIRTH_DATE, frozenset(BIRTH_DATE_AGREES)),
}
"""Vetoes that a person's own records can explain: code -> comparison and its agreeing levels."""
_OF_THE_WHOLE = {"floor": ("given-differs", "generation"), "two-people": ("given-differs", "generation")}
"""Vetoes of the pair as a whole, and the fields in which records must agree for them to fall."""
_BEYOND_DOUBT = frozenset({"given-differs", "middle-differs", "ssn-differs", "generation", "floor", "two-people"})
"""Vetoes that fall where records are one beyond doubt: errors, however many. A suffix or a birth letter is none."""
