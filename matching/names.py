"""Names in one form: capitals A-Z, particles joined, suffixes and titles taken out, placeholders removed.

Rules that a reader would not guess:

- A given field of several words, with spaces or hyphens, keeps its first word as given name; the others go
  before the middle name (MARY ANN + L -> MARY, ANN L), where an initial that only repeats them is dropped.
- Particles and the prefixes MC, MAC, O, ST are joined to the word that follows (DE LA CRUZ -> DELACRUZ,
  O BRIEN -> OBRIEN): spellings with and without the space then agree. The bare word stays in `family_parts`.
- A double surname keeps its order in `family`; its pieces are in `family_parts`.
- A text name with a comma is "Family, Given Middle"; without one the last word is the family name, with the
  particles before it; a single word is a family name (HL7 Identity Matching: a mononym goes to family).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from matching.newborns import NewbornName, newborn_name
from matching.records import Name, StandardName
from matching.tables import (
    DEGREES,
    FAMILY_ROLES,
    GIVEN_ROLES,
    NAME_PART_PLACEHOLDERS,
    NAME_PREFIXES,
    PARTICLES,
    TITLES,
    UNIDENTIFIED_NAMES,
    WHOLE_NAME_PLACEHOLDERS,
)
from matching.text import LONGEST, all_same, to_capitals

_SUFFIXES = {
    "JR": "JR", "JNR": "JR", "JUNIOR": "JR", "SR": "SR", "SNR": "SR", "SENIOR": "SR", "II": "II", "2ND": "II",
    "III": "III", "3RD": "III", "IV": "IV", "4TH": "IV", "V": "V", "5TH": "V", "VI": "VI", "6TH": "VI",
}  # fmt: skip
_CONJUNCTIONS = frozenset({"Y", "E", "I"})
_DOTTED = re.compile(r"\b[A-Z](?:\.[A-Z])+\b\.?")
_NOT_LETTERS = re.compile(r"[^A-Z0-9]+")
_DIGITS = re.compile(r"[0-9]+")
_APOSTROPHES = str.maketrans("", "", "'`\"")
_UNIDENTIFIED_WORDS = frozenset(word for name in UNIDENTIFIED_NAMES for word in name.split())
_PARENTHESES = re.compile(r"[(\[{][^)\]}]*[)\]}]?")


NO_NAME = StandardName()


@dataclass(frozen=True, slots=True)
class ReadName:
    """One name read: the standard name, what it tells beside it, and why parts were removed."""

    name: StandardName = NO_NAME
    newborn: NewbornName | None = None
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A name field as words, with the suffix that stood in it; `removed` is "" or why the field is empty."""

    words: tuple[str, ...] = ()
    suffix: str = ""
    removed: str = ""


@lru_cache(maxsize=65_536)
def words_of(told: str) -> tuple[str, ...]:
    """Words of capitals; apostrophes and digits vanish, hyphens and other signs part, J.R. is JR, 2ND stays."""
    text = to_capitals(told)
    if text.isalpha():
        return (text,)
    if "(" in text or "[" in text:
        text = _PARENTHESES.sub(" ", text)
    text = text.translate(_APOSTROPHES)
    if "." in text:
        text = _DOTTED.sub(_undotted, text)
    words = _NOT_LETTERS.sub(" ", text).split()
    if _DIGITS.search(text):
        words = [word if word in _SUFFIXES or word == "1ST" else _DIGITS.sub("", word) for word in words]
    return tuple(word for word in words if word)


def _undotted(found: re.Match[str]) -> str:
    """M.D. and J.R. are one word, the initials J.P. are two."""
    glued = found[0].replace(".", "")
    return glued if glued in _SUFFIXES or glued in DEGREES else found[0]


def standard_suffix(told: str) -> str:
    """JR, SR, II, III, IV, V or VI; "" for none, for a degree and for "the first"."""
    for word in words_of(told):
        if word in _SUFFIXES:
            return _SUFFIXES[word]
    return ""


