"""What the score alone must not decide: vetoes and caps, each with a reason the reviewer sees.

A *cap* holds an automatic link for review. A *veto* is a cap that also speaks of two people: one
such pair between two sets of records forbids joining the sets. Policy changes the grade of a pair,
never its bits. Each guard first asks whether its evidence exists at all: data without suffixes,
social security numbers or addresses must not be held for want of them.
"""

from __future__ import annotations

from rapidfuzz.distance import OSA

from matching.evidence_rule import HOUSEHOLD_ONLY, is_only_household, lacks_evidence, no_namesake
from matching.levels import BirthDate, Contact, Given, Middle, Sex, SharedIdentifier, Ssn
from matching.model import LinkageModel
from matching.pair_facts import (
    BIRTH_DATE_AGREES,
    CONTACT_BESIDES_EMAIL,
    GIVEN_ONLY_SIMILAR,
    MIDDLE_AGREES,
    SURNAME_AGREES,
    PairFacts,
    mistyped_number,
    pair_facts,
)
from matching.records import StandardRecord
from matching.score import Score
from matching.verdict import Grade, Reason, Verdict

__all__ = ["Grade", "Reason", "Verdict", "judge"]

_SAME_SUFFIX = {"II": "JR", "2": "JR", "2ND": "JR", "3": "III", "3RD": "III", "4": "IV", "4TH": "IV", "I": "SR"}
_LETTERS = {"1": "A", "2": "B", "3": "C", "4": "D"}


def judge(a: StandardRecord, b: StandardRecord, score: Score, model: LinkageModel) -> Verdict:
    """Grade of a scored pair with the reasons that hold it back. Pure; symmetric in a and b."""
    pair = pair_facts(a, b, score)
    vetoes = _vetoes(pair, model)
    excluded = _two_contradictions(pair)
    if score.bits < model.policy.floor_bits:
        vetoes.append(Reason("floor", "The evidence as a whole speaks for two people."))
    household = (HOUSEHOLD_ONLY,) if is_only_household(pair) else ()
    if score.bits < model.review_bits or excluded or household:
        return Verdict("certainly-not", household, (*vetoes, *excluded))
    caps = _contradictions(pair)
    if _middle_unsure(pair):
        caps.append(
            Reason("middle-unsure", "No birth date on one side, and a full middle name there that the other lacks.")
        )
    sole = _sole_candidate(pair)
    if model.policy.mode == "strict":
        caps, sole = caps + sole, []
    if not vetoes and not caps and (lack := lacks_evidence(pair, model)):
        caps.append(lack)
    if score.bits <= model.automatic_bits:
        grade: Grade = "possible"
    else:
        grade = "probable" if vetoes or caps or sole else "certain"
    return Verdict(grade, tuple(caps), tuple(vetoes), tuple(sole))


def _vetoes(pair: PairFacts, model: LinkageModel) -> list[Reason]:
    """Hard contradictions: evidence of two people whatever the total says."""
    found = []
    if _suffixes_conflict(pair.a, pair.b):
        found.append(Reason("suffix", "Different suffixes (Jr, Sr, III): father and son are likely."))
    if _letters_conflict(pair.a, pair.b):
        found.append(Reason("birth-letter", "Different letters or orders of a multiple birth."))
    if _died_before_birth(pair.a, pair.b) or _died_before_birth(pair.b, pair.a):
        found.append(Reason("deceased-before", "One died before the other was born."))
    if pair.birth_date == BirthDate.GENERATION and not _wrong_birth_date(pair):
        found.append(Reason("generation", "Birth dates a generation apart."))
    if pair.given == Given.DIFFERENT and not pair.own_number_and_birth:
        found.append(Reason("given-differs", "Different given names without the same SSN and birth date."))
    if pair.middle == Middle.CONFLICT and not (_wrong_middle(pair) or no_namesake(pair, model)):
        found.append(
            Reason("middle-differs", "Different middle names without the same birth date and SSN, address or phone.")
        )
    if pair.ssn == Ssn.DIFFERENT and not _wrong_number(pair):
        found.append(
            Reason("ssn-differs", "Two valid, different SSNs without the same name, birth date and address or phone.")
        )
    return found


