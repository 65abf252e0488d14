"""Open questions between persons, asked again: what a new record of a person has made certain.

When a record joins a person, the person knows more than before, and a potential match that was open may now be
certain. Asking again makes the persons depend on the records, not on the order in which they came; the bulk
path ends in the same function.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from matching.join import SEPARATED, JoinVerdict, Member, Separations, may_join, strength
from matching.model import LinkageModel

CLEARLY_STRONGER = 10.0
"""Bits by which the stronger of two contradicting joins must lead to be made: a thousand times likelier."""

NO_RIVAL = 8.0
"""Bits by which a sole candidate must lead another for that one to be no rival: 250 times likelier."""

Ask = Callable[[Sequence[Member], Sequence[Member]], JoinVerdict]
Question = tuple[int, int]
"""Two person ids between which a potential match is open."""


@dataclass(frozen=True, slots=True)
class Join:
    """Two persons that are one: `gone` becomes part of `kept`, the one with the lower id."""

    kept: int
    gone: int
    verdict: JoinVerdict
    sole: bool = False


def settle(
    members: Mapping[int, Sequence[Member]],
    questions: Iterable[Question],
    touched: Collection[int],
    model: LinkageModel,
    *,
    separated: Separations = frozenset(),
    decided_by_human: Collection[int] = frozenset(),
) -> list[Join]:
    """The joins that follow now, in order. Pure; the order of `questions` changes nothing.

    members           of every person named in `questions`
    questions         the open potential matches of the touched persons, and those of the persons they ask about
    touched           persons that have gained a record (or whose record has changed) since they were last asked
    decided_by_human  persons that no machine may join
    """

    def ask(left: Sequence[Member], right: Sequence[Member]) -> JoinVerdict:
        return may_join(left, right, model, separated=separated)

    return settle_with(ask, members, questions, touched, decided_by_human=decided_by_human)


def settle_with(
    ask: Ask,
    members: Mapping[int, Sequence[Member]],
    questions: Iterable[Question],
    touched: Collection[int],
    *,
    decided_by_human: Collection[int] = frozenset(),
) -> list[Join]:
    """`settle` with a predicate of the caller's, who may know the scores of many pairs already."""
    work = _Questions(ask, members, questions, frozenset(decided_by_human))
    waiting = set(touched)
    joins = []
    while (join := work.next_join(waiting)) is not None:
        work.join(join)
        waiting.discard(join.gone)
        waiting.add(join.kept)
        joins.append(join)
    return joins


class _Questions:
    def __init__(
        self, ask: Ask, members: Mapping[int, Sequence[Member]], questions: Iterable[Question], human: frozenset[int]
    ) -> None:
        self._ask = ask
        self._members = {person: list(own) for person, own in members.items()}
        self._human = set(human)
        self._others: dict[int, set[int]] = defaultdict(set)
        self._answers: dict[Question, JoinVerdict] = {}
        for one, other in questions:
            self._others[one].add(other)
            self._others[other].add(one)

    def next_join(self, touched: Collection[int]) -> Join | None:
        """The strongest join that a question at a touched person now allows; else one of a sole candidate."""
        asked = {_question(one, other) for one in touched for other in self._others[one]}
        open_ = [(pair, verdict) for pair in sorted(asked) if (verdict := self._free(pair)) is not None]
        open_.sort(key=lambda item: strength(item[1].best), reverse=True)  # type: ignore[arg-type]  # answered ones have a best
        for pair, verdict in open_:
            if verdict.allowed and not self._contested(pair, verdict):
                return Join(*pair, verdict)
        for pair, verdict in open_:
            if automatic_if_sole(verdict) and not self._another_fits(pair):
                return Join(*pair, verdict, sole=True)
        return None

    def join(self, join: Join) -> None:
        self._members[join.kept] += self._members.pop(join.gone)
        for other in self._others.pop(join.gone):
            self._others[other].discard(join.gone)
            if other != join.kept:
                self._others[other].add(join.kept)
                self._others[join.kept].add(other)
        self._answers = {
            pair: verdict for pair, verdict in self._answers.items() if not {*pair} & {join.kept, join.gone}
        }

    def _answer(self, pair: Question) -> JoinVerdict:
        if pair not in self._answers:
            self._answers[pair] = self._ask(self._members[pair[0]], self._members[pair[1]])
        return self._answers[pair]

    def _free(self, pair: Question) -> JoinVerdict | None:
        """The answer, None where a refusal or a human decision stands in the way."""
        if self._human & {*pair}:
            return None
        verdict = self._answer(pair)
        return None if verdict.refusals or verdict.best is None else verdict

    def _contested(self, pair: Question, verdict: JoinVerdict) -> bool:
        """Whether a third person could be joined as well, but not with both, and is not clearly weaker."""
        if verdict.best is None:
            return True
        for end, opposite in (pair, pair[::-1]):
            for third in self._others[end] - {opposite}:
                rival = self._answer(_question(end, third))
                if not rival.earned or rival.best is None:
                    continue
                weaker = verdict.best.score.bits - rival.best.score.bits >= CLEARLY_STRONGER
                if not rival.refusals and self._contradict(pair, third, only_separated=weaker):
                    return True
        return False

    def _another_fits(self, pair: Question) -> bool:
        """Whether a third person fits one end too, cannot be the same as the other, and is not clearly weaker."""
        sole = self._answer(pair).best
        for end, opposite in (pair, pair[::-1]):
            for third in self._others[end] - {opposite}:
                rival = self._answer(_question(end, third))
                if sole is None or rival.best is None or rival.refusals:
                    continue
                weaker = sole.score.bits - rival.best.score.bits >= NO_RIVAL
                if self._contradict(pair, third, only_separated=weaker):
                    return True
        return False

    def _contradict(self, pair: Question, third: int, *, only_separated: bool = False) -> bool:
        """Whether the third person cannot be one with the two together; or only because a steward has said so."""
        both = [*self._members[pair[0]], *self._members[pair[1]]]
        refusals = self._ask(both, self._members[third]).refusals
        return any(refusal.reason is SEPARATED or not only_separated for refusal in refusals)


def _question(one: int, other: int) -> Question:
    return (one, other) if one < other else (other, one)


def automatic_if_sole(verdict: JoinVerdict) -> bool:
    """Whether too little is known of one side to link it, unless nobody else fits.

    Asked of the two as whole people: what one pair does not tell, such as the birth date, another pair may
    contradict.
    """
    return not verdict.refusals and verdict.whole is not None and verdict.whole.automatic_if_sole
