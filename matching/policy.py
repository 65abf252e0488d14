"""What the score alone must not decide: vetoes and caps, each with a reason the reviewer sees.

A *cap* holds an automatic link for review. A *veto* is a cap that also speaks of two people: one
such pair between two sets of records forbids joining the sets. Policy changes the grade of a pair,
never its bits. Each guard first asks whether its evidence exists at all: data without suffixes,
social security numbers or addresses must not be held for want of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from matching.levels import (
    BirthDate,
    Contact,
    Given,
    Levels,
    Middle,
    Sex,
    SharedIdentifier,
    Ssn,
    Surname,
    house_parts,
)
from matching.model import LinkageModel
from matching.namesake import expected_strangers
from matching.records import StandardRecord
from matching.score import Score

Grade = Literal["certain", "probable", "possible", "certainly-not"]

GIVEN_AGREES = frozenset({Given.EXACT, Given.ALTERNATE, Given.NICKNAME, Given.SWAPPED, Given.MIDDLE, Given.EDIT})
GIVEN_ONLY_SIMILAR = frozenset({Given.NEAR, Given.PHONETIC})
SURNAME_AGREES = frozenset({Surname.EXACT, Surname.RELATED, Surname.NEAR})
BIRTH_DATE_AGREES = frozenset({BirthDate.EXACT, BirthDate.DAY_MONTH, BirthDate.EDIT})
CONTACT_AGREES = frozenset({Contact.TWO, Contact.EMAIL, Contact.PHONE, Contact.ADDRESS})
CONTACT_BESIDES_EMAIL = frozenset({Contact.TWO, Contact.PHONE, Contact.ADDRESS})

_SAME_SUFFIX = {"II": "JR", "2": "JR", "2ND": "JR", "3": "III", "3RD": "III", "4": "IV", "4TH": "IV", "I": "SR"}
_FAMILY_TYPES = frozenset({"MB", "SN"})
"""HL7 table 0203: member and subscriber numbers of an insurance, which a family may share."""
_LETTERS = {"1": "A", "2": "B", "3": "C", "4": "D"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that spoke: a stable code and words for a steward."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The policy's answer on one pair.

    `caps` hold it for review; `vetoes` (also caps) are evidence of two people; `sole` are caps that
    fall away when no other person fits (a newborn without a name, an initial only, no birth date).
    """

    grade: Grade
    caps: tuple[Reason, ...] = ()
    vetoes: tuple[Reason, ...] = ()
    sole: tuple[Reason, ...] = ()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Vetoes first, then caps, then those that ask for a sole candidate."""
        return (*self.vetoes, *self.caps, *self.sole)

    @property
    def automatic_if_sole(self) -> bool:
        """The pair may link when its person is the only one that fits."""
        return self.grade == "probable" and bool(self.sole) and not self.caps and not self.vetoes


@dataclass(frozen=True, slots=True)
class _Pair:
    """Levels by name, and the questions several rules ask."""

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
        return self.ssn == Ssn.EXACT or self.identifier == SharedIdentifier.EXACT

    @property
    def number_nearly(self) -> bool:
        return self.ssn in (Ssn.EDIT, Ssn.CLOSE) or self.identifier == SharedIdentifier.EDIT

    @property
    def own_number_and_birth(self) -> bool:
        """The same birth date and a number of one's own: an SSN, or an identifier that families do not share."""
        if self.birth_date != BirthDate.EXACT or not self.strong_id:
            return False
        return self.ssn == Ssn.EXACT or any(
            kind not in _FAMILY_TYPES and (authority, kind, value) in self.b.identifiers
            for authority, kind, value in self.a.identifiers
        )

    @property
    def given_agrees(self) -> bool:
        return self.given in GIVEN_AGREES

    @property
    def born_and_named_alike(self) -> bool:
        return self.given_agrees and self.birth_date == BirthDate.EXACT


def judge(a: StandardRecord, b: StandardRecord, score: Score, model: LinkageModel) -> Verdict:
    """Grade of a scored pair with the reasons that hold it back. Pure; symmetric in a and b."""
    pair = _pair(a, b, score)
    vetoes = _vetoes(pair)
    excluded = _two_contradictions(pair)
    if score.bits < model.policy.floor_bits:
        vetoes.append(Reason("floor", "The evidence as a whole speaks for two people."))
    if score.bits < model.review_bits or excluded:
        return Verdict("certainly-not", vetoes=(*vetoes, *excluded))
    caps = _contradictions(pair)
    sole = _sole_candidate(pair)
    if not vetoes and not caps and (lack := _lacks_evidence(pair, model)):
        caps.append(lack)
    if score.bits <= model.automatic_bits:
        grade: Grade = "possible"
    else:
        grade = "probable" if vetoes or caps or sole else "certain"
    return Verdict(grade, tuple(caps), tuple(vetoes), tuple(sole))


def _pair(a: StandardRecord, b: StandardRecord, score: Score) -> _Pair:
    given, middle, house, birth_date, sex, ssn, identifier = score.levels
    surname, contact = house_parts(house)
    return _Pair(a, b, given, middle, surname, contact, birth_date, sex, ssn, identifier)