def _wrong_middle(pair: PairFacts) -> bool:
    """Whether different middle names are likelier an error than two people of one name.

    At one address or phone, the same last four digits make a nickname the same name. Not two whole numbers that are
    nearly the same: those of twins follow each other.
    """
    near = pair.given == Given.EXACT and pair.contact in CONTACT_BESIDES_EMAIL
    if pair.birth_date in BIRTH_DATE_AGREES:
        one_name = pair.given in (Given.EXACT, Given.ALTERNATE, Given.NICKNAME)
        last_four = pair.ssn == Ssn.CLOSE and not (pair.a.ssn and pair.b.ssn)
        return pair.strong_id or near or (one_name and last_four and pair.contact in CONTACT_BESIDES_EMAIL)
    return near and pair.strong_id and pair.surname in SURNAME_AGREES and pair.birth_date == BirthDate.MISSING


def _wrong_birth_date(pair: PairFacts) -> bool:
    """Whether a date a generation away is likelier an error than a parent or child under the same number.

    The number must be one's own, and the whole name the same; a suffix would speak of father and son.
    """
    return (
        pair.own_number
        and pair.given_agrees
        and pair.surname in SURNAME_AGREES
        and pair.middle != Middle.CONFLICT
        and pair.sex != Sex.DIFFERENT
        and not (pair.a.name.suffix or pair.b.name.suffix)
    )


def _wrong_number(pair: PairFacts) -> bool:
    """Whether a differing SSN is likelier an error than a second person, such as a twin of nearly the same name.

    Names that only stand in each other's field are one. Twins share the address: phones that differ there are a
    second contradiction.
    """
    same_name_and_birth = pair.given in (Given.EXACT, Given.SWAPPED) and pair.birth_date == BirthDate.EXACT
    one_source = bool(pair.a.source_system) and pair.a.source_system == pair.b.source_system
    other_phone = pair.contact == Contact.ADDRESS and bool(pair.a.phones and pair.b.phones)
    return (
        same_name_and_birth
        and pair.contact in CONTACT_BESIDES_EMAIL
        and not other_phone
        and pair.middle != Middle.CONFLICT
        and not one_source
    )


def _two_contradictions(pair: PairFacts) -> list[Reason]:
    """Two independent contradictions: two people of one household, not worth a reviewer's time.

    A shared number outweighs them only with the birth date: spouses, and children under a parent's number,
    share one without.
    """
    born = pair.birth_date in BIRTH_DATE_AGREES
    if pair.strong_id and born:
        return []
    mistyped = pair.ssn == Ssn.EDIT or pair.identifier == SharedIdentifier.EDIT
    if pair.birth_date == BirthDate.GENERATION and not pair.strong_id and not mistyped:
        return [Reason("two-people", "Birth dates a generation apart and no shared number.")]
    both_full = bool(pair.a.ssn and pair.b.ssn)
    other_number = pair.ssn == Ssn.DIFFERENT or (both_full and pair.ssn != Ssn.EXACT)
    other = other_number or pair.sex == Sex.DIFFERENT or pair.middle == Middle.CONFLICT
    if pair.given == Given.DIFFERENT and other:
        return [Reason("two-people", "Different given names, and SSN, sex or middle name differ too.")]
    return []


