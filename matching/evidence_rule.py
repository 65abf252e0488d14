"""The evidence rule: what must agree, besides the absence of contradictions, before a pair may link."""

from __future__ import annotations

import math

from matching.levels import BirthDate, Contact, Given, Middle, Sex, Surname
from matching.model import LinkageModel
from matching.namesake import expected_strangers
from matching.pair_facts import (
    BIRTH_DATE_AGREES,
    CONTACT_AGREES,
    CONTACT_BESIDES_EMAIL,
    GIVEN_AGREES,
    MIDDLE_AGREES,
    SURNAME_AGREES,
    PairFacts,
)
from matching.verdict import Reason

HOUSEHOLD_ONLY = Reason("household-only", "Only household data agree: family name, address, phone or e-mail.")


def is_only_household(pair: PairFacts) -> bool:
    """Whether nothing of the person himself agrees: no given name or birth date, and no number or another middle name.

    Nobody can tell from such records which of the household is meant, so no steward is asked. A number alone does
    not outweigh the middle name: spouses and children are told under one.
    """
    if pair.given != Given.MISSING or pair.birth_date != BirthDate.MISSING:
        return False
    return pair.middle == Middle.CONFLICT or not (pair.strong_id or pair.number_nearly)


def lacks_evidence(pair: PairFacts, model: LinkageModel) -> Reason | None:
    """The evidence rule: name and birth date plus one thing more, or a strong identifier plus a name.

    A child without a name under another family name agrees in household data alone: its twin may be meant.
    """
    if pair.strong_id:
        return _lacks_name(pair)
    if pair.given == Given.MISSING and pair.birth_date == BirthDate.MISSING:
        return HOUSEHOLD_ONLY
    more = pair.contact in CONTACT_AGREES or pair.number_nearly or _nearly_at_home(pair)
    if pair.surname == Surname.DIFFERENT or (pair.surname == Surname.UNKNOWN and more):
        nameless = pair.surname == Surname.UNKNOWN and _child_without_name(pair)
        explained = pair.born_and_named_alike or nameless
        return None if explained and more else Reason("evidence", "Family names differ and little else agrees.")
    if more or (pair.middle == Middle.FULL and pair.surname != Surname.UNKNOWN):
        return None
    if model.policy.mode == "strict":
        return Reason("evidence", "Name and birth date agree, but no SSN, address, phone, e-mail or middle name.")
    return _namesake(pair, model)


def _lacks_name(pair: PairFacts) -> Reason | None:
    """A number is not enough: families use one number for several of them. A name must agree, or the birth date."""
    surname_agrees = pair.surname in SURNAME_AGREES
    named = pair.given_agrees and (pair.surname != Surname.DIFFERENT or pair.middle in MIDDLE_AGREES)
    if named or pair.born_and_named_alike or _child_without_name(pair) or _name_in_the_other_field(pair):
        return None
    if surname_agrees and pair.given == Given.MISSING and pair.middle in MIDDLE_AGREES and pair.sex != Sex.DIFFERENT:
        return None
    at_home = pair.contact in (*CONTACT_BESIDES_EMAIL, Contact.CLOSE)
    born = pair.birth_date == BirthDate.EXACT
    if (at_home and (pair.given_agrees or born)) or (surname_agrees and (born or pair.given != Given.MISSING)):
        return None
    return Reason("evidence", "The same identifier, but neither the name nor name and birth date agree.")


def _name_in_the_other_field(pair: PairFacts) -> bool:
    """One's own number and birth date, and the given name of one side is the family name of the other."""
    left, right = pair.a.name, pair.b.name
    crossed = {left.given, left.family} & {right.given, right.family}
    return pair.own_number_and_birth and any(len(name) > 1 for name in crossed)


def _child_without_name(pair: PairFacts) -> bool:
    """A newborn or unknown name, often under the mother's family name; only a sole candidate links by it."""
    return pair.given == Given.MISSING and pair.birth_date == BirthDate.EXACT and pair.sex != Sex.DIFFERENT


def _nearly_at_home(pair: PairFacts) -> bool:
    """Nearly the same address, and the middle name too: as good as the same address."""
    return pair.contact == Contact.CLOSE and pair.given in GIVEN_AGREES and pair.middle in MIDDLE_AGREES


def _namesake(pair: PairFacts, model: LinkageModel) -> Reason | None:
    initials = pair.middle in MIDDLE_AGREES
    elsewhere = pair.contact in (Contact.DIFFERS, Contact.ZIP_PHONE_DIFFERS)
    if elsewhere and not initials:
        return Reason("namesake", "Name and birth date agree, but address or phone differs: perhaps a namesake.")
    if not _enough_for_a_namesake(pair, initials):
        return Reason("evidence", "Too little agrees besides the household.")
    strangers = _strangers(pair, model)
    if strangers <= math.exp2(-model.policy.namesake_bits):
        return None
    return Reason("namesake", f"About {strangers:.2g} strangers of this name and birth date are to be expected.")


def _strangers(pair: PairFacts, model: LinkageModel) -> float:
    return expected_strangers(
        pair.a,
        pair.b,
        given=Given(pair.given),
        surname=pair.surname,
        birth_date=BirthDate(pair.birth_date),
        contact=pair.contact,
        middle=Middle(pair.middle),
        model=model,
    )


def no_namesake(pair: PairFacts, model: LinkageModel) -> bool:
    """Whether name and birth date are the same and so rare that not even another middle name makes a stranger likely.

    Only where no address or phone can be compared: one that differs would be a second contradiction.
    """
    same = pair.given == Given.EXACT and pair.surname == Surname.EXACT and pair.birth_date == BirthDate.EXACT
    if not same or pair.contact != Contact.UNKNOWN or model.policy.mode == "strict":
        return False
    return _strangers(pair, model) <= math.exp2(-model.policy.namesake_bits)


def _enough_for_a_namesake(pair: PairFacts, initials: bool) -> bool:
    """Given name, family name and birth date; one of them may be unknown where the middle names agree.

    Without a given name or a birth date the pair still links only if nobody else fits.
    """
    known = (pair.given in GIVEN_AGREES, pair.surname != Surname.UNKNOWN, pair.birth_date in BIRTH_DATE_AGREES)
    if all(known):
        return True
    unknown = (pair.given == Given.MISSING, pair.surname == Surname.UNKNOWN, pair.birth_date == BirthDate.MISSING)
    return initials and sum(unknown) == 1 and sum(known) == 2
