"""The levels of one pair by name, and the questions that several policy rules ask of them."""

from __future__ import annotations

from dataclasses import dataclass

from matching.levels import BirthDate, Contact, Given, Middle, SharedIdentifier, Ssn, Surname, house_parts
from matching.records import StandardRecord
from matching.score import Score

GIVEN_AGREES = frozenset({Given.EXACT, Given.ALTERNATE, Given.NICKNAME, Given.SWAPPED, Given.MIDDLE, Given.EDIT})
GIVEN_ONLY_SIMILAR = frozenset({Given.NEAR, Given.PHONETIC})
SURNAME_AGREES = frozenset({Surname.EXACT, Surname.RELATED, Surname.NEAR})
BIRTH_DATE_AGREES = frozenset({BirthDate.EXACT, BirthDate.DAY_MONTH, BirthDate.EDIT})
CONTACT_AGREES = frozenset({Contact.TWO, Contact.EMAIL, Contact.PHONE, Contact.ADDRESS})
CONTACT_BESIDES_EMAIL = frozenset({Contact.TWO, Contact.PHONE, Contact.ADDRESS})

_FAMILY_TYPES = frozenset({"MB", "SN"})
"""HL7 table 0203: member and subscriber numbers of an insurance, which a family may share."""


@dataclass(frozen=True, slots=True)
class PairFacts:
    """One scored pair; `a` and `b` are its records."""

    a: StandardRecord
    b: StandardRecord
    given: int
    middle: int
    surname: Surname
    contact: Contact
    birth_date: int
    sex: int
    ssn: int
    identifier: int

    @property
    def strong_id(self) -> bool:
        """The same SSN or another strong identifier."""
        return self.ssn == Ssn.EXACT or self.identifier == SharedIdentifier.EXACT

    @property
    def number_nearly(self) -> bool:
        """An SSN or identifier nearly the same, or its last four digits."""
        return self.ssn in (Ssn.EDIT, Ssn.CLOSE) or self.identifier == SharedIdentifier.EDIT

    @property
    def own_number(self) -> bool:
        """The same number of one's own: an SSN, or an identifier that families do not share."""
        if self.ssn == Ssn.EXACT:
            return True
        return self.identifier == SharedIdentifier.EXACT and any(
            kind not in _FAMILY_TYPES and (authority, kind, value) in self.b.identifiers
            for authority, kind, value in self.a.identifiers
        )

    @property
    def own_number_and_birth(self) -> bool:
        """The same birth date and a number of one's own."""
        return self.birth_date == BirthDate.EXACT and self.own_number

    @property
    def given_agrees(self) -> bool:
        """One given name, allowing for nickname, moved field and one typing error."""
        return self.given in GIVEN_AGREES

    @property
    def born_and_named_alike(self) -> bool:
        """The given name agrees and the birth date is the same."""
        return self.given_agrees and self.birth_date == BirthDate.EXACT


MIDDLE_AGREES = frozenset({Middle.FULL, Middle.INITIAL})


def mistyped_number(pair: PairFacts) -> bool:
    """Whether SSNs that are nearly the same are one, mistyped: the same given name and birth date with it.

    Twins may have neighbouring numbers, but not one given name. Where a birth date is missing, the family name
    must agree as well, and the middle name, address or phone.
    """
    if pair.given != Given.EXACT:
        return False
    if pair.birth_date == BirthDate.EXACT:
        return True
    if pair.birth_date != BirthDate.MISSING or pair.surname not in SURNAME_AGREES:
        return False
    at_home = pair.contact in CONTACT_BESIDES_EMAIL and pair.middle != Middle.CONFLICT
    return at_home or pair.middle in MIDDLE_AGREES


def pair_facts(a: StandardRecord, b: StandardRecord, score: Score) -> PairFacts:
    """Unpack the levels of a score."""
    given, middle, house, birth_date, sex, ssn, identifier = score.levels
    surname, contact = house_parts(house)
    return PairFacts(a, b, given, middle, surname, contact, birth_date, sex, ssn, identifier)
