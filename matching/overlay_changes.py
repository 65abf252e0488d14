"""What changed between two states of one source record, part by part."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from matching.name_relations import nickname_forms
from matching.records import StandardName, StandardRecord

_NEAR = 0.9
_ENDEARING = re.compile(r"(?:(.)\1)?(?:IE|EY|Y|I)$")


class Change(IntEnum):
    """How one part of the identity changed, from best to worst."""

    SAME = 0
    UNKNOWN = 1
    NEAR = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes of one update."""

    given: Change
    family: Change
    birth: Change
    sex: Change
    ssn: Change
    contact: Change
    explained_by: tuple[str, ...]

    @property
    def name(self) -> Change:
        return max(self.given, self.family)


def has_name(record: StandardRecord) -> bool:
    """False for an alias, a placeholder or no name at all; a newborn has at least its mother's family name."""
    return bool(record.name.given or record.name.family)


def changes_of(old: StandardRecord, new: StandardRecord) -> Changes:
    """Compare two states; `explained_by` holds codes of `overlay.EXPLANATION_WORDS`."""
    explained: list[str] = []
    given, family = _names(old, new, explained)
    birth = _birth(old, new)
    ssn = _number(old.ssn, new.ssn)
    sex = Change.UNKNOWN if not (old.sex and new.sex) else Change.SAME if old.sex == new.sex else Change.OTHER
    contact = _contact(old, new)
    quiet = (given, family, birth, ssn)
    if Change.NEAR in quiet and Change.OTHER not in quiet:
        explained.append("typing_error")
    if family is Change.OTHER and given in (Change.SAME, Change.NEAR) and birth in (Change.SAME, Change.NEAR):
        explained.append("marriage")
    if ssn is Change.SAME:
        explained.append("same_ssn")
    elif new.ssn and not old.ssn:
        explained.append("ssn_added")
    if contact is Change.SAME:
        explained.append("same_contact")
    if sex is Change.OTHER and Change.OTHER not in quiet:
        explained.append("sex_marker")
    return Changes(given, family, birth, sex, ssn, contact, tuple(explained))


def _names(old: StandardRecord, new: StandardRecord, explained: list[str]) -> tuple[Change, Change]:
    """(given, family), after newborn names, aliases, former names and swapped fields are explained."""
    given, family = _given(old.name, new.name), _family(old.name, new.name)
    if not has_name(old):
        explained.append("alias_identified")
    if old.newborn and not new.newborn and new.name.given:
        explained.append("newborn_named")
        # A child leaves the mother's family name with the newborn name: the birth date alone must speak.
        return Change.UNKNOWN, Change.UNKNOWN if family is Change.OTHER else family
    if Change.OTHER not in (given, family):
        return given, family
    if old.name.given and _similar(old.name.given, new.name.family) and _similar(old.name.family, new.name.given):
        explained.append("names_swapped")
        return Change.NEAR, Change.NEAR
    known_given = _told_before((name.given for name in new.former_names), old.name.given) or _told_before(
        (name.given for name in old.former_names), new.name.given
    )
    known_family = _told_before((name.family for name in new.former_names), old.name.family) or _told_before(
        (name.family for name in old.former_names), new.name.family
    )
    if (given is Change.OTHER and known_given) or (family is Change.OTHER and known_family):
        explained.append("former_name")
    return (
        Change.NEAR if given is Change.OTHER and known_given else given,
        Change.NEAR if family is Change.OTHER and known_family else family,
    )


def _told_before(names: Iterable[str], wanted: str) -> bool:
    return any(name and name == wanted for name in names)


def _given(old: StandardName, new: StandardName) -> Change:
    if not (old.given and new.given):
        return Change.UNKNOWN
    if old.given == new.given:
        return Change.SAME
    if old.given[:1] == new.given[:1] and 1 in (len(old.given), len(new.given)):
        return Change.NEAR
    if nickname_forms(old.given) & nickname_forms(new.given) or _similar(old.given, new.given):
        return Change.NEAR
    if _short_form(old.given, new.given) or _slip(old.given, new.given):
        return Change.NEAR
    # The middle name in daily use, or a second given name told alone.
    if old.given in new.middle.split() or new.given in old.middle.split():
        return Change.NEAR
    return Change.OTHER


