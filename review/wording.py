"""What makes two values different, in words: digits swapped, a nickname, the same sound, an abbreviation.

Pure: two values as a page shows them in, a sign and words out. The engine's own words say what a difference weighs;
these say what a reader should look at. Edits are Damerau-Levenshtein: one character changed, lost, added, or two
neighbours swapped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher

from anyascii import anyascii
from rapidfuzz.distance import DamerauLevenshtein

from matching.addresses import read_street
from matching.name_relations import nickname_forms, sound
from mpi.queries.evidence import Kind

_NEAR = 0.6
"""Share of equal characters from which two values are called similar."""
_LOCAL_DIGITS = 7
"""Digits of a telephone number without its area code (NANP)."""
_SHORTEST_SOUND = 3
"""Letters of a name from which its sound says anything."""

GENERIC = frozenset({"similar", "different", "equal"})
"""Words that add nothing to those of a comparison of the model."""

Words = tuple[Kind, str]


def alike(left: str, right: str, sort: str = "text") -> Words:
    """Sign and words for two values; `sort` is name, date, digits, address, email or text."""
    if not left or not right:
        return "none", "not known on one side" if left or right else "not known"
    if equal(left, right):
        return "same", "equal"
    return _SORTS.get(sort, _text)(left, right)


def equal(left: str, right: str) -> bool:
    """Whether both say the same, case, spaces and punctuation aside."""
    return plain(left) == plain(right)


def plain(text: str) -> str:
    """A value without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", text).casefold()


def _text(left: str, right: str) -> Words:
    share = SequenceMatcher(None, plain(left), plain(right), autojunk=False).ratio()
    return ("near", "similar") if share >= _NEAR else ("differs", "different")


def _edit(left: str, right: str, *, one: str) -> str:
    """The one edit between two texts in words, "" for more than one; `one` is what a character is called."""
    if DamerauLevenshtein.distance(left, right, score_cutoff=1) > 1 or left == right:
        return ""
    if len(left) != len(right):
        longer, shorter = (left, right) if len(left) > len(right) else (right, left)
        place = next((at for at, char in enumerate(shorter) if longer[at] != char), len(shorter))
        return f"one {one} more: {longer[place]}"
    places = [at for at, char in enumerate(left) if right[at] != char]
    if len(places) > 1:
        return f"two {one}s swapped"
    return f"one {one} differs: {left[places[0]]} and {right[places[0]]}"


def _digits(left: str, right: str) -> Words:
    """Telephone and other numbers."""
    a, b = (re.sub(r"\D", "", value) for value in (left, right))
    if edit := _edit(a, b, one="digit"):
        return "near", edit
    if len(a) > _LOCAL_DIGITS < len(b) and a[-_LOCAL_DIGITS:] == b[-_LOCAL_DIGITS:]:
        return "near", "same number, another area code"
    if len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 2:
        return "near", "two digits differ"
    return "differs", "different"


def _date(left: str, right: str) -> Words:
    """ISO dates; anything else is compared as text."""
    a, b = (re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value[:10]) for value in (left, right))
    if a is None or b is None:
        return _text(left, right)
    (year, month, day), (other_year, other_month, other_day) = a.groups(), b.groups()
    if year == other_year:
        return _within_a_year((month, day), (other_month, other_day))
    apart = abs(int(year) - int(other_year))
    if (month, day) == (other_month, other_day):
        return "near", f"only the year differs, {_edit(year, other_year, one='digit') or f'{apart} years apart'}"
    years = f"{apart} year{'s' if apart > 1 else ''} apart"
    return "differs", f"different, {years}"


def _within_a_year(left: tuple[str, str], right: tuple[str, str]) -> Words:
    """(month, day) of two dates of one year."""
    if left == right[::-1]:
        return "near", f"day and month swapped: {int(left[1])} and {int(left[0])}"
    if ("01", "01") in (left, right):
        return "near", "same year; 01-Jan often stands for a day that is not known"
    (month, day), (other_month, other_day) = left, right
    if month == other_month:
        return "near", f"only the day differs, {_edit(day, other_day, one='digit') or 'both digits'}"
    if day == other_day:
        return "near", f"only the month differs, {_edit(month, other_month, one='digit') or 'both digits'}"
    return "near", "same year, another day and month"


def _name(left: str, right: str) -> Words:
    """Given, middle and family names."""
    a, b = (_letters(value) for value in (left, right))
    found = _relation(a, b)
    if found:
        return "near", found
    if edit := _edit(a, b, one="letter"):
        return "near", f"{edit}; sounds alike" if sound(a) == sound(b) else edit
    if min(len(a), len(b)) >= _SHORTEST_SOUND and sound(a) == sound(b):
        return "near", "spelt differently, sounds alike"
    return _text(left, right)


def _letters(name: str) -> str:
    """A name as the tables know it: capitals of A-Z, words apart by one space."""
    return " ".join(re.sub(r"[^A-Z]+", " ", anyascii(name).upper()).split())


def _relation(a: str, b: str) -> str:
    """Nickname, initial or part of the other name."""
    short, full = sorted((a, b), key=len)
    if short in nickname_forms(full):
        short, full = full, short
    if short != full and full in nickname_forms(short):
        return f"{short.title()} is a nickname of {full.title()}"
    if len(short) == 1 and full.startswith(short):
        return f"{short} is the initial of {full.title()}"
    return f"{short.title()} is a part of {full.title()}" if short in full.split(" ") else ""


def _address(left: str, right: str) -> Words:
    """One-line addresses: street, town, state and ZIP code."""
    (a, place), (b, other_place) = _street_and_place(left), _street_and_place(right)
    one, other = read_street(a), read_street(b)
    same_place = equal(place[-1], other_place[-1]) or equal(" ".join(place), " ".join(other_place))
    if one.street and one.street == other.street:
        if one.unit != other.unit:
            words = "same house, another unit" if one.unit and other.unit else "same house, a unit on one side only"
            return "near", words if same_place else f"{words}, another town or ZIP code"
        return ("same", "same address, written otherwise") if same_place else ("near", "same street, another place")
    if edit := _edit(one.street, other.street, one="letter"):
        return "near", f"street: {edit}"
    if same_place:
        return "differs", "another street in the same place"
    return _text(left, right)


def _street_and_place(value: str) -> tuple[str, list[str]]:
    """Street, and what follows it: town and "state ZIP" where both are told."""
    parts = [part.strip() for part in value.split(",")]
    cut = max(1, len(parts) - 2)
    return ", ".join(parts[:cut]), parts[cut:] or [""]


def _email(left: str, right: str) -> Words:
    (name, _, host), (other_name, _, other_host) = (value.casefold().partition("@") for value in (left, right))
    if edit := _edit(left.casefold(), right.casefold(), one="character"):
        return "near", edit
    if name == other_name and host != other_host:
        return "near", "same name, another provider"
    return _text(left, right)


_SORTS: Mapping[str, Callable[[str, str], Words]] = {
    "name": _name,
    "date": _date,
    "digits": _digits,
    "address": _address,
    "email": _email,
}
