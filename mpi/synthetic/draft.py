"""The record while it is being written: one desk, one day, and what went wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from mpi.synthetic.people import Person
from mpi.synthetic.prevalence import Prevalence
from mpi.synthetic.systems import SyntheticSystem

COLUMNS = (
    "source_system", "mrn", "given_name", "middle_name", "family_name", "suffix", "birth_date", "sex", "ssn",
    "street", "city", "state", "postal_code", "phone", "email", "previous_family_name", "updated_at",
)  # fmt: skip
"""The columns of an import file, in the order in which they are written."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who writes: the dice, the rates, the system and how many errors it makes."""

    rng: random.Random
    rates: Prevalence
    system: SyntheticSystem
    error_factor: float

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def slips(self, rate: float) -> bool:
        """Whether an error of this rate happens at this desk."""
        return self.rng.random() < rate * self.error_factor


@dataclass(slots=True)
class Draft:
    """The values so far, and the names of the special cases they contain (`traits`)."""

    person: Person
    day: int
    given: str = ""
    middle: str = ""
    family: str = ""
    suffix: str = ""
    birth_date: str = ""
    sex: str = ""
    ssn: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    phone: str = ""
    email: str = ""
    previous_family: str = ""
    traits: list[str] = field(default_factory=list)

    def note(self, trait: str) -> None:
        self.traits.append(trait)
