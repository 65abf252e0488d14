"""From the truth about a person to the rows that the source systems hold."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mpi.synthetic.contact import note_contact
from mpi.synthetic.draft import COLUMNS, Desk, Draft
from mpi.synthetic.facts import note_facts
from mpi.synthetic.formats import without_accents, written_moment
from mpi.synthetic.naming import note_names
from mpi.synthetic.people import SPAN_START, TODAY, Person
from mpi.synthetic.prevalence import Prevalence
from mpi.synthetic.systems import SyntheticSystem


@dataclass(frozen=True, slots=True)
class GeneratedRecord:
    """One row as a source system would send it, and what is true of it.

    row        values in the order of COLUMNS, "" for not told
    person_id  the true person, the same in all of that person's records
    traits     the special cases in this row, e.g. ("nickname", "former_address"); never written to a file
    """

    row: tuple[str, ...]
    person_id: str
    traits: tuple[str, ...]

    def as_dict(self) -> dict[str, str]:
        return dict(zip(COLUMNS, self.row, strict=True))


class Registrations:
    """The registration desks of all systems: who comes to which, and what is noted there."""

    def __init__(self, rng: random.Random, prevalence: Prevalence, systems: Sequence[SyntheticSystem]) -> None:
        self._rng = rng
        self._prevalence = prevalence
        self._systems = systems
        self._last_mrn = {system.code: 10 ** (system.mrn_width - 1) for system in systems}

    def of_person(self, person: Person) -> Iterator[GeneratedRecord]:
        """At least one record; a second one in the same system for the share of duplicates."""
        rates = self._prevalence
        attended = self._attended(person)
        born_at = next((system for system in attended if system.birth_hospital), None) if person.newborn_named else None
        for system in attended:
            as_newborn = system is born_at
            yield self._record(person, system, system.error_factor, as_newborn=as_newborn)
            # A newborn is often registered anew once it has a name.
            if self._rng.random() < (0.25 if as_newborn else rates.duplicate):
                factor = system.error_factor * rates.duplicate_error_factor
                yield self._record(person, system, factor, as_newborn=False, duplicate=True)

    def _attended(self, person: Person) -> list[SyntheticSystem]:
        rng, age = self._rng, person.age
        while True:
            attended = [system for system in self._systems if rng.random() < _presence(system, age)]
            if attended:
                return attended

    def _record(
        self, person: Person, system: SyntheticSystem, error_factor: float, *, as_newborn: bool, duplicate: bool = False
    ) -> GeneratedRecord:
        rng = self._rng
        desk = Desk(rng, self._prevalence, system, error_factor)
        draft = Draft(person, _day(rng, person, as_newborn=as_newborn))
        _note_person(draft)
        if duplicate:
            draft.note("duplicate")
        note_names(desk, draft, as_newborn=as_newborn)
        note_facts(desk, draft)
        if as_newborn:
            draft.ssn = ""  # applied for with the birth certificate, weeks later
        if rng.random() < system.sparse:
            draft.note("sparse")
            draft.ssn = ""
        else:
            note_contact(desk, draft)
        return GeneratedRecord(self._row(draft, system), person.person_id, tuple(draft.traits))

    def _row(self, draft: Draft, system: SyntheticSystem) -> tuple[str, ...]:
        values = [draft.given, draft.middle, draft.family, draft.suffix, draft.birth_date, draft.sex, draft.ssn,
                  draft.street, draft.city, draft.state, draft.postal_code, draft.phone, draft.email,
                  draft.previous_family]  # fmt: skip
        if system.ascii_only:
            values = [without_accents(value) for value in values]
        values[0], values[2] = values[0][: system.given_width], values[2][: system.family_width]
        if system.upper_case:
            values = [value.upper() for value in values]
        moment = written_moment(draft.day, int(self._rng.random() * 86_400))
        return (system.code, self._mrn(system), *values, moment)

    def _mrn(self, system: SyntheticSystem) -> str:
        """Numbers of one system rise in uneven steps, so that no two records of it share one."""
        number = self._last_mrn[system.code] + 1 + int(self._rng.random() * 7)
        self._last_mrn[system.code] = number
        return f"{system.mrn_prefix}{number}"


def _note_person(draft: Draft) -> None:
    person = draft.person
    if person.birth_letter:
        draft.note("twin")
    if person.suffix:
        draft.note("jr_sr")
    if person.namesake:
        draft.note("namesake")


def _presence(system: SyntheticSystem, age: float) -> float:
    if age < 18:
        return system.presence_child
    return system.presence_adult if age < 65 else system.presence_elder


def _day(rng: random.Random, person: Person, *, as_newborn: bool) -> int:
    """The day of the last update: later days are likelier, since patients come back."""
    first = max(SPAN_START, person.born)
    if as_newborn:
        return min(TODAY - 1, first + int(rng.random() * 3))
    return first + int((TODAY - first) * rng.random() ** 0.7)
