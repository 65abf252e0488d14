"""Ordinary updates of a known number: what happens in a life and at a desk, and is no overlay.

A desk notes a person once, errors and all; the update changes only what its kind changes, and now and then a
contact besides, since people who come to say one thing are asked for the others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Final

from mpi.synthetic.formats import written_date
from mpi.synthetic.households import Population
from mpi.synthetic.noise import (
    mistype,
    swap_day_and_month,
    transpose,
    transposed_birth,
    wrong_birth_digit,
    wrong_digit,
)
from mpi.synthetic.people import Person
from mpi.synthetic.prevalence import PREVALENCE
from mpi.synthetic.swaps import Desks, Update
from mpi.synthetic.systems import DEFAULT_SYSTEMS
from mpi.synthetic.tables import pick

Row = dict[str, str]
_SYSTEMS = {system.code: system for system in DEFAULT_SYSTEMS}
_ADDRESS = ("street", "city", "state", "postal_code")
_CONTACT_TOO = 0.15
_TWO_ERRORS = 0.1


class _Case:
    """One person at one desk: the row as noted, and another household's row to take a new address or name from."""

    def __init__(self, rng: random.Random, person: Person, desk: str, row: Row, other: Row) -> None:
        self.rng, self.person, self.desk, self.row, self.other = rng, person, desk, row, other

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def date(self, day: date) -> str:
        return written_date(day, _SYSTEMS[self.desk])


Change = Callable[[_Case], tuple[Row, Row] | None]
"""Gives the state before and after, or None where this person has no such change."""


def _marriage(case: _Case) -> tuple[Row, Row] | None:
    """A woman takes another name; half of the brides move."""
    if case.person.sex != "F" or case.person.age < 19 or not case.row["given_name"]:
        return None
    after = case.row | {"family_name": case.other["family_name"], "suffix": ""}
    if case.chance(_SYSTEMS[case.desk].previous_name_told):
        after["previous_family_name"] = case.row["family_name"]
    if case.chance(PREVALENCE.bride_moved):
        after |= {name: case.other[name] for name in _ADDRESS}
    return case.row, after


def _move(case: _Case) -> tuple[Row, Row] | None:
    after = case.row | {name: case.other[name] for name in _ADDRESS}
    if case.chance(0.3):
        after["phone"] = case.other["phone"]
    return case.row, after


def _newborn_named(case: _Case) -> tuple[Row, Row] | None:
    """BABY BOY gets a name, often the father's surname, and later a number."""
    person = case.person
    if person.age > 18 or person.mother is None:
        return None
    baby = ("BABY BOY" if person.sex == "M" else "BABY GIRL") + (
        f" {person.birth_letter}" if person.birth_letter else ""
    )
    before = case.row | {"given_name": baby, "middle_name": "", "family_name": person.mother.family, "suffix": ""}
    return before | {"ssn": "", "previous_family_name": ""}, case.row


def _alias_identified(case: _Case) -> tuple[Row, Row] | None:
    """Somebody from the emergency room gets a name; the birth date was a guess or none."""
    guess = date(max(1900, date.fromordinal(case.person.born).year + case.rng.randint(-4, 4)), 1, 1)
    born = pick(case.rng, ("", case.date(date(1900, 1, 1)), case.date(min(guess, date(2025, 1, 1)))))
    doe = ("JOHN" if case.person.sex == "M" else "JANE", "DOE")
    given, family = pick(case.rng, (doe, ("UNKNOWN", "UNKNOWN")))
    empty = dict.fromkeys(("middle_name", "suffix", "ssn", *_ADDRESS, "phone", "email", "previous_family_name"), "")
    return case.row | empty | {"given_name": given, "family_name": family, "birth_date": born}, case.row


def _typing_error_fixed(case: _Case) -> tuple[Row, Row] | None:
    before = dict(case.row)
    for _ in range(2 if case.chance(_TWO_ERRORS) else 1):
        name = pick(case.rng, ("given_name", "family_name", "birth_date", "middle_name", "street", "phone"))
        before[name] = _mistyped(case, name, case.row[name])
    return before, case.row