def _contradictions(pair: PairFacts) -> list[Reason]:
    """Contradictions that a person can explain: never automatic, but no proof of two people."""
    found = []
    if pair.given in GIVEN_ONLY_SIMILAR and not (pair.own_number_and_birth or _misheard(pair)):
        found.append(Reason("given-similar", "Given names only similar, without the same SSN and birth date."))
    far = pair.birth_date not in BIRTH_DATE_AGREES and pair.birth_date not in (BirthDate.MISSING, BirthDate.GENERATION)
    if far and not pair.strong_id:
        found.append(Reason("birth-date-differs", "Birth dates two or more errors apart without the same SSN."))
    if pair.a.ssn and pair.b.ssn and pair.ssn in (Ssn.EDIT, Ssn.CLOSE) and not mistyped_number(pair):
        found.append(Reason("ssn-near", "SSNs nearly the same without the same name and birth date."))
    if pair.birth_date not in BIRTH_DATE_AGREES and _other_number(pair):
        found.append(Reason("identifier-differs", "Different numbers of one kind, and no birth date that agrees."))
    one_suffix = bool(pair.a.name.suffix) != bool(pair.b.name.suffix)
    if one_suffix and pair.birth_date == BirthDate.MISSING and not pair.strong_id:
        found.append(
            Reason("suffix-unsure", "A suffix (Jr, Sr) on one side and no birth date to tell father from son.")
        )
    # A boy and a girl of one birth may be told under one number of their household.
    one_name = pair.given == Given.EXACT or (pair.own_number_and_birth and pair.given != Given.DIFFERENT)
    if pair.sex == Sex.DIFFERENT and not one_name:
        found.append(Reason("sex-differs", "Different sex and not exactly the same given name."))
    if pair.given == Given.MISSING and bool(pair.a.birth_letter) != bool(pair.b.birth_letter):
        found.append(Reason("multiple-birth", "A child of a multiple birth without a name: a twin may be meant."))
    if _deaths_differ(pair.a, pair.b):
        found.append(Reason("death-differs", "Different dates of death."))
    return found


def _other_number(pair: PairFacts) -> bool:
    """Whether numbers of one authority and kind differ by more than a typing error or two, and no SSN is shared.

    A government number of another country has no check for validity here, but father and son have two of them.
    """
    if pair.identifier != SharedIdentifier.DIFFERENT or pair.ssn == Ssn.EXACT:
        return False
    return not any(
        one[:2] == other[:2] and OSA.distance(one[2], other[2], score_cutoff=2) <= 2
        for one in pair.a.identifiers
        for other in pair.b.identifiers
    )


def _misheard(pair: PairFacts) -> bool:
    """Whether a similar given name is the same one: with the number, the family name, and birth date or middle name."""
    if not pair.own_number or pair.surname not in SURNAME_AGREES or pair.middle == Middle.CONFLICT:
        return False
    if pair.birth_date == BirthDate.MISSING:
        return pair.middle in MIDDLE_AGREES
    return pair.birth_date in BIRTH_DATE_AGREES


def _middle_unsure(pair: PairFacts) -> bool:
    """Whether a record without a birth date tells a full middle name that the other side neither confirms nor denies.

    The next record of that person may deny it: whether the two are one would depend on which of them came first.
    """
    if pair.birth_date != BirthDate.MISSING or pair.middle != Middle.MISSING or pair.strong_id:
        return False
    return any(len(record.name.middle) > 1 and not record.birth_date for record in (pair.a, pair.b))


def _sole_candidate(pair: PairFacts) -> list[Reason]:
    found: list[Reason] = []
    if pair.strong_id and (pair.given_agrees or pair.birth_date == BirthDate.EXACT or _misheard(pair)):
        return found
    if pair.ssn in (Ssn.EDIT, Ssn.CLOSE) and pair.birth_date == BirthDate.MISSING and mistyped_number(pair):
        return found
    if pair.given == Given.MISSING:
        found.append(Reason("given-unknown", "No given name on one side: links only when nobody else fits."))
    if pair.given == Given.INITIAL:
        found.append(Reason("given-initial", "Only the initial of the given name: links only when nobody else fits."))
    if pair.birth_date == BirthDate.MISSING:
        found.append(Reason("birth-date-unknown", "No birth date on one side: links only when nobody else fits."))
    return found


def _suffixes_conflict(a: StandardRecord, b: StandardRecord) -> bool:
    left, right = a.name.suffix, b.name.suffix
    return bool(left and right) and _SAME_SUFFIX.get(left, left) != _SAME_SUFFIX.get(right, right)


def _letters_conflict(a: StandardRecord, b: StandardRecord) -> bool:
    left, right = a.birth_letter, b.birth_letter
    return bool(left and right) and _LETTERS.get(left, left) != _LETTERS.get(right, right)


def _died_before_birth(a: StandardRecord, b: StandardRecord) -> bool:
    return bool(a.deceased_date and b.birth_date) and a.deceased_date < b.birth_date


def _deaths_differ(a: StandardRecord, b: StandardRecord) -> bool:
    return bool(a.deceased_date and b.deceased_date) and a.deceased_date != b.deceased_date
