"""The truth about one person: what the records of the source systems are drawn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from mpi.synthetic.tables import Group, Sex

TODAY = date(2026, 1, 1).toordinal()
"""The population's present, a constant: the same seed gives the same bytes on any day."""

SPAN_START = date(2016, 1, 1).toordinal()
"""Records were last updated between this day and TODAY (ordinal days throughout)."""


@dataclass(slots=True)
class Home:
    """One dwelling. `shared_phone` is a facility's switchboard or the household's landline, or ""."""

    number: str
    direction: str
    street: str
    kind: str
    unit: str
    city: str
    state: str
    postal_code: str
    area_code: str
    shared_phone: str = ""


@dataclass(slots=True)
class Person:
    """One human being. Dates are ordinal days; 0 means it never happened."""

    person_id: str
    sex: Sex
    group: Group
    culture: str
    given: str
    middle: str
    family: str
    born: int
    home: Home
    second_family: str = ""
    suffix: str = ""
    nickname: str = ""
    goes_by_middle: bool = False
    birth_family: str = ""
    former_family: str = ""
    name_changed_on: int = 0
    former_home: Home | None = None
    moved_on: int = 0
    ssn: str = ""
    mobile: str = ""
    former_mobile: str = ""
    mobile_changed_on: int = 0
    email: str = ""
    former_email: str = ""
    email_changed_on: int = 0
    mother: Person | None = field(default=None, repr=False)
    relative: Person | None = field(default=None, repr=False)
    newborn_named: bool = False
    birth_letter: str = ""
    spells_accents: bool = False
    namesake: bool = False

    def age_on(self, day: int) -> float:
        return (day - self.born) / 365.25

    @property
    def age(self) -> float:
        return (TODAY - self.born) / 365.25


def birth_year(person: Person) -> int:
    return date.fromordinal(person.born).year
