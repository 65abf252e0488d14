"""What another threshold would have done: counts of pairs by probability, exact for every threshold that can be asked.

A rung is the upper edge of a step in millionths: steps of 0.0001 up to 0.999, of 0.000001 above, where automatic
links live. A pair links when its probability is over the threshold, so a pair on an edge stays below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_WHOLE = 1_000_000
_COARSE = 100
_FINE_FROM = 999_000
_ROUNDING = 1e-6
"""In rungs: what binary fractions may be off."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pairs by what is known of them: one person, two people, not known."""

    same: int = 0
    different: int = 0
    unknown: int = 0

    @property
    def pairs(self) -> int:
        """All of them."""
        return self.same + self.different + self.unknown

    @property
    def judged(self) -> int:
        """Those of which somebody knows."""
        return self.same + self.different


@dataclass(slots=True)
class Ladder:
    """Counts [same, different, unknown] by rung."""

    rungs: dict[int, list[int]] = field(default_factory=dict)

    def add(self, probability: float, same: bool | None) -> None:
        """Count one pair."""
        counts = self.rungs.setdefault(rung(probability), [0, 0, 0])
        counts[_place(same)] += 1

    def between(self, low: float, high: float) -> Labelled:
        """Pairs with low < probability <= high."""
        first, last = round(low * _WHOLE), round(high * _WHOLE)
        return _sum(counts for step, counts in self.rungs.items() if first < step <= last)

    def over(self, low: float) -> Labelled:
        """Pairs with a probability over `low`."""
        return self.between(low, 1.0)

    def to_document(self) -> dict[str, list[int]]:
        """Plain JSON, ascending."""
        return {str(step): self.rungs[step] for step in sorted(self.rungs)}


def _place(same: bool | None) -> int:
    return 2 if same is None else int(not same)


def _sum(found: Iterable[list[int]]) -> Labelled:
    same = different = unknown = 0
    for counts in found:
        same, different, unknown = same + counts[0], different + counts[1], unknown + counts[2]
    return Labelled(same, different, unknown)


def rung(probability: float) -> int:
    """The upper edge of the step that holds the probability, in millionths."""
    fine = math.ceil(probability * _WHOLE - _ROUNDING)
    if fine > _FINE_FROM:
        return min(fine, _WHOLE)
    return max(math.ceil(probability * _WHOLE / _COARSE - _ROUNDING) * _COARSE, 0)


def on_the_ladder(threshold: float) -> float:
    """The nearest threshold that can be asked exactly."""
    fine = round(threshold * _WHOLE)
    return (fine if fine > _FINE_FROM else round(fine / _COARSE) * _COARSE) / _WHOLE


def read_ladder(document: Mapping[str, Iterable[int]]) -> Ladder:
    """The inverse of `Ladder.to_document`."""
    return Ladder({int(step): list(counts) for step, counts in document.items()})


@dataclass(frozen=True, slots=True)
class Change:
    """What another pair of thresholds does. `fewer_*` and `more_*`: one of each two is empty.

    links, questions   how many there would be of each
    fewer_links        automatic links that would have been questions (or nothing, under the review threshold)
    more_links         questions that would have been automatic links, unless another record of the person objects
    fewer_questions    questions that would not have been asked
    more_questions     persons apart that would have become questions
    """

    automatic: float
    review: float
    links: int
    questions: int
    fewer_links: Labelled
    more_links: Labelled
    fewer_questions: Labelled
    more_questions: Labelled


@dataclass(frozen=True, slots=True)
class Explorer:
    """The three ladders of one evaluation under its own thresholds.

    links     automatic links, by the probability of the pair that earned them
    free      two persons apart, by their best pair, that no rule holds
    held      the same where a rule holds the pair: never automatic, whatever the threshold
    """

    automatic: float
    review: float
    links: Ladder
    free: Ladder
    held: Ladder

    def at(self, automatic: float, review: float) -> Change:
        """Compare with other thresholds; both must lie on the ladder and `review` below `automatic`."""
        more_links = self.free.between(automatic, self.automatic)
        fewer_links = self.links.between(self.automatic, automatic)
        asked, would_ask = self._asked(self.review), self._asked(review)
        return Change(
            automatic=automatic,
            review=review,
            links=self.links.over(0.0).pairs - fewer_links.pairs + more_links.pairs,
            questions=would_ask.pairs
            - more_links.pairs
            + self.links.between(max(review, self.automatic), automatic).pairs,
            fewer_links=fewer_links,
            more_links=more_links,
            fewer_questions=_minus(asked, would_ask),
            more_questions=_minus(would_ask, asked),
        )

    def _asked(self, review: float) -> Labelled:
        """Persons apart from the review threshold on, held ones included."""
        free, held = self.free.over(review), self.held.over(review)
        return Labelled(free.same + held.same, free.different + held.different, free.unknown + held.unknown)


def _minus(one: Labelled, other: Labelled) -> Labelled:
    return Labelled(
        max(one.same - other.same, 0), max(one.different - other.different, 0), max(one.unknown - other.unknown, 0)
    )
