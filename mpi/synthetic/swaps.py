"""Overlays with known truth: another person's details told under a number that is taken.

Both states are noted by the same desk, with its errors and habits, as two visits would have been. Four kinds,
the hard ones made on purpose: a stranger; a brother or sister; a father and his son of one name; a twin.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from mpi.synthetic.households import Population
from mpi.synthetic.people import Person
from mpi.synthetic.prevalence import PREVALENCE
from mpi.synthetic.records import GeneratedRecord, Registrations
from mpi.synthetic.systems import DEFAULT_SYSTEMS
from mpi.synthetic.tables import pick

SWAPS: Final = ("stranger", "sibling", "father/son", "twin")
"""Kinds of swaps, the easiest first."""

_FAMILIES = replace(
    PREVALENCE,
    single=0.1,
    couple=0.1,
    family=0.5,
    single_parent=0.15,
    adult_siblings=0.15,
    twin_birth=0.3,
    adult_siblings_twins=0.5,
    junior_son=0.6,
)
"""More families, twins and juniors than there are, so that rare kinds are many; all else as in the population."""


@dataclass(frozen=True, slots=True)
class Update:
    """Two states of one number, as flat rows, and what happened between them."""

    kind: str
    before: dict[str, str]
    after: dict[str, str]


class Desks:
    """The registration desks of the synthetic network, each asked for one person at a time."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        everywhere = (
            replace(system, presence_child=1.0, presence_adult=1.0, presence_elder=1.0) for system in DEFAULT_SYSTEMS
        )
        rates = replace(PREVALENCE, duplicate=0.0)
        self._desks = {system.code: Registrations(rng, rates, (system,)) for system in everywhere}

    def any(self) -> str:
        """Code of a desk, each as likely as the others."""
        return pick(self._rng, tuple(self._desks))

    def noted(self, person: Person, system: str) -> GeneratedRecord:
        """What this desk notes of the person, under a number of its own."""
        return next(self._desks[system].of_person(person))


def swaps(seed: int, *, each: int) -> Iterator[Update]:
    """`each` swaps of every kind, the same for the same arguments."""
    rng = random.Random(f"swaps-{seed}")
    population, desks = Population(rng, _FAMILIES), Desks(rng)
    wanted = dict.fromkeys(SWAPS, each)
    stranger: Person | None = None
    while any(wanted.values()):
        household = population.household()
        pairs = [(kind, pair) for pair in combinations(household, 2) if (kind := _kin(*pair))]
        if stranger is not None:
            pairs.append(("stranger", (stranger, household[0])))
        for kind, pair in pairs:
            if wanted[kind]:
                wanted[kind] -= 1
                yield _swap(rng, desks, kind, pair)
        stranger = pick(rng, household)


def _swap(rng: random.Random, desks: Desks, kind: str, pair: tuple[Person, Person]) -> Update:
    """Either may be the one whose number it was."""
    old, new = pair if rng.random() < 0.5 else pair[::-1]
    system = desks.any()
    before, after = desks.noted(old, system).as_dict(), desks.noted(new, system).as_dict()
    return Update(kind, before, after | {"mrn": before["mrn"]})


def _kin(one: Person, other: Person) -> str:
    """Twins, father and son of one name, brother or sister; "" for any other two of a household."""
    if one.birth_letter and other.birth_letter and one.born == other.born:
        return "twin"
    years = abs(one.born - other.born) / 365.25
    if one.family != other.family:
        return ""
    if one.given == other.given and one.sex == other.sex == "M" and years > 13:
        return "father/son"
    siblings = one.mother is not None and one.mother is other.mother
    return "sibling" if siblings and one.born != other.born else ""
