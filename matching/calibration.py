"""From a total to the probability that is stated: a straight line in log odds, fitted to labelled pairs.

Comparisons are not quite independent, and EM learns m from the easier pairs, so a raw total may promise too much
or too little. The line of Platt (1999), "Probabilistic Outputs for Support Vector Machines", mends that and is
monotone: it moves no pair past another. Bits, levels and policy stay as they are; what is stated, and with it
where the thresholds fall, follows what was observed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

LEAST_PAIRS = 200
"""Pairs in doubt that a fit needs."""
IN_DOUBT = 12.0
"""Bits on either side of even odds within which a total leaves a doubt; the rest would only pull the line."""
_STEPS = 50
_NEARLY = 1e-9


@dataclass(frozen=True, slots=True)
class Calibration:
    """log2 of the stated odds = offset + slope x total, all in bits. The identity until a model is calibrated.

    `fitted_on` names the labelled pairs, `pairs` counts those that were in doubt.
    """

    offset: float = 0.0
    slope: float = 1.0
    fitted_on: str = ""
    pairs: int = 0

    def probability(self, total: float) -> float:
        """The probability between 0 and 1 that is stated for a total in bits."""
        return probability(self.offset + self.slope * total)

    def total(self, stated: float) -> float:
        """The total in bits at which a probability is stated: the inverse of `probability`."""
        return (log_odds(stated) - self.offset) / self.slope


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
