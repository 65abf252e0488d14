"""Names given to a child before it has one: BABY BOY, BOY A, B/O MARIE, GirlMarie, Girl1Marie, 1Judysgirl, JUDY GIRL A.

Sources: AHIMA Naming Policy framework (2022, revised 2023), the Children's Hospital Association variant with
letters, and The Joint Commission's NPSG.01.01.01 (the mother's given name before the word). Such a name says the
sex and the order of birth; the rest is the mother's name and no evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from matching.nicknaming import KNOWN_GIVEN_NAMES
from matching.text import to_capitals

_SEX = {"BOY": "M", "MALE": "M", "SON": "M", "GIRL": "F", "FEMALE": "F", "DAUGHTER": "F"}
_CHILD = {"BABY", "NEWBORN", "INFANT", "BB", "BG", "TWIN", "TRIPLET", "NB"}
_ORDERS = {
    "ONE": "A", "TWO": "B", "THREE": "C", "FOUR": "D", "I": "A", "II": "B", "III": "C",
    "1ST": "A", "2ND": "B", "3RD": "C", "FIRST": "A", "SECOND": "B", "THIRD": "C",
}  # fmt: skip
_GLUED = re.compile(
    r"(?:(?:BABY|NEWBORN|INFANT|NB)(BOY|GIRL|MALE|FEMALE)([1-8]|[A-D]$)?|B?(BOY|GIRL)([1-8]?)|(?:BABY|INFANT)([1-8]?))([A-Z]*)"
)
_MOTHERS = re.compile(r"([1-8])?[A-Z]{2,}S(BOY|GIRL|BABY)([1-8A-D])?")
_AHIMA = re.compile(r"\s*(Girl|Boy|Baby)([1-8A-D]?)(?=[A-Z][a-z])")
_SIGNS = re.compile(r"[^A-Z0-9]+")
_BABY_OF = re.compile(r"(?:B/O|BABY OF|BOY OF|GIRL OF|INFANT OF|NEWBORN OF)\b")


@dataclass(frozen=True, slots=True)
class NewbornName:
    """What a newborn name tells: sex "F", "M" or ""; `birth_letter` "A", "B" ... or ""."""

    sex: str = ""
    birth_letter: str = ""


def birth_letter(order: str) -> str:
    """One letter for an order of birth told as letter, digit or word, so that 2 and B agree; "" for anything else."""
    text = to_capitals(order)
    if len(text) == 1:
        if "A" <= text <= "H":
            return text
        return chr(ord("A") + int(text) - 1) if "1" <= text <= "8" else ""
    return _ORDERS.get(text, "")


@lru_cache(maxsize=65_536)
def newborn_name(given: str, middle: str = "") -> NewbornName | None:
    """Read a given name (and the middle name field beside it) as a newborn name; None where it is a real one."""
    ahima = _AHIMA.match(given)
    if ahima:
        return NewbornName(_SEX.get(ahima[1].upper(), ""), birth_letter(ahima[2]))
    text = to_capitals(given)
    if not text or (text[0] not in "BGNIT" and "BOY" not in text and "GIRL" not in text and "SBABY" not in text):
        return None
    if _BABY_OF.match(text):
        return NewbornName(_SEX.get(text.partition(" ")[0], ""))
    words = _SIGNS.sub(" ", text.replace("'", "")).split()
    if not words:
        return None
    name = _unglue(words[0]) or _after_mother(words)
    if name is None:
        return None
    rest = words[1:] + _SIGNS.sub(" ", to_capitals(middle)).split()
    return _with_rest(name, rest)


def _after_mother(words: list[str]) -> NewbornName | None:
    """JUDYSGIRL, 1JUDYSGIRL and JUDY GIRL."""
    found = _MOTHERS.fullmatch(words[0])
    if found:
        return NewbornName(_SEX.get(found[2], ""), birth_letter(found[1] or found[3] or ""))
    return NewbornName(_SEX[words[1]]) if len(words) > 1 and words[1] in {"BOY", "GIRL"} else None


def _unglue(word: str) -> NewbornName | None:
    """BABYBOY, BBOY, GIRL1MARIE, BOY2 ... in one word. BOYD, BOYCE, GIRLIE and BABETTE are real names."""
    if word in _CHILD:
        return NewbornName({"BB": "M", "BG": "F"}.get(word, ""))
    if word in {"MALE", "FEMALE", "SON", "DAUGHTER"}:
        return None
    found = _GLUED.fullmatch(word)
    if not found:
        return None
    order = found[2] or found[4] or found[5] or ""
    mother = found[6]
    if mother and not order and mother not in KNOWN_GIVEN_NAMES:
        return None
    return NewbornName(_SEX.get(found[1] or found[3] or "", ""), birth_letter(order))


def _with_rest(name: NewbornName, rest: list[str]) -> NewbornName:
    """Take sex and order of birth from the words that follow, and leave the mother's name."""
    sex, letter = name.sex, name.birth_letter
    for word in rest:
        child = _unglue(word)
        sex = sex or _SEX.get(word, "") or (child.sex if child else "")
        letter = letter or birth_letter(word) or (child.birth_letter if child else "")
    return NewbornName(sex, letter)
