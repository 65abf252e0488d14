"""The random draws that population and records are made of."""

from __future__ import annotations

import random

from mpi.synthetic.people import SPAN_START, TODAY
from mpi.synthetic.tables import Sex

_YEAR = 365.25


class Dice:
    """Draws of one seeded source; every module of a population throws the same dice."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def sex(self, share_female: float) -> Sex:
        return "F" if self.rng.random() < share_female else "M"

    def age(self, youngest: float, oldest: float, skew: float) -> float:
        """Years between `youngest` and `oldest`; a skew over 1 makes the young ones likelier."""
        return youngest + (oldest - youngest) * float(self.rng.random() ** skew)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.rng.random()

    def day_in_span(self) -> int:
        """An ordinal day of the years that the records cover."""
        return SPAN_START + int(self.rng.random() * (TODAY - SPAN_START))


def born_at_age(age: float) -> int:
    """The ordinal day of birth of somebody who is `age` years old on TODAY."""
    return TODAY - 1 - int(age * _YEAR)
