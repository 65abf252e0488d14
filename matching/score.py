"""Levels and a model -> bits per comparison, their total, and the match probability.

total = log2(prior odds) + sum of log2(m/u) + term-frequency adjustments (Fellegi and Sunter 1969);
probability = 2^x / (1 + 2^x), where x is the model's calibration of the total. A missing value weighs 0 bits.
Policy never touches these numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from matching.compare import compare
from matching.levels import COMPARISONS, GIVEN, HOUSE, Levels
from matching.model import TERM_GIVEN, TERM_HOUSE, LinkageModel
from matching.records import StandardRecord


class Part(NamedTuple):
    """What one comparison gave: its level, m and u, match weight and frequency adjustment in bits."""

    comparison: str
    title: str
    level: str
    words: str
    m: float
    u: float
    bits: float
    frequency_bits: float

    @property
    def total_bits(self) -> float:
        """Match weight and frequency adjustment together."""
        return self.bits + self.frequency_bits


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one pair under one model: levels and total; the parts are made when asked for."""

    levels: Levels
    bits: float
    given_frequency_bits: float
    family_frequency_bits: float
    model: LinkageModel = field(repr=False, compare=False)

    @property
    def prior_bits(self) -> float:
        """log2 of the prior odds that two random records are one person."""
        return self.model.prior_bits

    @property
    def probability(self) -> float:
        """The match probability between 0 and 1 that the model's calibration states for the total."""
        return self.model.calibration.probability(self.bits)

    @property
    def parts(self) -> tuple[Part, ...]:
        """One part per comparison, in the order of `levels.COMPARISONS`."""
        frequency = {GIVEN: self.given_frequency_bits, HOUSE: self.family_frequency_bits}
        parts = []
        for number, level_number in enumerate(self.levels):
            level, shape = self.model.level(number, level_number), COMPARISONS[number]
            bits = self.model.bits[number][level_number], frequency.get(number, 0.0)
            parts.append(Part(shape.name, shape.title, level.name, level.words, level.m, level.u, *bits))
        return tuple(parts)


def score(a: StandardRecord, b: StandardRecord, model: LinkageModel) -> Score:
    """Score one pair; symmetric. A few microseconds; raises nothing: the model was checked at loading."""
    return score_levels(compare(a, b, model.established_given), a, model)


def score_levels(levels: Levels, a: StandardRecord, model: LinkageModel) -> Score:
    """Score levels already compared; `a` gives the names that agree, for their frequency."""
    return Score(levels, *total_bits(levels, a, model), model)


def total_bits(levels: Levels, a: StandardRecord, model: LinkageModel) -> tuple[float, float, float]:
    """Total bits, and of them the frequency adjustments of given and family name: the sum alone, for speed."""
    given, middle, house, birth_date, sex, ssn, identifier = levels
    table = model.bits
    given_bits = family_bits = 0.0
    if given == TERM_GIVEN:
        given_bits = model.given_bits.get(a.name.given, model.given_default_bits)
    if house in TERM_HOUSE:
        family_bits = model.family_bits.get(a.name.family, model.family_default_bits)
    total = (
        model.prior_bits
        + table[0][given]
        + given_bits
        + table[1][middle]
        + table[2][house]
        + family_bits
        + table[3][birth_date]
        + table[4][sex]
        + table[5][ssn]
        + table[6][identifier]
    )
    return total, given_bits, family_bits
