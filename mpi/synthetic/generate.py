"""The door: a stream of records of a synthetic population, the same for the same arguments."""

from __future__ import annotations

import random
from collections.abc import Iterator

from mpi.synthetic.draft import COLUMNS
from mpi.synthetic.households import Population
from mpi.synthetic.prevalence import PREVALENCE, Prevalence
from mpi.synthetic.records import GeneratedRecord, Registrations
from mpi.synthetic.systems import synthetic_systems

__all__ = ["COLUMNS", "GeneratedRecord", "generate"]

_SHUFFLED = 20_000
"""Records held back and drawn at random, so that a household does not arrive in one piece."""


def generate(
    records: int, seed: int, systems: int = 4, *, prevalence: Prevalence = PREVALENCE
) -> Iterator[GeneratedRecord]:
    """Exactly `records` records of `systems` source systems, in no order of persons.

    Deterministic by all arguments; memory is bounded whatever `records` is. The last person may lack
    records that the limit cut off. Raises ValueError for a negative count or an impossible number of systems.
    """
    if records < 0:
        raise ValueError("The number of records must not be negative.")
    rng = random.Random(f"patients-{seed}")
    population = Population(rng, prevalence)
    registrations = Registrations(rng, prevalence, synthetic_systems(systems))
    return _shuffled(_limited(population, registrations, records), rng)


def _limited(population: Population, registrations: Registrations, records: int) -> Iterator[GeneratedRecord]:
    remaining = records
    while remaining > 0:
        for person in population.household():
            for record in registrations.of_person(person):
                yield record
                remaining -= 1
                if remaining == 0:
                    return


def _shuffled(records: Iterator[GeneratedRecord], rng: random.Random) -> Iterator[GeneratedRecord]:
    held: list[GeneratedRecord] = []
    for record in records:
        if len(held) < _SHUFFLED:
            held.append(record)
            continue
        place = int(rng.random() * _SHUFFLED)
        yield held[place]
        held[place] = record
    rng.shuffle(held)
    yield from held