@lru_cache(maxsize=65_536)
def read_family(told: str) -> tuple[Words, tuple[str, ...]]:
    """(words with particles joined, bare pieces): the pieces are () for a plain name."""
    words = list(words_of(told))
    if not words:
        return Words(removed="no letters" if told.strip() else ""), ()
    words, suffix = _take_suffix(words, weakest="V")
    field = _real_words(words, suffix, FAMILY_ROLES)
    joined, pieces = _join_particles(field.words)
    plain = len(joined) <= 1 and joined == pieces
    kept = () if plain else tuple(dict.fromkeys(piece for piece in pieces if len(piece) > 1))
    return replace(field, words=joined), kept


@lru_cache(maxsize=65_536)
def read_given(told: str) -> Words:
    """The words of a given or middle name field, without titles before it and suffixes after it."""
    words = list(words_of(told))
    if not words:
        return Words(removed="no letters" if told.strip() else "")
    while len(words) > 1 and words[0] in TITLES:
        del words[0]
    if len(words) == 1 and words[0] in TITLES and words[0] not in {"HON", "LADY", "COL", "GEN", "BROTHER"}:
        return Words(removed="a title, no name")
    words, suffix = _take_suffix(words, weakest="IV")
    return _real_words(words, suffix, GIVEN_ROLES)


def _take_suffix(words: list[str], *, weakest: str) -> tuple[list[str], str]:
    """Cut suffixes and degrees off the end. A V after a given name is an initial, after a family name a suffix."""
    suffix = ""
    while len(words) > 1 or (words and words[0][0].isdecimal() and words[0] in _SUFFIXES):
        last = words[-1]
        standard = _SUFFIXES.get(last, "")
        if not (standard or last in DEGREES or last == "1ST") or (last == "V" and weakest != "V"):
            break
        suffix = suffix or standard
        words = words[:-1]
    return words, suffix


def _real_words(words: list[str], suffix: str, roles: frozenset[str]) -> Words:
    """Drop placeholders, and what somebody is instead of a name."""
    if not words:
        return Words(suffix=suffix)
    text = " ".join(words)
    if text in NAME_PART_PLACEHOLDERS or text in roles:
        return Words(suffix=suffix, removed=f"placeholder {text}")
    if text.startswith("ZZ") or (all_same(text) and (len(text) > 2 or text == "XX")):
        return Words(suffix=suffix, removed="placeholder")
    return Words(tuple(words), suffix)


