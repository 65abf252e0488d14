"""The values of one record as a golden record shows them, each with the standard value it agrees by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from matching.addresses import read_address
from matching.contacts import standard_email, standard_phone
from matching.names import as_parts, is_suffix, is_title, read_given, read_name
from matching.records import FORMER_USES, Name, PatientRecord, StandardAddress, StandardRecord
from matching.standardise import current_address, current_name
from matching.text import LONGEST, to_capitals

NEWBORN_KEY: Final = "(newborn)"
"""Key of a name that stands for none, BABY BOY or the alias of an unidentified patient: shown only while no member
tells a real one."""

Shown = str | Mapping[str, str]

_SMALL_WORDS = frozenset({"de", "del", "der", "den", "di", "da", "das", "dos", "du", "la", "las", "los", "van", "von"})
_PIECE = re.compile(r"[^\W\d_]+")
_SCOTTISH = re.compile(r"\bMc([a-z])")
_PARENTHESES = re.compile(r"[(\[{][^)\]}]*[)\]}]?")
_ROMAN_SUFFIXES = frozenset({"II", "III", "IV", "V", "VI"})
_OTHER_SEXES = {"O": "O", "OTHER": "O", "A": "A", "AMBIGUOUS": "A", "N": "N"}


class FieldValue(NamedTuple):
    """One told value: `value` is what is shown (an address is a mapping), `key` what agreement is judged by.

    Both are opaque to survivorship: the shell may pass an SSN's ciphertext as value and its blind index as key.
    """

    value: Shown
    key: str


def member_values(record: PatientRecord, standard: StandardRecord) -> dict[str, FieldValue]:
    """The fields that a record tells, by name; a placeholder or a former value is left out.

    Spelling is the sender's; a name written all in capitals or all small is put in title case. `ssn` is in the
    clear, nine digits: the shell replaces it. `address` has the keys street, city, state, postal_code, country.
    """
    told = current_name(record.names)
    shown = _name_values(as_parts(told), standard) if told else _alias_values(record)
    birth = standard.birth_date or standard.birth_year
    sex = standard.sex or _OTHER_SEXES.get(to_capitals(record.sex), "")
    phone, email = _current_telecom(record, "phone"), _current_telecom(record, "email")
    maiden = standard.mothers_maiden_name
    shown |= {
        "birth_date": FieldValue(birth, birth),
        "sex": FieldValue(sex, sex),
        "ssn": FieldValue(standard.ssn, standard.ssn),
        "address": _address_value(record, standard),
        "phone": FieldValue(_shown_phone(phone), phone),
        "email": FieldValue(email, email),
        "deceased_date": FieldValue(standard.deceased_date, standard.deceased_date),
        "previous_family_name": _previous_family_name(record, standard),
        "mothers_maiden_name": FieldValue(presentable(record.mothers_maiden_name), maiden),
    }
    return {field: value for field, value in shown.items() if value.key and value.value}


@lru_cache(maxsize=65_536)
def presentable(told: str) -> str:
    """One name as a person would write it: as told, but title case for SMITH-JONES, o'brien and DE LA CRUZ."""
    text = " ".join(told[:LONGEST].split())
    if text != text.upper() and text != text.lower():
        return text
    text = _PIECE.sub(lambda piece: piece[0].capitalize(), text)
    text = _SCOTTISH.sub(lambda found: f"Mc{found[1].upper()}", text)
    first, *rest = text.split(" ")
    return " ".join([first, *[word.lower() if word.lower() in _SMALL_WORDS else word for word in rest]])


def _name_values(told: Name, standard: StandardRecord) -> dict[str, FieldValue]:
    name = standard.name
    suffix = name.suffix if name.suffix in _ROMAN_SUFFIXES else name.suffix.capitalize()
    values = {
        "family_name": FieldValue(_shown_family(told.family), name.family),
        "suffix": FieldValue(suffix, name.suffix),
    }
    if standard.newborn:
        return values | {"given_name": FieldValue(presentable(f"{told.given} {told.middle}"), NEWBORN_KEY)}
    given, rest = _shown_given(told.given)
    middle = " ".join(part for part in (rest, _shown_middle(told.middle)) if part)
    if name.given:
        values["given_name"] = FieldValue(given, " ".join(read_given(given).words))
    if name.middle:
        values["middle_name"] = FieldValue(middle, " ".join(read_given(middle).words))
    return values


def _alias_values(record: PatientRecord) -> dict[str, FieldValue]:
    """The alias that somebody is treated under whom nobody knows: it stands on the wristband, so it must be shown."""
    for name in record.names:
        if name.use == "anonymous":
            family, given = presentable(name.family), presentable(f"{name.given} {name.middle}")
            return {"family_name": FieldValue(family, NEWBORN_KEY), "given_name": FieldValue(given, NEWBORN_KEY)}
    return {}


@lru_cache(maxsize=65_536)
def _shown_family(told: str) -> str:
    return presentable(" ".join(_without_suffix(_PARENTHESES.sub(" ", told).split())))


@lru_cache(maxsize=65_536)
def _shown_given(told: str) -> tuple[str, str]:
    """The first given name, and further ones in the same field; titles and suffixes are left out."""
    words = told.split()
    while len(words) > 1 and is_title(words[0]):
        words = words[1:]
    words = _without_suffix(words)
    return presentable(" ".join(words[:1])), presentable(" ".join(words[1:]))


@lru_cache(maxsize=65_536)
def _shown_middle(told: str) -> str:
    return presentable(" ".join(_without_suffix(told.split())))


def _without_suffix(words: list[str]) -> list[str]:
    while len(words) > 1 and is_suffix(words[-1].strip(",")):
        words = words[:-1]
    return [word.strip(",") for word in words]


def _previous_family_name(record: PatientRecord, standard: StandardRecord) -> FieldValue:
    """The first maiden or old surname that is not the current one."""
    for name in record.names:
        if name.use in FORMER_USES:
            family = read_name(name).name.family
            if family and family != standard.name.family:
                return FieldValue(presentable(" ".join(_without_suffix(as_parts(name).family.split()))), family)
    return FieldValue("", "")


def _address_value(record: PatientRecord, known_as: StandardRecord) -> FieldValue:
    told = current_address(record.addresses)
    if told is None:
        return FieldValue("", "")
    if len(record.addresses) == 1:  # its standard form is known
        standard = known_as.addresses[0] if known_as.addresses else StandardAddress()
    else:
        standard = read_address(told).address
    lines = ", ".join(" ".join(line.split()) for line in told.street[:LONGEST].split("\n") if line.strip())
    shown = {
        "street": lines if standard.street else "",
        "city": " ".join(told.city.split()) if standard.city else "",
        "state": standard.state,
        "postal_code": standard.zip5 if told.postal_code.strip() in standard.zip5 else told.postal_code.strip(),
        "country": told.country.strip(),
    }
    known = standard.street or standard.city or standard.zip5
    place = standard.zip5 or f"{standard.city} {standard.state}"
    return FieldValue(shown, f"{standard.street}|{standard.unit}|{place}" if known else "")


def _current_telecom(record: PatientRecord, kind: Literal["phone", "email"]) -> str:
    """The first usable value of a kind that is not a former one, in standard form."""
    read = standard_phone if kind == "phone" else standard_email
    for telecom in record.telecoms:
        if telecom.kind == kind and telecom.use != "old":
            value, _ = read(telecom.value)
            if value:
                return value
    return ""


def _shown_phone(digits: str) -> str:
    if len(digits) == 10:
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return f"+{digits}" if digits else ""
