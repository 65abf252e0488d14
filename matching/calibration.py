"""From a total to the probability that is stated: a line in log odds, and steps below it, fitted to labelled pairs.

Comparisons are not quite independent, and EM learns m from the easier pairs, so a raw total may promise too much
or too little. The line of Platt (1999), "Probabilistic Outputs for Support Vector Machines", mends that and is
monotone: it moves no pair past another. Bits, levels and policy stay as they are; what is stated, and with it
where the thresholds fall, follows what was observed.

Below the review threshold no cap is asked, so that pairs of all sorts meet there, and the share of one person rises
in steps and not along a line: there the statement is the isotonic one of Ayer et al. (1955), "An Empirical
Distribution Function for Sampling with Incomplete Information". The threshold itself stays on the line.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

LEAST_PAIRS = 200
"""Pairs in doubt that a fit needs."""
IN_DOUBT = 12.0
"""Bits on either side of even odds within which a total leaves a doubt; the rest would only pull the line."""
LEAST_IN_STEP = 2_000
"""Pairs that a step stands on: its share is then known within .022 (95 %), and the sets differ by more."""
_LEAST_IN_BLOCK = 20
_STEPS = 50
_NEARLY = 1e-9


Corner = tuple[float, float]
"""A total in bits, and log2 of the odds stated there."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """log2 of the stated odds, by the total in bits. The identity until a model is calibrated.

    offset, slope   the line: offset + slope x total
    corners         ascending; below the last of them the statement goes straight from corner to corner, and before
                    the first with the slope of the line
    fitted_on       names the labelled pairs, of which `pairs` were in doubt
    """

    offset: float = 0.0
    slope: float = 1.0
    fitted_on: str = ""
    pairs: int = 0
    corners: tuple[Corner, ...] = ()

    @property
    def rises(self) -> bool:
        """Whether it moves no pair past another: a finite line that rises, and corners that never fall."""
        line = 0 < self.slope < math.inf and math.isfinite(self.offset)
        ends = (*self.corners, (self.corners[-1][0], self._line(self.corners[-1][0]))) if self.corners else ()
        return line and all(one[0] <= other[0] and one[1] <= other[1] for one, other in pairwise(ends))

    def bits(self, total: float) -> float:
        """log2 of the odds that are stated for a total in bits."""
        if not self.corners or total >= self.corners[-1][0]:
            return self._line(total)
        place = bisect_right(self.corners, total, key=_total_of)
        if not place:
            return self.corners[0][1] + self.slope * (total - self.corners[0][0])
        (low, stated), (high, more) = self.corners[place - 1 : place + 1]
        return stated + (more - stated) * (total - low) / (high - low)

    def probability(self, total: float) -> float:
        """The probability between 0 and 1 that is stated for a total in bits."""
        return probability(self.bits(total))

    def total(self, stated: float) -> float:
        """The lowest total in bits at which a probability is stated: the inverse of `probability`."""
        odds = log_odds(stated)
        if not self.corners or odds >= self._line(self.corners[-1][0]):
            return (odds - self.offset) / self.slope
        if odds <= self.corners[0][1]:
            return self.corners[0][0] - (self.corners[0][1] - odds) / self.slope
        for (low, less), (high, more) in pairwise(self.corners):
            if odds <= more:
                return low + (high - low) * (odds - less) / (more - less)
        return self.corners[-1][0]

    def _line(self, total: float) -> float:
        return self.offset + self.slope * total


def _total_of(corner: Corner) -> float:
    return corner[0]


IDENTITY = Calibration()


def probability(bits: float) -> float:
    """2^bits / (1 + 2^bits), without overflow on either side."""
    if bits >= 0:
        return 1.0 / (1.0 + math.exp2(max(-bits, -1000.0)))
    odds = math.exp2(max(bits, -1000.0))
    return odds / (1.0 + odds)


def log_odds(stated: float) -> float:
    """log2(p / (1 - p)), the bits of a probability."""
    return math.log2(stated / (1 - stated))


def fit(judged: Iterable[tuple[float, bool]], fitted_on: str) -> Calibration:
    """The likeliest line for (total in bits, truly one person) of pairs that no rule holds.

    Newton's method on the log likelihood. Raises ValueError where too few pairs are in doubt, or no line fits.
    """
    pairs = [(total, same) for total, same in judged if abs(total) <= IN_DOUBT]
    if len(pairs) < LEAST_PAIRS:
        raise ValueError(f"Only {len(pairs)} judged pairs are in doubt: at least {LEAST_PAIRS} are needed.")
    offset, slope = 0.0, 1.0
    for _ in range(_STEPS):
        step = _newton_step(pairs, offset, slope)
        offset, slope = offset + step[0], slope + step[1]
        if max(map(abs, step)) < _NEARLY:
            break
    if not math.isfinite(offset) or not 0 < slope < math.inf:
        raise ValueError("No line fits: the totals do not tell one person from two.")
    return Calibration(round(offset, 4), round(slope, 4), fitted_on, len(pairs))


def _newton_step(pairs: list[tuple[float, bool]], offset: float, slope: float) -> tuple[float, float]:
    """Change of (offset, slope) in bits: the inverse of the information matrix times the gradient."""
    g0 = g1 = h00 = h01 = h11 = 0.0
    for total, same in pairs:
        stated = probability(offset + slope * total)
        error, weight = same - stated, stated * (1 - stated)
        g0 += error
        g1 += error * total
        h00 += weight
        h01 += weight * total
        h11 += weight * total * total
    determinant = (h00 * h11 - h01 * h01) * math.log(2)
    if determinant <= 0:
        return math.inf, math.inf
    return (h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant


@dataclass(slots=True)
class _Step:
    """Totals from `low` to `high`, and how many pairs there are one person."""

    low: float
    high: float
    pairs: int
    same: int

    @property
    def odds(self) -> float:
        """log2 of the observed odds, half a pair added to either side."""
        return math.log2((self.same + 0.5) / (self.pairs - self.same + 0.5))

    def take(self, other: _Step) -> None:
        """Become one with the step above."""
        self.high, self.pairs, self.same = other.high, self.pairs + other.pairs, self.same + other.same


def fit_steps(line: Calibration, judged: Iterable[tuple[float, bool]], below: float, fitted_on: str) -> Calibration:
    """The same line, and isotonic steps for (total in bits, truly one person) below a total, which stays on the line.

    Raises ValueError where too few pairs are in doubt, or the highest step would lie above the line.
    """
    pairs = sorted((total, same) for total, same in judged if -IN_DOUBT <= total < below)
    if len(pairs) < LEAST_IN_STEP:
        raise ValueError(f"Only {len(pairs)} judged pairs are in doubt: at least {LEAST_IN_STEP} are needed.")
    corners = [(round(total, 4), round(step.odds, 4)) for step in _isotonic(pairs) for total in (step.low, step.high)]
    end = math.floor(below * 10_000) / 10_000
    found = replace(line, fitted_on=fitted_on, pairs=len(pairs), corners=(*corners, (end, line.bits(end))))
    if not found.rises:
        raise ValueError("The highest step lies above the line.")
    return found


def _isotonic(pairs: list[tuple[float, bool]]) -> list[_Step]:
    """Pooled adjacent violators, then the smallest step joined to the likest neighbour until each has enough pairs."""
    steps: list[_Step] = []
    for total, same in pairs:
        if steps and (steps[-1].pairs < _LEAST_IN_BLOCK or steps[-1].high == total):
            steps[-1].take(_Step(total, total, 1, same))
            continue
        _pool(steps)
        steps.append(_Step(total, total, 1, same))
    _pool(steps)
    while (smallest := min(steps, key=lambda step: step.pairs)).pairs < LEAST_IN_STEP and len(steps) > 1:
        place = steps.index(smallest)
        beside = [number for number in (place - 1, place + 1) if 0 <= number < len(steps)]
        likest = min(beside, key=lambda number: abs(steps[number].odds - smallest.odds))
        steps[min(place, likest)].take(steps.pop(max(place, likest)))
    return steps


def _pool(steps: list[_Step]) -> None:
    """Join the last steps as long as they fall."""
    while len(steps) > 1 and steps[-2].odds >= steps[-1].odds:
        steps[-2].take(steps.pop())