def _join_particles(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(DE, LA, CRUZ, LOPEZ) -> ((DELACRUZ, LOPEZ), (CRUZ, LOPEZ))."""
    if len(words) < 2:
        return words, words
    joined: list[str] = []
    pieces: list[str] = []
    before = bare = ""
    for index, word in enumerate(words):
        last = index == len(words) - 1
        if not last and joined and word in _CONJUNCTIONS:
            continue
        if not last and (word in PARTICLES or word in NAME_PREFIXES):
            before += "ST" if word == "SAINT" else word
            bare += "" if word in PARTICLES else before[-len(word) :]
            continue
        joined.append(before + word)
        pieces.append(bare + word)
        before = bare = ""
    return tuple(joined), tuple(pieces)


def split_text(told: str) -> Name:
    """A single-string name as parts, in the sender's own letters. HL7's carets are understood too."""
    told = told[:LONGEST]
    if "^" in told:
        family, given, middle, suffix, prefix, *_ = [*told.split("^"), "", "", "", "", ""]
        return Name(family=family, given=given, middle=middle, suffix=suffix, prefix=prefix)
    if "," in told:
        return _split_at_comma(told)
    words = told.split()
    while len(words) > 1 and is_title(words[0]):
        words = words[1:]
    end = len(words)
    while end > 1 and is_suffix(words[end - 1]):
        end -= 1
    start = max(end - 1, 0)
    while start > 1 and _key(words[start - 1]) in PARTICLES:
        start -= 1
    return Name(
        family=" ".join(words[start:end]),
        given=" ".join(words[: min(1, start)]),
        middle=" ".join(words[1:start]),
        suffix=" ".join(words[end:]),
    )


def _split_at_comma(told: str) -> Name:
    first, *others = [part.strip() for part in told.split(",")]
    rest = [part for part in others if not is_suffix(part)]
    suffix = " ".join(part for part in others if part not in rest)
    if not rest:
        return replace(split_text(first), suffix=suffix)
    if newborn_name(rest[0]):
        return Name(family=first, given=rest[0], suffix=suffix)
    words = " ".join(rest).split()
    while len(words) > 1 and is_title(words[0]):
        words = words[1:]
    return Name(family=first, given=" ".join(words[:1]), middle=" ".join(words[1:]), suffix=suffix)


def _key(word: str) -> str:
    return _NOT_LETTERS.sub("", to_capitals(word).translate(_APOSTROPHES))


def is_title(word: str) -> bool:
    """Whether one told word is a title (Dr., Mrs)."""
    return _key(word) in TITLES


def is_suffix(word: str) -> bool:
    """Whether one told word is a generation suffix or a degree (Jr., III, MD)."""
    key = _key(word)
    return key in _SUFFIXES or key in DEGREES


def as_parts(name: Name) -> Name:
    """The name with its parts filled from `text`, or from a family field that holds a whole name with a comma."""
    if name.text and not (name.family or name.given):
        return replace(split_text(name.text), use=name.use, start=name.start, end=name.end)
    if "," in name.family and not name.given:
        return replace(split_text(name.family), use=name.use, start=name.start, end=name.end)
    return name


def read_name(told: Name) -> ReadName:
    """Standardise one name."""
    name = as_parts(told)
    family, pieces = read_family(name.family)
    newborn = newborn_name(name.given, name.middle) if name.given else None
    if newborn:
        given = middle = Words()
    else:
        given, middle = read_given(name.given), read_given(name.middle)
    removed = _why(family, given, middle)
    if _is_unidentified(name, family.words, given.words):
        return ReadName(removed=(*removed, "name: alias of an unidentified or test person"))
    suffix = (standard_suffix(name.suffix) if name.suffix else "") or family.suffix or given.suffix or middle.suffix
    standard = StandardName(
        given=given.words[0] if given.words else "",
        middle=_middle(given.words[1:], middle.words),
        family=" ".join(family.words),
        suffix=suffix,
        family_parts=pieces,
    )
    return ReadName(standard, newborn, removed)


def _why(family: Words, given: Words, middle: Words) -> tuple[str, ...]:
    if not (family.removed or given.removed or middle.removed):
        return ()
    fields = (("family_name", family), ("given_name", given), ("middle_name", middle))
    return tuple(f"{field}: {words.removed}" for field, words in fields if words.removed)


def _middle(rest: tuple[str, ...], told: tuple[str, ...]) -> str:
    """Further given words, then the middle name, without what repeats them."""
    if not rest:
        return told[0] if len(told) == 1 else " ".join(told)
    new = [word for word in told if not any(word == other or word == other[0] for other in rest)]
    return " ".join((*rest, *new))


def _is_unidentified(name: Name, family: tuple[str, ...], given: tuple[str, ...]) -> bool:
    """JOHN DOE, TEST PATIENT, TRAUMA ALPHA, in either order of the fields."""
    if not WHOLE_NAME_PLACEHOLDERS.isdisjoint(family) or not WHOLE_NAME_PLACEHOLDERS.isdisjoint(given):
        return True
    told_family = words_of(name.family)
    if not told_family or told_family[-1] not in _UNIDENTIFIED_WORDS:
        return False
    told_given = words_of(name.given) + words_of(name.middle)
    return (
        " ".join(told_given + told_family) in UNIDENTIFIED_NAMES
        or " ".join(told_family + told_given) in UNIDENTIFIED_NAMES
    )