def _vetoes(pair: _Pair) -> list[Reason]:
    """Hard contradictions: evidence of two people whatever the total says."""
    found = []
    if _suffixes_conflict(pair.a, pair.b):
        found.append(Reason("suffix", "Different suffixes (Jr, Sr, III): father and son are likely."))
    if _letters_conflict(pair.a, pair.b):
        found.append(Reason("birth-letter", "Different letters or orders of a multiple birth."))
    if _died_before_birth(pair.a, pair.b) or _died_before_birth(pair.b, pair.a):
        found.append(Reason("deceased-before", "One died before the other was born."))
    if pair.birth_date == BirthDate.GENERATION:
        found.append(Reason("generation", "Birth dates a generation apart."))
    if pair.given == Given.DIFFERENT and not pair.own_number_and_birth:
        found.append(Reason("given-differs", "Different given names without the same SSN and birth date."))
    near = pair.given == Given.EXACT and pair.contact in CONTACT_BESIDES_EMAIL
    if pair.middle == Middle.CONFLICT and not pair.strong_id and not near:
        found.append(Reason("middle-differs", "Different middle names without the same SSN, address or phone."))
    supported = pair.born_and_named_alike and pair.contact in CONTACT_BESIDES_EMAIL
    if pair.ssn == Ssn.DIFFERENT and not supported:
        found.append(
            Reason("ssn-differs", "Two valid, different SSNs without the same name, birth date and address or phone.")
        )
    return found


def contradicts_besides(levels: Levels, code: str) -> bool:
    """Whether given name, SSN, birth date, sex or middle name contradict, the field of the veto `code` aside."""
    given, middle, _, birth_date, sex, ssn, _ = levels
    return (
        (code != "given-differs" and given == Given.DIFFERENT)
        or (code != "ssn-differs" and ssn in (Ssn.DIFFERENT, Ssn.EDIT))
        or birth_date not in (*BIRTH_DATE_AGREES, BirthDate.MISSING)
        or sex == Sex.DIFFERENT
        or (code != "middle-differs" and middle == Middle.CONFLICT)
    )


def _two_contradictions(pair: _Pair) -> list[Reason]:
    """Two independent contradictions and no shared number: two people of one household, not worth a reviewer's time."""
    if pair.strong_id:
        return []
    both_full = bool(pair.a.ssn and pair.b.ssn)
    other_number = pair.ssn == Ssn.DIFFERENT or (both_full and pair.ssn != Ssn.EXACT)
    if pair.birth_date == BirthDate.GENERATION:
        return [Reason("two-people", "Birth dates a generation apart and no shared number.")]
    if pair.given == Given.DIFFERENT and (other_number or pair.sex == Sex.DIFFERENT or pair.middle == Middle.CONFLICT):
        return [Reason("two-people", "Different given names, and SSN, sex or middle name differ too.")]
    return []


def _contradictions(pair: _Pair) -> list[Reason]:
    """Contradictions that a person can explain: never automatic, but no proof of two people."""
    found = []
    if pair.given in GIVEN_ONLY_SIMILAR and not pair.own_number_and_birth:
        found.append(Reason("given-similar", "Given names only similar, without the same SSN and birth date."))
    far = pair.birth_date not in BIRTH_DATE_AGREES and pair.birth_date not in (BirthDate.MISSING, BirthDate.GENERATION)
    if far and not pair.strong_id:
        found.append(Reason("birth-date-differs", "Birth dates two or more errors apart without the same SSN."))
    both_full = bool(pair.a.ssn and pair.b.ssn)
    same_name_and_birth = pair.given == Given.EXACT and pair.birth_date == BirthDate.EXACT
    if both_full and pair.ssn in (Ssn.EDIT, Ssn.CLOSE) and not same_name_and_birth:
        found.append(Reason("ssn-near", "SSNs nearly the same without the same given name and birth date."))
    one_suffix = bool(pair.a.name.suffix) != bool(pair.b.name.suffix)
    if one_suffix and pair.birth_date == BirthDate.MISSING and not pair.strong_id:
        found.append(
            Reason("suffix-unsure", "A suffix (Jr, Sr) on one side and no birth date to tell father from son.")
        )
    if pair.sex == Sex.DIFFERENT and pair.given != Given.EXACT and not pair.own_number_and_birth:
        found.append(Reason("sex-differs", "Different sex and not exactly the same given name."))
    if pair.given == Given.MISSING and bool(pair.a.birth_letter) != bool(pair.b.birth_letter):
        found.append(Reason("multiple-birth", "A child of a multiple birth without a name: a twin may be meant."))
    if _deaths_differ(pair.a, pair.b):
        found.append(Reason("death-differs", "Different dates of death."))
    return found


def _sole_candidate(pair: _Pair) -> list[Reason]:
    found: list[Reason] = []
    if pair.strong_id and (pair.given_agrees or pair.birth_date == BirthDate.EXACT):
        return found
    if pair.given == Given.MISSING:
        found.append(Reason("given-unknown", "No given name on one side: links only when nobody else fits."))
    if pair.given == Given.INITIAL:
        found.append(Reason("given-initial", "Only the initial of the given name: links only when nobody else fits."))
    if pair.birth_date == BirthDate.MISSING:
        found.append(Reason("birth-date-unknown", "No birth date on one side: links only when nobody else fits."))
    return found


def _lacks_evidence(pair: _Pair, model: LinkageModel) -> Reason | None:
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


def _child_without_name(pair: _Pair) -> bool:
    """A newborn or unknown name, often under the mother's family name; only a sole candidate links by it."""
    return pair.given == Given.MISSING and pair.birth_date == BirthDate.EXACT and pair.sex != Sex.DIFFERENT


def _namesake(pair: _Pair, model: LinkageModel) -> Reason | None:
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