def _family(old: StandardName, new: StandardName) -> Change:
    if not (old.family and new.family):
        return Change.UNKNOWN
    if old.family == new.family:
        return Change.SAME
    parts = {old.family, *old.family_parts} & {new.family, *new.family_parts}
    return Change.NEAR if parts or _similar(old.family, new.family) else Change.OTHER


def _short_form(name: str, other: str) -> bool:
    """LIV for OLIVIA, KATHIE for KATHLEEN, MADDIE for MADISON: what no table of nicknames holds in full."""
    short, long = sorted((name, other), key=len)
    stem = _ENDEARING.sub(r"\1", short)
    return (len(short) > 2 and short in long) or (len(stem) > 2 and long.startswith(stem))


def _slip(name: str, other: str) -> bool:
    """One slip in a name of three letters or fewer: a letter dropped or doubled, or another one after the first."""
    short = min(len(name), len(other))
    if short < 2 or short > 3 or DamerauLevenshtein.distance(name, other) != 1:
        return False
    return len(name) != len(other) or name[0] == other[0]


def _similar(name: str, other: str) -> bool:
    """Within a typing error: one edit or transposition in a name of four letters or more, or Jaro-Winkler .9."""
    if not (name and other):
        return False
    if min(len(name), len(other)) >= 4 and DamerauLevenshtein.distance(name, other) <= 1:
        return True
    return float(JaroWinkler.similarity(name, other)) >= _NEAR


def _birth(old: StandardRecord, new: StandardRecord) -> Change:
    if not (old.birth_date and new.birth_date):
        if not (old.birth_year and new.birth_year):
            return Change.UNKNOWN
        return Change.SAME if old.birth_year == new.birth_year else Change.OTHER
    if old.birth_date == new.birth_date:
        return Change.SAME
    swapped = f"{old.birth_date[:5]}{old.birth_date[8:]}-{old.birth_date[5:7]}"
    if swapped == new.birth_date or DamerauLevenshtein.distance(old.birth_date, new.birth_date) <= 1:
        return Change.NEAR
    return Change.OTHER


def _number(old: str, new: str) -> Change:
    if not (old and new):
        return Change.UNKNOWN
    if old == new:
        return Change.SAME
    return Change.NEAR if DamerauLevenshtein.distance(old, new) <= 1 else Change.OTHER


def _contact(old: StandardRecord, new: StandardRecord) -> Change:
    """SAME where any address, telephone, e-mail or other number is shared, OTHER where some are told and none is."""
    told = False
    for before, after in (
        (frozenset(old.phones), frozenset(new.phones)),
        (frozenset(old.emails), frozenset(new.emails)),
        (_places(old), _places(new)),
        (frozenset(old.identifiers), frozenset(new.identifiers)),
    ):
        if before & after:
            return Change.SAME
        told = told or bool(before and after)
    return Change.OTHER if told else Change.UNKNOWN


def _places(record: StandardRecord) -> frozenset[str]:
    return frozenset(
        f"{address.street}|{address.unit}|{address.zip5 or address.city}"
        for address in record.addresses
        if address.street
    )


def differ(old: str, new: str) -> bool:
    """Whether both are told and are not the same."""
    return bool(old and new and old != new)


def changed_parts(old: StandardRecord, new: StandardRecord, changes: Changes) -> int:
    """How many parts changed at all in one update, contacts included."""
    contacts = (
        (old.phones, new.phones),
        (old.emails, new.emails),
        (_places(old), _places(new)),
    )
    moved = sum(1 for before, after in contacts if before and after and not set(before) & set(after))
    parts = (changes.given, changes.family, changes.birth, changes.sex, changes.ssn)
    return moved + sum(1 for change in parts if change in (Change.NEAR, Change.OTHER))