def _mistyped(case: _Case, name: str, value: str) -> str:
    if name == "birth_date":
        return _wrong_birth_date(case)
    if name == "phone":
        return wrong_digit(case.rng, value)
    return mistype(case.rng, value)


def _wrong_birth_date(case: _Case) -> str:
    day = _day(case.row["birth_date"])
    if day is None:
        return case.row["birth_date"]
    ways: tuple[Callable[[], date | None], ...] = (
        lambda: wrong_birth_digit(case.rng, day),
        lambda: transposed_birth(case.rng, day),
        lambda: swap_day_and_month(day),
    )
    return case.date(pick(case.rng, ways)() or day)


def _sex_marker(case: _Case) -> tuple[Row, Row] | None:
    other = {"F": "M", "M": "F", "female": "male", "male": "female"}.get(case.row["sex"])
    return (case.row, case.row | {"sex": other}) if other else None


def _default_date(case: _Case) -> tuple[Row, Row] | None:
    """1 January 1900, or of the right year, is replaced by the birth date."""
    day = _day(case.row["birth_date"])
    if day is None:
        return None
    default = date(1900, 1, 1) if case.chance(0.7) else date(day.year, 1, 1)
    return case.row | {"birth_date": case.date(default)}, case.row


def _ssn_added(case: _Case) -> tuple[Row, Row] | None:
    return (case.row | {"ssn": ""}, case.row) if case.row["ssn"] else None


def _ssn_corrected(case: _Case) -> tuple[Row, Row] | None:
    """A slip of the hand, a placeholder, or the number of whoever pays."""
    right = case.row["ssn"]
    if len(right) < 9:
        return None
    wrong = (transpose(case.rng, right), wrong_digit(case.rng, right), "999-99-9999", case.other["ssn"] or right)
    return case.row | {"ssn": pick(case.rng, wrong)}, case.row


_CHANGES: Final[dict[str, Change]] = {
    "marriage": _marriage,
    "move": _move,
    "newborn named": _newborn_named,
    "alias identified": _alias_identified,
    "typing error fixed": _typing_error_fixed,
    "sex marker changed": _sex_marker,
    "default date replaced": _default_date,
    "SSN added": _ssn_added,
    "SSN corrected": _ssn_corrected,
}
BENIGN: Final = tuple(_CHANGES)
"""Kinds of ordinary updates."""


def ordinary_updates(seed: int, *, count: int) -> Iterator[Update]:
    """At least `count` updates, as many of every kind, the same for the same arguments."""
    rng = random.Random(f"updates-{seed}")
    population, desks = Population(rng, PREVALENCE), Desks(rng)
    wanted = dict.fromkeys(BENIGN, -(-count // len(BENIGN)))
    other: Row | None = None
    while any(wanted.values()):
        for person in population.household():
            desk = desks.any()
            row = desks.noted(person, desk).as_dict()
            if other is not None:
                case = _Case(rng, person, desk, row, other | {"source_system": desk})
                yield from _one(case, wanted)
        other = row


def _one(case: _Case, wanted: dict[str, int]) -> Iterator[Update]:
    """An update of this person, of a kind that is still wanted."""
    kinds = [kind for kind in BENIGN if wanted[kind]]
    if not kinds:
        return
    kind = pick(case.rng, kinds)
    states = _CHANGES[kind](case)
    if states is None:
        return
    before, after = states
    if case.chance(_CONTACT_TOO):
        name = pick(case.rng, ("phone", "email"))
        after = after | {name: case.other[name]}
    wanted[kind] -= 1
    yield Update(kind, before, after)


def _day(text: str) -> date | None:
    """A birth date as a desk has written it, in full."""
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  # a date has no zone
        except ValueError:
            continue
    return None
