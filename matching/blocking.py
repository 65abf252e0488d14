"""Blocking keys: two records are compared when they share one.

A key is never made with a hole: a rule whose parts are not all known gives none, so that a missing value can
never widen a search. Names go in over all forms a record tells (current and former names, both pieces of a double
surname), so that a marriage or an alias is found. Measured figures stand in `tests/matching/test_blocking.py`.

    rule               for what                                              value
    ssn                one number, whatever else is wrong (strong)           nine digits
    identifier         the same for every other number (strong)              authority|type|value
    ssn_last4_family   last four told alone; an error in the SSN             last four | soundex of surname
    number_part        an error in a government number    first half, or last four | first soundex of name
                       that is no SSN
    email              one mailbox                                           address
    phone              one telephone                                         digits
    names              birth date wrong, moved; given and family swapped     root of given name and surname, sorted
    address_year       newborns, renamed and unknown names at one address    number and street word | year
    address_initial    birth date missing or wrong at one address            number and street word | initial
    house_family       the same, and given name missing or street misspelt   house number | soundex of surname
    birth_names        one name lost, another or misspelt, fields swapped    birth date | two letters of any name
    birth_house        names lost or unreadable at one address               birth date | house number

A birth date goes in as year, smaller and greater of month and day, so that dates with the two swapped meet.
Soundex is that of the National Archives (jellyfish). A birth date alone is no key, nor is its day with the sound of a
given name: in an index of a million they found 57 strangers for each record and a true pair that nothing else found
once in 500 records (see `mpi/decisions/0017-a-birth-date-alone-finds-strangers.md`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from jellyfish import soundex

from matching.nicknaming import nickname_root
from matching.records import SSN_AUTHORITY, StandardRecord


class BlockingKey(NamedTuple):
    """One key in clear text (the shell stores keyed hashes). A `strong` key is never capped.

    A named tuple and no dataclass: ten a record are made, sorted and hashed, at a third of the cost.
    """

    rule: str
    value: str
    strong: bool


RULES: tuple[str, ...] = (
    "ssn",
    "identifier",
    "ssn_last4_family",
    "number_part",
    "email",
    "phone",
    "names",
    "address_year",
    "address_initial",
    "house_family",
    "birth_names",
    "birth_house",
)
"""All rules in order of preference when keys are capped: strong first, then the narrower before the wider."""

STRONG_RULES = frozenset({"ssn", "identifier"})

_SHORTEST_PARTED = 6
_MOST_FAMILIES = 4
_MOST_GIVENS = 3
_MOST_PLACES = 3
_NO_STREET_NAME = frozenset({"N", "S", "E", "W", "NE", "NW", "SE", "SW", "1/2", "1/4", "3/4"})
_sound = lru_cache(maxsize=65_536)(soundex)


def blocking_keys(record: StandardRecord) -> tuple[BlockingKey, ...]:
    """All keys of a record, sorted, each once; () for a record that tells too little to be found by anything."""
    return tuple([BlockingKey(rule, value, rule in STRONG_RULES) for rule, value in sorted(blocking_pairs(record))])


def blocking_pairs(record: StandardRecord) -> set[tuple[str, str]]:
    """The (rule, value) of all keys: enough to see which records share one."""
    givens, families = _givens(record), _families(record)
    family_sounds = [_sound(family) for family in families]
    pairs: list[tuple[str, str]] = []
    if record.ssn:
        pairs.append(("ssn", record.ssn))
    if record.ssn_last4:
        pairs += [("ssn_last4_family", f"{record.ssn_last4}|{sound}") for sound in family_sounds]
    pairs += [("identifier", "|".join(identifier)) for identifier in record.identifiers]
    if parts := _number_parts(record):
        first = min([*map(_sound, givens), *family_sounds], default="")
        pairs += [("number_part", f"{part}|{first}") for part in parts if first]
    pairs += [("email", email) for email in record.emails[:_MOST_PLACES]]
    pairs += [("phone", phone) for phone in record.phones[:_MOST_PLACES]]
    for given in givens:
        root = nickname_root(given)
        pairs += [("names", f"{root}|{family}" if root <= family else f"{family}|{root}") for family in families]
    date = _date(record)
    if date:
        pairs += [("birth_names", f"{date}|{name[:2]}") for name in (*givens, *families)]
    for address in record.addresses[:_MOST_PLACES]:
        _add_address(pairs, address.street, record, date, family_sounds)
    return set(pairs)


def _date(record: StandardRecord) -> str:
    """The birth date with the smaller of month and day before the other, "" where it is not wholly known."""
    month, day = record.birth_date[5:7], record.birth_date[8:]
    if not day:
        return ""
    return f"{record.birth_year}|{month}|{day}" if month <= day else f"{record.birth_year}|{day}|{month}"


def _number_parts(record: StandardRecord) -> list[str]:
    """Both ends of each government number that is no SSN: one error leaves one of them. Few records have any."""
    numbers = [value for authority, _, value in record.identifiers if authority == SSN_AUTHORITY]
    return [part for value in numbers if len(value) >= _SHORTEST_PARTED for part in _ends(value)]


def _ends(value: str) -> tuple[str, str]:
    return f"{value[: len(value) // 2]}*", f"*{value[-4:]}"


def _add_address(
    pairs: list[tuple[str, str]], street: str, record: StandardRecord, date: str, family_sounds: list[str]
) -> None:
    number, place = _place(street)
    if not place:
        return
    if record.birth_year:
        pairs.append(("address_year", f"{place}|{record.birth_year}"))
    if record.name.given:
        pairs.append(("address_initial", f"{place}|{record.name.given[0]}"))
    if number:
        pairs += [("house_family", f"{number}|{sound}") for sound in family_sounds]
        if date:
            pairs.append(("birth_house", f"{date}|{number}"))


@lru_cache(maxsize=65_536)
def _place(street: str) -> tuple[str, str]:
    """(house number, house number and first word of the street's name): a lost suffix or second line does no harm.

    Another form, such as PO BOX 12, has no house number and goes in whole; ("", "") without any number, since
    thousands share such a street.
    """
    words = street.split()
    if len(words) > 1 and words[0][0].isdecimal():
        named = [word for word in words[1:] if word not in _NO_STREET_NAME] or words[1:]
        return words[0], f"{words[0]} {named[0]}"
    return "", street if any(map(str.isdecimal, street)) else ""


def _givens(record: StandardRecord) -> list[str]:
    """Given names told, most current first; an initial is too little for a key."""
    given = record.name.given
    if not record.former_names:
        return [given] if len(given) > 1 else []
    told = [given, *[name.given for name in record.former_names]]
    return list(dict.fromkeys([given for given in told if len(given) > 1]))[:_MOST_GIVENS]


def _families(record: StandardRecord) -> list[str]:
    """Surnames told: whole (without spaces) and by pieces, current first."""
    told: list[str] = []
    for name in (record.name, *record.former_names) if record.former_names else (record.name,):
        if name.family_parts:
            told += [name.family.replace(" ", ""), *name.family_parts]
        else:
            told.append(name.family)
    if len(told) == 1:
        return told if len(told[0]) > 1 else []
    return list(dict.fromkeys([family for family in told if len(family) > 1]))[:_MOST_FAMILIES]
