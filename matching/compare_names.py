"""Given, middle and family names of two records -> their levels.

Part of `compare`: equality first, spelling last, and an SQL twin for every rule in `splink_sql`.
"""

from __future__ import annotations

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from matching.levels import Given, Middle, Surname
from matching.name_relations import nickname_forms, sound
from matching.records import StandardName, StandardRecord

NEAR_SIMILARITY = 0.88
"""Jaro-Winkler similarity from which two names are similar."""

_edits = DamerauLevenshtein.distance
_similarity = JaroWinkler.similarity


def compare_given(a: StandardRecord, b: StandardRecord, established: frozenset[str]) -> int:
    """Given name level: equal forms first, then moved fields, then spelling."""
    left, right = a.name.given, b.name.given
    if not left or not right:
        return Given.MISSING
    if left == right:
        return Given.EXACT
    if (a.former_names or b.former_names or " " in left or " " in right) and not given_names(a).isdisjoint(
        given_names(b)
    ):
        return Given.ALTERNATE
    if left[0] == right[0] and same_when_joined(a.name, b.name):
        return Given.ALTERNATE
    if right in nickname_forms(left) or left in nickname_forms(right):
        return Given.NICKNAME
    if swapped(a.name, b.name):
        return Given.SWAPPED
    if _goes_by_middle(a.name, b.name) or _goes_by_middle(b.name, a.name):
        return Given.MIDDLE
    return _given_spelling(left, right, left in established and right in established)


def _goes_by_middle(name: StandardName, other: StandardName) -> bool:
    """Whether `other` calls by its given name whom `name` calls by that middle name, nothing else against it.

    RYKER RYAN and RYAN ANTHONY are two: the second has a middle name that is not RYKER.
    """
    if other.given != name.middle or not other.given:
        return False
    return not other.middle or other.middle[0] == name.given[0]


def _given_spelling(left: str, right: str, both_established: bool) -> int:
    if len(left) == 1 or len(right) == 1:
        return Given.INITIAL if left[0] == right[0] else Given.DIFFERENT
    if both_established:
        return _established_spelling(left, right)
    if _edits(left, right, score_cutoff=1) <= 1 and min(len(left), len(right)) > 3:
        return Given.EDIT
    if _similarity(left, right) >= NEAR_SIMILARITY:
        return Given.NEAR
    return Given.PHONETIC if sound(left) == sound(right) else Given.DIFFERENT


def swapped(left: StandardName, right: StandardName) -> bool:
    """Given and family name changed places, each perhaps misspelt behind its first letter."""
    if left.given[:1] != right.family[:1] or right.given[:1] != left.family[:1] or not left.given or not right.given:
        return False
    return (
        _similarity(left.given, right.family) >= NEAR_SIMILARITY
        and _similarity(right.given, left.family) >= NEAR_SIMILARITY
    )


def _established_spelling(left: str, right: str) -> int:
    """Two names that parents give are no typing errors, but one may be short for the other or heard as it."""
    shorter, longer = (left, right) if len(left) < len(right) else (right, left)
    if len(shorter) > 2 and longer.startswith(shorter):
        return Given.NEAR
    return Given.PHONETIC if sound(left) == sound(right) else Given.DIFFERENT


def same_when_joined(left: StandardName, right: StandardName) -> bool:
    """JIAN WEI, given JIAN middle WEI, and JIANWEI are one name written three ways."""
    plain, other = left.given.replace(" ", ""), right.given.replace(" ", "")
    return plain == other or plain == joined_given(right) or other == joined_given(left)


def joined_given(name: StandardName) -> str:
    """Given name and first word of the middle name as one word; "" where the middle name is an initial or unknown."""
    first = name.middle.partition(" ")[0]
    return name.given.replace(" ", "") + first if len(first) > 1 else ""


def given_names(record: StandardRecord) -> frozenset[str]:
    """Every given name longer than an initial: current and former, whole and word by word."""
    names = [record.name.given, *(name.given for name in record.former_names)]
    words = [word for name in names if " " in name for word in name.split(" ")]
    return frozenset(name for name in (*names, *words) if len(name) > 1)


def compare_middle(a: StandardName, b: StandardName) -> int:
    """Middle name level; missing too when one's given name is the other's middle name."""
    left, right = a.middle, b.middle
    if not left or not right or a.given == right or b.given == left:
        return Middle.MISSING
    if a.given != b.given and a.given and b.given and same_when_joined(a, b):
        return Middle.MISSING
    if len(left) == 1 or len(right) == 1:
        return Middle.INITIAL if left[0] == right[0] else Middle.CONFLICT
    if left == right:
        return Middle.FULL
    alike = _edits(left, right, score_cutoff=1) <= 1 or _similarity(left, right) >= NEAR_SIMILARITY
    return Middle.CLOSE if alike else Middle.CONFLICT


def compare_surname(a: StandardRecord, b: StandardRecord) -> int:
    """Family name class; parts, former names, a typing error and a swap count as related.

    One letter is an initial or filler: it says nothing where it is not the same.
    """
    left, right = a.name.family, b.name.family
    if not left or not right:
        return Surname.UNKNOWN
    if left == right:
        return Surname.EXACT
    if swapped(a.name, b.name):
        return Surname.RELATED
    if (a.former_names or b.former_names or a.name.family_parts or b.name.family_parts) and not family_names(
        a
    ).isdisjoint(family_names(b)):
        return Surname.RELATED
    if len(left) == 1 or len(right) == 1:
        return Surname.UNKNOWN
    if _edits(left, right, score_cutoff=1) <= 1 and min(len(left), len(right)) > 3:
        return Surname.RELATED
    if _similarity(left, right) >= NEAR_SIMILARITY or sound(left) == sound(right):
        return Surname.NEAR
    return Surname.DIFFERENT


def family_names(record: StandardRecord) -> frozenset[str]:
    """Every family name longer than an initial: current and former, whole and its parts."""
    name = record.name
    names = [name.family, *name.family_parts]
    for former in record.former_names:
        names.append(former.family)
        names.extend(former.family_parts)
    return frozenset(name for name in names if len(name) > 1)
