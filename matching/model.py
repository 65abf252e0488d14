"""The linkage model: every number and rule a score or a decision depends on, as one frozen document.

The same `LinkageModel` scores online and, through `splink_bridge`, in bulk. It never changes:
another weight is another version. `content_hash` is what approvals and links refer to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from matching.calibration import IDENTITY, Calibration, log_odds
from matching.levels import COMPARISONS, HOUSE, TERM_CONTACTS, Given, Surname, house_level
from matching.standardise import NOTHING_EXCESSIVE, ExcessiveValues

Origin = Literal["splink", "smoothed", "hand", "none"]
PolicyMode = Literal["balanced", "strict"]


class InvalidModel(ValueError):
    """A model document that must not be used: the message says what is wrong with it, `place` where, if known.

    A place is a path within the document, such as `comparisons/given/exact/m`.
    """

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a comparison: m and u, their origin, and the words shown to a steward.

    m = P(level | one person), u = P(level | two people), both given that the value is known on
    both sides. The missing level has m = u = 1 and weighs 0 bits.
    """

    name: str
    m: float
    u: float
    words: str
    origin: Origin = "splink"

    @property
    def bits(self) -> float:
        """Match weight, log2(m/u)."""
        return math.log2(self.m / self.u)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison with its levels; `levels[0]` is the missing level."""

    name: str
    title: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class TermFrequencies:
    """Relative frequencies of the commonest values, and the one assumed for every other value.

    `average_u` is the chance that two random records agree on a value at all: the frequency
    adjustment of a value is log2(average_u / frequency) bits.
    """

    values: Mapping[str, float]
    default: float
    average_u: float

    def frequency(self, value: str) -> float:
        """Relative frequency of the value, between 0 and 1."""
        return self.values.get(value, self.default)

    def bits(self, value: str) -> float:
        """Frequency adjustment of an exact agreement on the value, in bits."""
        return math.log2(self.average_u) - math.log2(self.values.get(value, self.default))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Match probabilities: over `automatic` links, from `review` on opens a potential match."""

    automatic: float = 0.95
    review: float = 0.75


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What the operator can set of the policy.

    mode               `balanced` lets the namesake rule link pairs without contact evidence; `strict` does not
    population         people from whom the sources' patients come, for the namesake rule
    birth_dates        equally likely birth dates (22,000 days are about 60 years)
    namesake_bits      a namesake pair links when the expected number of such strangers is at most 2^-namesake_bits
    floor_bits         a pair below this many bits in all is evidence of two people
    """

    mode: PolicyMode = "balanced"
    population: int = 1_000_000
    birth_dates: int = 22_000
    namesake_bits: float = 9.0
    floor_bits: float = -12.0


@dataclass(frozen=True, slots=True)
class LinkageModel:
    """One version of the model. Built by `model_document.from_document` or by training.

    `prior` is the probability that two random records of an index of `prior_records` are one person.
    `excessive` are values that occur absurdly often: give them to `standardise`.
    Raises InvalidModel when a number or a name cannot stand.
    """

    version: str
    comparisons: tuple[Comparison, ...]
    given_frequencies: TermFrequencies
    family_frequencies: TermFrequencies
    prior: float
    prior_records: int
    thresholds: Thresholds = Thresholds()
    policy: PolicySettings = PolicySettings()
    calibration: Calibration = IDENTITY
    excessive: ExcessiveValues = NOTHING_EXCESSIVE
    author: str = ""
    justification: str = ""
    training: Mapping[str, object] = field(default_factory=dict)
    evaluation: Mapping[str, object] = field(default_factory=dict)
    content_hash: str = ""
    # Derived once, so that scoring only looks up: bits by comparison and level.
    prior_bits: float = field(init=False, repr=False, compare=False)
    automatic_bits: float = field(init=False, repr=False, compare=False)
    review_bits: float = field(init=False, repr=False, compare=False)
    bits: tuple[tuple[float, ...], ...] = field(init=False, repr=False, compare=False)
    given_bits: Mapping[str, float] = field(init=False, repr=False, compare=False)
    family_bits: Mapping[str, float] = field(init=False, repr=False, compare=False)
    given_default_bits: float = field(init=False, repr=False, compare=False)
    family_default_bits: float = field(init=False, repr=False, compare=False)
    established_given: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check(self)
        derived = {
            "prior_bits": log_odds(self.prior),
            "automatic_bits": self.calibration.total(self.thresholds.automatic),
            "review_bits": self.calibration.total(self.thresholds.review),
            "bits": tuple(tuple(level.bits for level in comparison.levels) for comparison in self.comparisons),
            "given_bits": _bits_by_value(self.given_frequencies),
            "family_bits": _bits_by_value(self.family_frequencies),
            "given_default_bits": self.given_frequencies.bits(""),
            "family_default_bits": self.family_frequencies.bits(""),
            "established_given": frozenset(self.given_frequencies.values),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def level(self, comparison: int, level: int) -> Level:
        """The level by its numbers (see `levels`)."""
        return self.comparisons[comparison].levels[level]


TERM_GIVEN = int(Given.EXACT)
"""Level of the given comparison that earns the frequency adjustment of the given name."""
TERM_HOUSE = frozenset(house_level(Surname.EXACT, contact) for contact in TERM_CONTACTS)
"""Levels of the house comparison that earn the frequency adjustment of the family name."""


def _bits_by_value(frequencies: TermFrequencies) -> Mapping[str, float]:
    return MappingProxyType({value: frequencies.bits(value) for value in frequencies.values})


def check(model: LinkageModel) -> None:
    """Raise InvalidModel with the first reason why the model cannot be used."""
    if not model.version:
        raise InvalidModel("The model has no version name.", "version")
    _check_shapes(model.comparisons)
    for comparison in model.comparisons:
        _check_levels(comparison)
    _check_frequencies("given", model.given_frequencies)
    _check_frequencies("family", model.family_frequencies)
    _check_thresholds(model)
    if model.policy.mode not in ("balanced", "strict"):
        raise InvalidModel("The policy mode is neither balanced nor strict.", "policy/mode")
    if model.policy.population < 1 or model.policy.birth_dates < 1:
        raise InvalidModel("Population and number of birth dates must be positive.", "policy")


def _check_shapes(comparisons: tuple[Comparison, ...]) -> None:
    names = [comparison.name for comparison in comparisons]
    known = [shape.name for shape in COMPARISONS]
    if unknown := sorted(set(names) - set(known)):
        raise InvalidModel(f"Unknown comparisons: {', '.join(unknown)}.", "comparisons")
    if names != known:
        raise InvalidModel(f"The comparisons must be exactly {', '.join(known)}, in this order.", "comparisons")
    for comparison, shape in zip(comparisons, COMPARISONS, strict=True):
        levels = [level.name for level in comparison.levels]
        wanted = [level.name for level in shape.levels]
        place = f"comparisons/{shape.name}"
        if unknown := sorted(set(levels) - set(wanted)):
            raise InvalidModel(f"Comparison {shape.name} has unknown levels: {', '.join(unknown)}.", place)
        if missing := sorted(set(wanted) - set(levels)):
            raise InvalidModel(f"Comparison {shape.name} lacks levels: {', '.join(missing)}.", place)
        if levels != wanted:
            raise InvalidModel(f"The levels of {shape.name} are repeated or in another order.", place)


def _check_levels(comparison: Comparison) -> None:
    missing, *others = comparison.levels
    place = f"comparisons/{comparison.name}"
    if missing.m != 1 or missing.u != 1:
        raise InvalidModel(f"The missing level of {comparison.name} must have m = u = 1.", f"{place}/{missing.name}")
    for level in others:
        for letter, value in (("m", level.m), ("u", level.u)):
            if not 0 < value < 1:
                raise InvalidModel(
                    f"{letter} of {comparison.name} / {level.name} is not between 0 and 1.",
                    f"{place}/{level.name}/{letter}",
                )
    for letter, total in (("m", sum(x.m for x in others)), ("u", sum(x.u for x in others))):
        # The house levels hold two distributions: those with and those without a family name.
        limit = 2.1 if comparison.name == COMPARISONS[HOUSE].name else 1.05
        if total > limit:
            raise InvalidModel(f"The {letter} of {comparison.name} sum to more than {limit}.", place)


def _check_frequencies(name: str, table: TermFrequencies) -> None:
    for value in (table.default, table.average_u, *table.values.values()):
        if not 0 < value < 1:
            raise InvalidModel(
                f"A term frequency of the table {name} is not between 0 and 1.", f"term_frequencies/{name}"
            )


def _check_thresholds(model: LinkageModel) -> None:
    if not 0 < model.prior < 1 or model.prior_records < 1:
        raise InvalidModel("The prior must be between 0 and 1, with the number of records it was trained for.", "prior")
    thresholds = model.thresholds
    if not 0 < thresholds.review < 1 or not 0 < thresholds.automatic < 1:
        raise InvalidModel("Thresholds must be between 0 and 1.", "thresholds")
    if thresholds.review >= thresholds.automatic:
        raise InvalidModel("Thresholds are crossed: review must be lower than automatic.", "thresholds")
    calibration = model.calibration
    if not calibration.rises:
        place = "calibration/corners" if replace(calibration, corners=()).rises else "calibration/slope"
        raise InvalidModel("The calibration must rise: its slope must be positive, its corners ascending.", place)
    if model.policy.floor_bits >= calibration.total(thresholds.review):
        raise InvalidModel("floor_bits must lie below the review threshold.", "policy/floor_bits")
