"""Two standard records -> one level per comparison.

Pure and quick (a few microseconds a pair): equality is tried first, edit distances only where
equality failed. Every level is also an SQL condition in `splink_sql`; the two are held equal by
a property test, so a change here is a change there.
"""

from __future__ import annotations

from rapidfuzz.distance import DamerauLevenshtein

from matching.compare_names import compare_given, compare_middle, compare_surname
from matching.levels import (
    CONTACTS,
    BirthDate,
    Contact,
    Levels,
    Sex,
    SharedIdentifier,
    Ssn,
)
from matching.records import StandardAddress, StandardRecord

GENERATION_YEARS = 16
"""Years between birth dates from which two people are parent and child rather than one mistyped."""

LEAST_STREET = 6
"""Letters of a street line from which it may be compared by likeness."""

_edits = DamerauLevenshtein.distance


def compare(a: StandardRecord, b: StandardRecord, established: frozenset[str]) -> Levels:
    """Levels of the pair, in the order of `levels.COMPARISONS`. Symmetric.

    `established` holds the given names so common that one edit between two of them is no
    typing error (Hanna and Hannah are two people); it belongs to the linkage model.
    """
    return (
        compare_given(a, b, established),
        compare_middle(a.name, b.name),
        compare_surname(a, b) * CONTACTS + compare_contact(a, b),
        compare_birth_date(a, b),
        (Sex.SAME if a.sex == b.sex else Sex.DIFFERENT) if a.sex and b.sex else Sex.MISSING,
        compare_ssn(a, b),
        compare_identifiers(a, b) if a.identifiers and b.identifiers else SharedIdentifier.MISSING,
    )


def compare_contact(a: StandardRecord, b: StandardRecord) -> int:
    """What of e-mail, phone and address agrees, former values included; places only when nothing does."""
    email = _share(a.emails, b.emails)
    phone = _share(a.phones, b.phones)
    address = False
    for left in a.addresses:
        for right in b.addresses:
            if left.street == right.street and same_address(left, right):
                address = True
    if email + phone + address > 1:
        return Contact.TWO
    if email:
        return Contact.EMAIL
    if phone:
        return Contact.PHONE
    return Contact.ADDRESS if address else _compare_place(a, b)


def _share(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    for value in left:  # noqa: SIM110 - any() with a generator costs three times as much, on every pair
        if value in right:
            return True
    return False


def same_address(left: StandardAddress, right: StandardAddress) -> bool:
    """One street and place, and no two different units. The caller checked that the streets are equal."""
    if not left.street or left.zip5 != right.zip5:
        return False
    if not left.zip5 and (not left.city or left.city != right.city):
        return False
    return left.unit == right.unit or not left.unit or not right.unit


def _compare_place(a: StandardRecord, b: StandardRecord) -> int:
    """Places are ZIP codes; towns count only between addresses that both lack one (abroad, or not told).

    One street line in two places is close, too: a ZIP code or a town is mistyped more often than such a
    coincidence happens.
    """
    known = agree = False
    for left in a.addresses:
        for right in b.addresses:
            if left.street == right.street and len(left.street) >= LEAST_STREET:
                return Contact.CLOSE
            place, other = (left.zip5, right.zip5) if left.zip5 or right.zip5 else (left.city, right.city)
            if place and other:
                known = True
                if place == other:
                    agree = True
                    if nearly_same_street(left.street, right.street):
                        return Contact.CLOSE
    phones_known = bool(a.phones and b.phones)
    if agree:
        return Contact.ZIP_PHONE_DIFFERS if phones_known else Contact.ZIP
    return Contact.DIFFERS if known or phones_known else Contact.UNKNOWN


def nearly_same_street(left: str, right: str) -> bool:
    """The same first word (the house number) and at most two typing errors, in streets long enough for that."""
    if len(left) < LEAST_STREET or len(right) < LEAST_STREET or left.partition(" ")[0] != right.partition(" ")[0]:
        return False
    return _edits(left, right, score_cutoff=2) <= 2


def compare_birth_date(a: StandardRecord, b: StandardRecord) -> int:
    """Birth date level. With a year alone on one side only different years say anything."""
    left, right = a.birth_date, b.birth_date
    if not left or not right:
        year, other_year = left[:4] or a.birth_year, right[:4] or b.birth_year
        return _compare_birth_year(year, other_year) if year != other_year else BirthDate.MISSING
    if left == right:
        return BirthDate.EXACT
    same_year = left[:4] == right[:4]
    if same_year and left[5:7] == right[8:] and left[8:] == right[5:7]:
        return BirthDate.DAY_MONTH
    edits = _edits(left, right, score_cutoff=2)
    if edits <= 1:
        return BirthDate.EDIT
    if same_year + (left[5:7] == right[5:7]) + (left[8:] == right[8:]) == 2:
        return BirthDate.TWO_PARTS
    if edits == 2:
        return BirthDate.TWO_EDITS
    return _compare_birth_year(left[:4], right[:4])


def _compare_birth_year(left: str, right: str) -> int:
    if not left or not right:
        return BirthDate.MISSING
    if left == right:
        return BirthDate.YEAR
    return BirthDate.GENERATION if abs(int(left) - int(right)) >= GENERATION_YEARS else BirthDate.OTHER


def compare_ssn(a: StandardRecord, b: StandardRecord) -> int:
    """SSN level; four digits alone can agree (close) or differ."""
    left, right = a.ssn, b.ssn
    if left and right:
        if left == right:
            return Ssn.EXACT
        edits = _edits(left, right, score_cutoff=2)
        if edits <= 1:
            return Ssn.EDIT
        return Ssn.CLOSE if edits == 2 or left[5:] == right[5:] else Ssn.DIFFERENT
    if not a.ssn_last4 or not b.ssn_last4:
        return Ssn.MISSING
    return Ssn.CLOSE if a.ssn_last4 == b.ssn_last4 else Ssn.DIFFERENT


def compare_identifiers(a: StandardRecord, b: StandardRecord) -> int:
    """Best level over identifiers of the same authority and type."""
    level: int = SharedIdentifier.MISSING
    for authority, kind, value in a.identifiers:
        for other_authority, other_kind, other in b.identifiers:
            if authority != other_authority or kind != other_kind:
                continue
            if value == other:
                return SharedIdentifier.EXACT
            if _edits(value, other, score_cutoff=1) <= 1 and min(len(value), len(other)) > 5:
                level = SharedIdentifier.EDIT
            elif level == SharedIdentifier.MISSING:
                level = SharedIdentifier.DIFFERENT
    return level
