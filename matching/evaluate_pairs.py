"""Figures over scored pairs, one pair after another in bounded memory: bands, calibration, weights, rules, keys.

A pair is judged when somebody knows whether it is one person: a truth file, or a steward's decision.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matching.evaluate import Share
from matching.rules import BY_CODE
from matching.score import Score
from matching.verdict import Grade, Verdict

GRADES: tuple[Grade, ...] = ("certain", "probable", "possible", "certainly-not")
DECILES = 10
LOWEST_BITS, HIGHEST_BITS = -40, 60
"""Pairs beyond stand in the outermost column of the histogram."""


@dataclass(slots=True)
class Tally:
    """Pairs, how many of them are judged, and how many of those are one person."""

    pairs: int = 0
    judged: int = 0
    same: int = 0

    def add(self, same: bool | None) -> None:
        """Count one pair; None is not judged."""
        self.pairs += 1
        self.judged += same is not None
        self.same += same is True

    @property
    def share(self) -> Share:
        """One person, of those judged."""
        return Share(self.same, self.judged)

    def to_document(self) -> dict[str, object]:
        """Plain JSON."""
        return {"pairs": self.pairs, "judged": self.judged, "one_person": share_document(self.share)}


def share_document(share: Share) -> dict[str, object]:
    """Plain JSON: hits, of, value and 95 % Wilson interval; the value of nothing is None."""
    return {
        "hits": share.hits,
        "of": share.of,
        "value": share.value if share.of else None,
        "interval": list(share.interval),
    }


@dataclass(slots=True)
class RuleTally:
    """One cap or veto: the pairs over the automatic threshold that it holds, and those that it alone holds."""

    kind: str
    held: Tally = field(default_factory=Tally)
    alone: Tally = field(default_factory=Tally)

    def to_document(self, code: str) -> dict[str, object]:
        """Plain JSON."""
        return {
            "code": code,
            "kind": self.kind,
            "words": BY_CODE[code].words if code in BY_CODE else code,
            "held": self.held.to_document(),
            "alone": self.alone.to_document(),
        }


@dataclass(slots=True)
class Calibration:
    """Stated against observed over judged pairs, by deciles of the stated probability; the last one includes 1.

    brier    mean of (stated - observed)² over pairs (Brier 1950)
    error    expected calibration error: mean over pairs of |mean stated - observed share| of their decile
    """

    counts: list[int] = field(default_factory=lambda: [0] * DECILES)
    same: list[int] = field(default_factory=lambda: [0] * DECILES)
    stated: list[float] = field(default_factory=lambda: [0.0] * DECILES)
    squares: float = 0.0

    def add(self, probability: float, same: bool) -> None:
        """Count one judged pair."""
        place = min(int(probability * DECILES), DECILES - 1)
        self.counts[place] += 1
        self.same[place] += same
        self.stated[place] += probability
        self.squares += (probability - same) ** 2

    @property
    def pairs(self) -> int:
        """Judged pairs in all."""
        return sum(self.counts)

    @property
    def brier(self) -> float | None:
        """None of no pair."""
        return self.squares / self.pairs if self.pairs else None

    @property
    def error(self) -> float | None:
        """None of no pair."""
        if not self.pairs:
            return None
        return math.fsum(abs(self.stated[place] - self.same[place]) for place in range(DECILES)) / self.pairs

    def to_document(self) -> dict[str, object]:
        """Plain JSON; deciles without a pair are left out."""
        deciles = [
            {
                "low": place / DECILES,
                "high": (place + 1) / DECILES,
                "stated": self.stated[place] / self.counts[place],
                "observed": share_document(Share(self.same[place], self.counts[place])),
            }
            for place in range(DECILES)
            if self.counts[place]
        ]
        return {
            "pairs": self.pairs,
            "brier": self.brier,
            "expected_calibration_error": self.error,
            "deciles": deciles,
        }


@dataclass(slots=True)
class KeyTally:
    """Which blocking rules found the pairs of one person. Rules are numbers; `mask` has a bit for each."""

    found: int = 0
    by_rule: dict[int, int] = field(default_factory=dict)
    only: dict[int, int] = field(default_factory=dict)

    def add(self, mask: int) -> None:
        """Count one true pair that these rules found."""
        if not mask:
            return
        self.found += 1
        if mask & (mask - 1) == 0:
            number = mask.bit_length() - 1
            self.only[number] = self.only.get(number, 0) + 1
        while mask:
            lowest = mask & -mask
            number = lowest.bit_length() - 1
            self.by_rule[number] = self.by_rule.get(number, 0) + 1
            mask ^= lowest


@dataclass(slots=True)
class PairFigures:
    """All of it. `free` is the calibration of pairs that no cap and no veto holds."""

    bands: dict[str, Tally] = field(default_factory=lambda: {grade: Tally() for grade in GRADES})
    calibration: Calibration = field(default_factory=Calibration)
    free: Calibration = field(default_factory=Calibration)
    weights: dict[int, list[int]] = field(default_factory=dict)
    rules: dict[str, RuleTally] = field(default_factory=dict)
    keys: KeyTally = field(default_factory=KeyTally)

    def add(self, score: Score, verdict: Verdict, same: bool | None, mask: int = 0) -> None:
        """Count one pair: its score, the policy's answer, what is known of it, the rules that found it."""
        probability = score.probability
        self.bands[verdict.grade].add(same)
        column = min(max(math.floor(score.bits), LOWEST_BITS), HIGHEST_BITS - 1)
        place = 2 if same is None else int(not same)
        self.weights.setdefault(column, [0, 0, 0])[place] += 1
        if same is not None:
            self.calibration.add(probability, same)
            if not (verdict.caps or verdict.vetoes or verdict.sole):
                self.free.add(probability, same)
        if same:
            self.keys.add(mask)
        if score.bits > score.model.automatic_bits and verdict.grade != "certain":
            self._held(verdict, same)

    def _held(self, verdict: Verdict, same: bool | None) -> None:
        reasons = [
            (kind, reason)
            for kind, found in (("veto", verdict.vetoes), ("cap", verdict.caps), ("sole", verdict.sole))
            for reason in found
        ]
        for kind, reason in reasons:
            rule = self.rules.setdefault(reason.code, RuleTally(kind))
            rule.held.add(same)
            if len(reasons) == 1:
                rule.alone.add(same)

    def _rule(self, code: str) -> RuleTally:
        """The tally of a rule, empty for one that held nothing."""
        return self.rules.get(code) or RuleTally(BY_CODE[code].kind)

    def to_document(self, rule_names: tuple[str, ...], true_pairs: int | None) -> dict[str, object]:
        """Plain JSON. `true_pairs` counts those that no key found too; None where nobody can know."""
        return {
            "bands": {grade: self.bands[grade].to_document() for grade in GRADES},
            "calibration": {"all": self.calibration.to_document(), "free": self.free.to_document()},
            "weights": [[column, *self.weights[column]] for column in sorted(self.weights)],
            "rules": [self._rule(code).to_document(code) for code in dict.fromkeys((*BY_CODE, *sorted(self.rules)))],
            "blocking": None if true_pairs is None else _blocking(self.keys, rule_names, true_pairs),
        }


def _blocking(keys: KeyTally, rule_names: tuple[str, ...], true_pairs: int) -> dict[str, object]:
    return {
        "found": share_document(Share(keys.found, true_pairs)),
        "rules": [
            {
                "rule": name,
                "found": share_document(Share(keys.by_rule.get(number, 0), true_pairs)),
                "only": keys.only.get(number, 0),
            }
            for number, name in enumerate(rule_names)
        ],
    }


def true_pair_count(people: Mapping[int, int] | Iterable[int]) -> int:
    """Pairs of records of one person, of the number of records of each."""
    sizes = people.values() if isinstance(people, Mapping) else people
    return sum(size * (size - 1) // 2 for size in sizes)
