"""Two standard records -> one level per comparison.

Pure and quick (a few microseconds a pair): equality is tried first, edit distances only where
equality failed. Every level is also an SQL condition in `splink_sql`; the two are held equal by
a property test, so a change here is a change there.
"""

from __future__ import annotations

from functools import lru_cache

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

SHORT_STREET_EDITS, LONG_STREET, LONG_STREET_EDITS = 2, 16, 4
"""Typing errors allowed in a street line, the letters from which it counts as long, and those allowed then."""
LEAST_STREET_NAME = 4
LETTERS_A_TOWN_EDIT = 6
"""One typing error is allowed in the name of a town for each so many letters."""
DIRECTIONS = frozenset({"N", "S", "E", "W", "NE", "NW", "SE", "SW"})

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
    """One street and place, and no two different units. The caller checked that the streets are equal.

    Where one of the two tells no place (a ZIP code, or a town), a house number and a street name are enough.
    """
    if not left.street or (left.unit != right.unit and left.unit and right.unit):
        return False
    if left.zip5 and right.zip5:
        return left.zip5 == right.zip5
    if left.city and right.city:
        return left.city == right.city
    return bool(house(left.street))


def _compare_place(a: StandardRecord, b: StandardRecord) -> int:
    """Places are ZIP codes, or towns where one side has no ZIP code at all.

    One street line in two places is close, too: a ZIP code or a town is mistyped more often than such a
    coincidence happens. So is one house number and street name, whatever else the line says, and a misspelt
    street, unless the places differ.
    """
    zips_known = any(home.zip5 for home in a.addresses) and any(home.zip5 for home in b.addresses)
    known, agree, same_house = zips_known, False, False
    for left in a.addresses:
        for right in b.addresses:
            if left.street == right.street and len(left.street) >= LEAST_STREET:
                return Contact.CLOSE
            here = left.zip5 == right.zip5 != "" if zips_known else same_town(left.city, right.city)
            known = known or bool(left.city and right.city)
            agree = agree or here
            if house(left.street) and house(left.street) == house(right.street):
                if here or same_town(left.city, right.city):
                    return Contact.CLOSE
                same_house = True
    if (not known and same_house) or ((agree or not known) and _any_street_nearly(a, b)):
        return Contact.CLOSE
    phones_known = bool(a.phones and b.phones)
    if agree:
        return Contact.ZIP_PHONE_DIFFERS if phones_known else Contact.ZIP
    return Contact.DIFFERS if known or phones_known else Contact.UNKNOWN


def same_town(left: str, right: str) -> bool:
    """One town, a long name perhaps mistyped."""
    if left == right:
        return left != ""
    allowed = min(len(left), len(right)) // LETTERS_A_TOWN_EDIT
    return allowed > 0 and _edits(left, right, score_cutoff=allowed) <= allowed


def _any_street_nearly(a: StandardRecord, b: StandardRecord) -> bool:
    return any(nearly_same_street(left.street, right.street) for left in a.addresses for right in b.addresses)


def nearly_same_street(left: str, right: str) -> bool:
    """The same first word (the house number) and few typing errors, in streets long enough for that."""
    shorter = min(len(left), len(right))
    if shorter < LEAST_STREET or left.partition(" ")[0] != right.partition(" ")[0]:
        return False
    allowed = LONG_STREET_EDITS if shorter >= LONG_STREET else SHORT_STREET_EDITS
    return _edits(left, right, score_cutoff=allowed) <= allowed


@lru_cache(maxsize=65_536)
def house(street: str) -> str:
    """House number and name of the street, "" without one of them: 12 OAK of 12 N OAK ST REAR.

    A first word that is too short to name a street (ST, LA) takes the next one with it.
    """
    number, *words = street.split(" ")
    if not number[:1].isdecimal():
        return ""
    words = [word for word in words if word not in DIRECTIONS] or words
    if not words or (len(words[0]) < LEAST_STREET_NAME and len(words) < 2):
        return ""
    return f"{number} {words[0] if len(words[0]) >= LEAST_STREET_NAME else ' '.join(words[:2])}"


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
    """SSN level; four digits alone can agree (close) or differ, and say nothing where one typing error parts them."""
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
    if a.ssn_last4 == b.ssn_last4:
        return Ssn.CLOSE
    return Ssn.MISSING if _edits(a.ssn_last4, b.ssn_last4, score_cutoff=1) <= 1 else Ssn.DIFFERENT


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
