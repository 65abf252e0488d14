"""The evidence rule: what must agree, besides the absence of contradictions, before a pair may link."""

from __future__ import annotations

from matching.levels import BirthDate, Contact, Given, Middle, Sex, Surname
from matching.model import LinkageModel
from matching.namesake import expected_strangers
from matching.pair_facts import (
    BIRTH_DATE_AGREES,
    CONTACT_AGREES,
    CONTACT_BESIDES_EMAIL,
    GIVEN_AGREES,
    SURNAME_AGREES,
    PairFacts,
)
from matching.verdict import Reason


def lacks_evidence(pair: PairFacts, model: LinkageModel) -> Reason | None:
    """The evidence rule: name and birth date plus one thing more, or a strong identifier plus a name."""
    surname_agrees = pair.surname in SURNAME_AGREES
    if pair.strong_id:
        at_home = pair.contact in (*CONTACT_BESIDES_EMAIL, Contact.CLOSE) and (
            pair.given_agrees or pair.birth_date == BirthDate.EXACT
        )
        if surname_agrees or pair.born_and_named_alike or at_home or _child_without_name(pair):
            return None
        return Reason("evidence", "The same identifier, but neither family name nor name and birth date agree.")
    if pair.given == Given.MISSING and pair.birth_date == BirthDate.MISSING:
        return Reason("household-only", "Only household data agree: family name, address, phone or e-mail.")
    more = pair.contact in CONTACT_AGREES or pair.number_nearly
    if not surname_agrees:
        explained = pair.born_and_named_alike or _child_without_name(pair)
        return None if explained and more else Reason("evidence", "Family names differ and little else agrees.")
    if more or pair.middle == Middle.FULL:
        return None
    if model.policy.mode == "strict":
        return Reason("evidence", "Name and birth date agree, but no SSN, address, phone, e-mail or middle name.")
    return _namesake(pair, model)


def _child_without_name(pair: PairFacts) -> bool:
    """A newborn or unknown name, often under the mother's family name; only a sole candidate links by it."""
    return pair.given == Given.MISSING and pair.birth_date == BirthDate.EXACT and pair.sex != Sex.DIFFERENT


def _namesake(pair: PairFacts, model: LinkageModel) -> Reason | None:
    initials = pair.middle == Middle.INITIAL
    elsewhere = pair.contact in (Contact.DIFFERS, Contact.ZIP_PHONE_DIFFERS)
    if elsewhere and not initials:
        return Reason("namesake", "Name and birth date agree, but address or phone differs: perhaps a namesake.")
    if pair.given not in GIVEN_AGREES or pair.birth_date not in BIRTH_DATE_AGREES:
        return Reason("evidence", "Too little agrees besides the household.")
    strangers = expected_strangers(
        pair.a,
        pair.b,
        given_exact=pair.given == Given.EXACT,
        family_exact=pair.surname == Surname.EXACT,
        birth_date=BirthDate(pair.birth_date),
        contact=pair.contact,
        initials_agree=initials,
        model=model,
    )
    if strangers <= 2.0**-model.policy.namesake_bits:
        return None
    return Reason("namesake", f"About {strangers:.2g} strangers of this name and birth date are to be expected.")
