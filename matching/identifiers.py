"""Social security numbers, and every other identifier a person carries from place to place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from matching.records import SSN_AUTHORITY, Identifier
from matching.tables import IDENTIFIER_PLACEHOLDERS, IMPERSONAL_IDENTIFIER_TYPES, SSN_PLACEHOLDERS
from matching.text import MISREAD_DIGITS, all_same, digits_of, to_capitals

_NUMBER = re.compile(r"[A-Z0-9]+")
_SSN_SHAPE = re.compile(r"\d{3}[- ]?\d{2}[- ]?\d{4}", re.ASCII)
_MASKED_SSN = re.compile(r"[X*#]{3}[- ]?[X*#]{2}[- ]?(\d{4})", re.IGNORECASE | re.ASCII)
# Area numbers were given out by state until 2011 (SSA, "Meaning of the Social Security Number", 1982):
# 001-009 New Hampshire, Maine, Vermont; 010-134 the rest of New England and New York. A spreadsheet drops their zeros.
_STATES_OF_AREA_00 = frozenset({"NH", "ME", "VT"})
_STATES_OF_AREA_0 = _STATES_OF_AREA_00 | {"MA", "RI", "CT", "NY"}
_SHORTEST = 4
_LAST_FOUR_OF_FILLERS = frozenset({"0001", "6789"})
"""Of 000-00-0001 and 123-45-6789; of other fillers four equal digits are left."""


@dataclass(frozen=True, slots=True)
class StandardIdentifiers:
    """What the identifiers of one record come to; the fields are those of `StandardRecord`."""

    ssn: str = ""
    ssn_last4: str = ""
    others: tuple[tuple[str, str, str], ...] = ()
    removed: tuple[str, ...] = ()


NO_IDENTIFIERS = StandardIdentifiers()


def is_ssn(identifier: Identifier) -> bool:
    """Whether the sender calls this identifier a United States social security number."""
    return identifier.authority == SSN_AUTHORITY or (identifier.type == "SS" and not identifier.authority)


def is_valid_ssn(digits: str) -> bool:
    """Whether nine digits can have been issued by the SSA and are no known filler.

    The rules of python-stdnum's `us.ssn`, against which the tests hold them; it takes 8 microseconds a number.
    """
    if digits[0] == "9" or digits[:3] in {"000", "666"} or digits[3:5] == "00" or digits[5:] == "0000":
        return False
    return digits not in SSN_PLACEHOLDERS and not all_same(digits)


def is_placeholder_last_four(digits: str) -> bool:
    """Whether the last four digits, told alone, are what a filler leaves: 999-99-9999, 000-00-0001, 123-45-6789."""
    return all_same(digits) or digits in _LAST_FOUR_OF_FILLERS


def standard_identifiers(identifiers: Iterable[Identifier], states: frozenset[str]) -> StandardIdentifiers:
    """Sort identifiers into the SSN and the others. `states` are the codes of the states the record lives in."""
    ssn, last4 = "", ""
    others: set[tuple[str, str, str]] = set()
    removed: list[str] = []
    for identifier in identifiers:
        if is_ssn(identifier):
            found = _read_ssn(identifier.value, states)
            ssn, last4 = ssn or found.ssn, last4 or found.ssn_last4
            others.update(found.others)
            removed.extend(found.removed)
            continue
        other, why = _read_other(identifier)
        if other:
            others.add(other)
        elif why:
            removed.append(why)
    return StandardIdentifiers(ssn, ssn[-4:] or last4, tuple(sorted(others)), tuple(removed))


def _read_ssn(told: str, states: frozenset[str]) -> StandardIdentifiers:
    text = told.strip()
    masked = _MASKED_SSN.fullmatch(text)
    digits = masked[1] if masked else digits_of(text)
    if len(digits) == 4 and (masked or len(text) == 4):
        if is_placeholder_last_four(digits):
            return StandardIdentifiers(removed=("ssn: placeholder",))
        return StandardIdentifiers(ssn_last4=digits)
    if _SSN_SHAPE.fullmatch(text) or (len(digits) == 9 and text.isascii() and not any(map(str.isalpha, text))):
        return _read_nine_digits(digits)
    read = "".join(_NUMBER.findall(to_capitals(text))).translate(MISREAD_DIGITS)
    if len(read) == 9 and len(digits) >= 6 and read.isdecimal() and is_valid_ssn(read):
        return _read_nine_digits(read)
    return _read_odd_ssn(text, digits, states)


def _read_nine_digits(digits: str) -> StandardIdentifiers:
    if is_valid_ssn(digits):
        return StandardIdentifiers(ssn=digits)
    if digits in SSN_PLACEHOLDERS or all_same(digits):
        return StandardIdentifiers(removed=("ssn: placeholder",))
    if digits[0] == "9" and digits[3:] != "000000":
        # IRS, Publication 1915: an ITIN is nine digits that begin with 9, in the shape of an SSN.
        return StandardIdentifiers(others=(("IRS", "ITIN", digits),), removed=("ssn: an ITIN, kept as identifier",))
    return StandardIdentifiers(removed=("ssn: never issued (area, group or serial)",))


def _read_odd_ssn(text: str, digits: str, states: frozenset[str]) -> StandardIdentifiers:
    """Not nine digits: zeros lost on the way, or a government number of another country."""
    value = "".join(_NUMBER.findall(to_capitals(text)))
    if not value:
        return NO_IDENTIFIERS
    if value in IDENTIFIER_PLACEHOLDERS or all_same(value):
        return StandardIdentifiers(removed=("ssn: placeholder",))
    lost = {8: _STATES_OF_AREA_0, 7: _STATES_OF_AREA_00}.get(len(digits), frozenset())
    if value == digits and states & lost and is_valid_ssn(digits.zfill(9)):
        return StandardIdentifiers(ssn=digits.zfill(9))
    if len(value) < _SHORTEST or not digits:
        return StandardIdentifiers(removed=("ssn: not a number",))
    return StandardIdentifiers(
        others=((SSN_AUTHORITY, "SS", value),), removed=("ssn: of another shape, kept as identifier",)
    )


def _read_other(identifier: Identifier) -> tuple[tuple[str, str, str] | None, str]:
    """One identifier as (authority, type, value), or None and the reason.

    Without an authority a number says nothing: the same one is given out in many places. Without a
    value it must say nothing either, or everyone of that authority would match.
    """
    value = "".join(_NUMBER.findall(to_capitals(identifier.value)))
    kind = to_capitals(identifier.type)
    if not value:
        return None, ""
    authority = to_capitals(identifier.authority)
    if not authority:
        return None, "identifier: no assigning authority"
    if kind in IMPERSONAL_IDENTIFIER_TYPES:
        return None, f"identifier: type {kind} does not name a person"
    if len(value) < _SHORTEST or all_same(value) or value in IDENTIFIER_PLACEHOLDERS:
        return None, "identifier: placeholder or too short"
    return (authority, kind, value), ""
