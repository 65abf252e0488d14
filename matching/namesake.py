"""The namesake rule: how many strangers share a name and a birth date by chance alone."""

from __future__ import annotations

from matching.levels import BirthDate, Contact, Given, Middle, Surname
from matching.model import LinkageModel
from matching.records import StandardRecord

INITIALS_AGREE = 11.0
"""Chance of one in eleven that two strangers have the same middle initial."""
MIDDLE_DIFFERS = 320.0
"""One person in forty is told with two different middle names, so a stranger is that much likelier; and eight times
more, as measured: at forty, 5 of 47 pairs who told nothing else were two."""
SAME_ZIP = 4.0
"""A quarter of the strangers that could be met live in the same ZIP code."""
SAME_STREET = 64.0
"""One in so many of the strangers that could be met lives at nearly the same street address, to put it high."""
ELSEWHERE = 16.0
"""A different address, or another phone in one ZIP code, makes a stranger that much likelier."""
ONE_SOURCE = 16.0
"""A source seldom numbers one person twice, so a stranger is that much likelier."""
NAME_NOT_EXACT = 4.0
"""Names within a nickname or one typing error of a name, as a multiple of its frequency."""
_BIRTH_DATES_MET = {BirthDate.EXACT: 1.0, BirthDate.DAY_MONTH: 2.0, BirthDate.EDIT: 25.0}
"""How many birth dates would have agreed at this level."""


def expected_strangers(
    a: StandardRecord,
    b: StandardRecord,
    *,
    given: Given,
    surname: Surname,
    birth_date: BirthDate,
    contact: Contact,
    middle: Middle,
    model: LinkageModel,
) -> float:
    """Expected number of other people who would agree this well with the record by chance.

    population x f(given) x f(family) / number of birth dates, with factors for what else is known.
    Names that are not equal count with the commoner of the two, an unknown one with 1: everybody may bear it.
    """
    expected = float(model.policy.population)
    if birth_date != BirthDate.MISSING:
        expected *= _BIRTH_DATES_MET[birth_date] / model.policy.birth_dates
    if given != Given.MISSING:
        expected *= max(model.given_frequencies.frequency(name) for name in (a.name.given, b.name.given))
    if surname != Surname.UNKNOWN:
        expected *= max(model.family_frequencies.frequency(name) for name in (a.name.family, b.name.family))
    factors = (
        (given not in (Given.EXACT, Given.MISSING), NAME_NOT_EXACT),
        (surname not in (Surname.EXACT, Surname.UNKNOWN), NAME_NOT_EXACT),
        (middle in (Middle.FULL, Middle.INITIAL), 1 / INITIALS_AGREE),
        (middle == Middle.CONFLICT, MIDDLE_DIFFERS),
        (contact == Contact.ZIP, 1 / SAME_ZIP),
        (contact == Contact.CLOSE, 1 / SAME_STREET),
        (contact in (Contact.DIFFERS, Contact.ZIP_PHONE_DIFFERS), ELSEWHERE),
        (bool(a.source_system) and a.source_system == b.source_system, ONE_SOURCE),
    )
    for holds, factor in factors:
        if holds:
            expected *= factor
    return expected
