"""Addresses in the form of USPS Publication 28: abbreviated, unit apart, nothing of "homeless" or "unknown".

Told apart from Publication 28 where matching wants it: number words become ordinals (FIRST ST -> 1ST ST), the
designator of a unit is dropped where the unit has a number (APT 4B, # 4B and UNIT 4B are one), an Australian
"4/12 Smith St" is unit 4 of number 12.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from matching.records import Address, StandardAddress
from matching.tables import (
    ADDRESS_PLACEHOLDERS,
    CITY_PLACEHOLDERS,
    ORDINALS,
    STATE_CODES,
    STATE_NAMES,
    STREET_PLACEHOLDERS,
    STREET_SUFFIXES,
    UNIT_DESIGNATORS,
    UNITS_WITHOUT_NUMBER,
)
from matching.text import LONGEST, all_same, digits_of, to_capitals

_DIRECTIONS = {
    "N": "N", "NORTH": "N", "S": "S", "SOUTH": "S", "E": "E", "EAST": "E", "W": "W", "WEST": "W",
    "NE": "NE", "NORTHEAST": "NE", "NW": "NW", "NORTHWEST": "NW", "SE": "SE", "SOUTHEAST": "SE",
    "SW": "SW", "SOUTHWEST": "SW",
}  # fmt: skip
_NUMBERED_ROADS = {"HIGHWAY": "HWY", "ROAD": "RD", "ROUTE": "RTE", "INTERSTATE": "I", "EXPRESSWAY": "EXPY"}
_CARE_OF = re.compile(r"(?:C/O|C\.O\.|CARE OF|ATTN|ATTENTION)\b|%")
_PO_BOX = re.compile(
    r"(?:\b(?:P ?O|POST OFFICE|POSTAL) ?(?:BOX|BX|DRAWER|B)\b|\bPOB(?:OX)?\b|^BOX\b|^DRAWER\b|^CALLER\b|^BIN\b)"
    r" ?(?:NO |NUMBER |NUM )?([A-Z]?\d[A-Z0-9-]*|[A-Z]\b)"
)
_ROUTE = re.compile(
    r"\b(?:(RURAL ROUTE|RURAL RTE|R ?R|RFD(?: ROUTE)?|RD)|(HIGHWAY CONTRACT(?: ROUTE)?|STAR ROUTE|HCR?))"
    r" ?(\d+) BOX ([A-Z0-9]+)"
)
_AUSTRALIAN_UNIT = re.compile(r"(\w+)/(\d+\w?) ")
_FRACTION = re.compile(r"\b[123]/[248]\b")
_BOX_WORDS = ("BOX", "BX", "DRAWER", "POB", "CALLER", "BIN ", "PO B", "P O B")
_PUNCTUATION = re.compile(r"[^A-Z0-9#/&-]+")
_UNIT_HYPHEN = re.compile(r"(?<=\d)-(?=[A-Z]\b)|(?<=\b[A-Z])-(?=\d)")
_LOOSE_HYPHEN = re.compile(r"(?<!\d)-|-(?!\d)")
_HAS_NUMBER = re.compile(r"\d|^[A-Z]$")
_ZIP = re.compile(r"\d{5}(?:-?\d{4})?")
# USPS ZIP codes that begin with 0 (and 00 for Puerto Rico, the Virgin Islands): spreadsheets drop the zeros.
_ZIP_0_STATES = frozenset({"CT", "MA", "ME", "NH", "NJ", "RI", "VT", "PR", "VI", "AE"})
_ZIP_00_STATES = frozenset({"PR", "VI"})
_CODE = re.compile(r"[A-Z0-9]+")
_NO_ZIP = frozenset({"00000", "99999", "11111", "00001"})


@dataclass(frozen=True, slots=True)
class ReadStreet:
    """A street read: `no_address` says that the whole address is none; `removed` is "" or why the street is empty."""

    street: str = ""
    unit: str = ""
    no_address: bool = False
    removed: str = ""


@dataclass(frozen=True, slots=True)
class ReadAddress:
    """One address read, and why it, or its street, was removed."""

    address: StandardAddress
    removed: str = ""


@lru_cache(maxsize=4_096)  # of one record it is asked twice: for matching, and for what is shown
def read_address(told: Address) -> ReadAddress:
    """Standardise one address. Parts that are not told stay ""."""
    read = read_street(told.street)
    if read.no_address:
        return ReadAddress(StandardAddress(), "address: placeholder, no fixed address")
    state = standard_state(told.state)
    city = standard_city(told.city)
    address = StandardAddress(read.street, read.unit, city, state, standard_zip5(told.postal_code, state))
    return ReadAddress(address, f"street: {read.removed}" if read.removed else "")


@lru_cache(maxsize=65_536)
def read_street(told: str) -> ReadStreet:
    """One street of one or several lines."""
    text = to_capitals(told) if "\n" not in told else _without_care_of(told)
    if not text:
        return ReadStreet()
    if _CARE_OF.match(text):
        text = _without_care_of(text)
    plain = _PUNCTUATION.sub(" ", text.replace("'", "").replace(".", " ")).strip()
    bare = plain.replace("/", " ").replace("#", "").strip()
    if bare in ADDRESS_PLACEHOLDERS or bare.startswith(("HOMELESS", "GENERAL DELIVERY", "NO FIXED A")):
        return ReadStreet(no_address=True, removed="placeholder")
    if bare in STREET_PLACEHOLDERS or all_same(bare.replace(" ", "")):
        return ReadStreet(removed="placeholder")
    if not plain:
        return ReadStreet()
    return _read_box(plain) or _read_words(plain)


def _without_care_of(told: str) -> str:
    """All lines that are not "care of" somebody; a care-of in one line goes up to the first number after it."""
    lines = [line for line in map(to_capitals, told[:LONGEST].split("\n")) if line]
    kept = [line for line in lines if not _CARE_OF.match(line)]
    if not kept and lines:
        number = re.search(r"\s(\d.*|P\.?\s?O\.? .*)", lines[0])
        return number[1] if number else ""
    return " ".join(kept)


def _read_box(text: str) -> ReadStreet | None:
    if not any(word in text for word in _BOX_WORDS):
        return None
    spaced = " ".join(text.replace("#", " ").split())
    route = _ROUTE.search(spaced)
    if route:
        return ReadStreet(f"{'RR' if route[1] else 'HC'} {route[3].lstrip('0') or '0'} BOX {route[4]}")
    box = _PO_BOX.search(spaced)
    if not box:
        return None
    before = spaced[: box.start()].split()
    if len(before) > 2 and before[0][0].isdecimal():
        return _read_words(" ".join(before))  # of a street and a box the street says where the person lives
    return ReadStreet(f"PO BOX {box[1].lstrip('0') or '0'}")


def _read_words(text: str) -> ReadStreet:
    unit = ""
    slash = _AUSTRALIAN_UNIT.match(text) if "/" in text else None
    if slash and not _FRACTION.match(text):
        unit, text = slash[1], text[slash.end(1) + 1 :]
    if "-" in text:
        text = _LOOSE_HYPHEN.sub(" ", _UNIT_HYPHEN.sub("", text))
    words = text.replace("#", " # ").split() if "#" in text else text.split()
    words, found = _take_units(words)
    return ReadStreet(" ".join(_abbreviate(words)), unit or found)


def _take_units(words: list[str]) -> tuple[list[str], str]:
    """Cut units out of the words; the house number and street in front (or behind, "APT 4, 12 MAIN ST") stay."""
    kept: list[str] = []
    units: list[str] = []
    index = 0
    while index < len(words):
        word = words[index]
        following = words[index + 1] if index + 1 < len(words) else ""
        designator = "#" if word == "#" else UNIT_DESIGNATORS.get(word, "")
        if following == "#" and designator:
            index += 1
            following = words[index + 1] if index + 1 < len(words) else ""
        if designator in UNITS_WITHOUT_NUMBER and not following and kept:
            units.append(designator)
        elif designator and _HAS_NUMBER.search(following) and (index or len(words) > 3):
            units.append(following)
            index += 1
        elif word != "#":
            kept.append(word)
        index += 1
    return kept, " ".join(units)


def _abbreviate(words: list[str]) -> list[str]:
    """Directions, suffix, ordinals and numbered roads of a street without its unit."""
    count = len(words)
    if count < 2:
        return words
    words = [ORDINALS.get(word, word) for word in words]
    last = count - 1
    if last > 1 and words[last] in _DIRECTIONS:
        words[last] = _DIRECTIONS[words[last]]
        last -= 1
    first = 1 if words[0][0].isdecimal() else 0
    if last > first and words[last] in STREET_SUFFIXES:
        words[last] = STREET_SUFFIXES[words[last]]
    if words[last][0].isdecimal() and last > first:
        words[last - 1] = _NUMBERED_ROADS.get(words[last - 1], words[last - 1])
    # Publication 28 §233: a direction that is itself the name of the street (NORTH AVE) is not abbreviated.
    if last - first > 1 and words[first] in _DIRECTIONS:
        words[first] = _DIRECTIONS[words[first]]
    return words


@lru_cache(maxsize=16_384)
def standard_city(told: str) -> str:
    """City in capitals, SAINT, MOUNT and FORT abbreviated; "" for a placeholder."""
    text = _PUNCTUATION.sub(" ", to_capitals(told).replace("'", "").replace("-", " ").replace(".", " ")).strip()
    if text in CITY_PLACEHOLDERS or all_same(text) or not any(map(str.isalpha, text)):
        return ""
    first, _, rest = text.partition(" ")
    short = {"SAINT": "ST", "MOUNT": "MT", "FORT": "FT"}.get(first) if rest else None
    return f"{short} {rest}" if short else text


@lru_cache(maxsize=4_096)
def standard_state(told: str) -> str:
    """Two-letter code of a state, possession or military state; another country's region as told, in capitals."""
    text = " ".join(re.sub(r"[^A-Z]+", " ", to_capitals(told)).split())
    if text in STATE_CODES:
        return text
    glued = text.replace(" ", "")
    if glued in STATE_CODES:
        return glued
    return STATE_NAMES.get(text, "" if text in CITY_PLACEHOLDERS or all_same(text) else text)


@lru_cache(maxsize=65_536)
def standard_zip5(told: str, state: str) -> str:
    """The first five digits of a United States ZIP code, or ""; a lost zero comes back where the state allows.

    A postal code of another country stays as it is told, in capitals and without spaces.
    """
    text = told.strip()
    if _ZIP.fullmatch(text) and text.isascii():
        return "" if text[:5] in _NO_ZIP else text[:5]
    digits = digits_of(text.partition("-")[0])
    if digits == text.partition("-")[0].strip():
        if len(digits) == 4 and state in _ZIP_0_STATES:
            return f"0{digits}"
        if len(digits) == 3 and state in _ZIP_00_STATES:
            return f"00{digits}"
    return _foreign_code(text, state)


def _foreign_code(told: str, state: str) -> str:
    """A code that cannot be a ZIP code: four digits, or of a region that is no state of the United States."""
    code = "".join(_CODE.findall(to_capitals(told)))
    if state in STATE_CODES and not (len(code) == 4 and code.isdecimal()):
        return ""
    known = 3 <= len(code) <= 8 and any(map(str.isdecimal, code)) and not all_same(code)
    return code if known and code not in _NO_ZIP else ""
