"""Phone numbers and e-mail addresses in one form each."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from matching.tables import EMAIL_DOMAIN_PLACEHOLDERS, EMAIL_LOCAL_PLACEHOLDERS
from matching.text import LONGEST, all_same, digits_of

_NANP = re.compile(r"(?:\+?1[-. ]*)?\(?(\d{3})\)?[-. /]*(\d{3})[-. ]*(\d{4})", re.ASCII)
_EXTENSION = re.compile(r"(?:EXT(?:ENSION)?|X|;EXT=|#)\W*\d{1,6}\W*$", re.IGNORECASE)
_COUNTING = frozenset({"1234567890", "0123456789", "9876543210", "0987654321", "1231231234"})
_FILLER_SUBSCRIBERS = frozenset({"0000000", "5555555", "9999999"})
_EMAIL = re.compile(r"[^@\s,;:<>\"()]{1,64}@[^@\s,;:<>\"()]+\.[^@\s,;:<>\"().]{2,}")


@lru_cache(maxsize=16_384)
def standard_phone(told: str) -> tuple[str, str]:
    """(digits, reason): ten digits of a North American number, else E.164 digits; ("", why) when removed.

    A number of ten digits is kept even where the numbering plan does not know it, since two records that
    tell the same one still agree; a number without area code is not comparable and goes.
    """
    text = told.strip()
    found = _NANP.fullmatch(text)
    if found:
        digits = found[1] + found[2] + found[3]
        return ("", "placeholder") if is_placeholder_phone(digits) else (digits, "")
    return _other_phone(text)


def is_placeholder_phone(digits: str) -> bool:
    """Whether a number of ten digits is plainly filler: one digit repeated, counting, or no subscriber."""
    return all_same(digits) or digits in _COUNTING or digits[3:] in _FILLER_SUBSCRIBERS


@lru_cache(maxsize=16_384)
def _other_phone(told: str) -> tuple[str, str]:
    """The slow way, through the library: extensions, other countries, vanity spellings."""
    text = _EXTENSION.sub("", told[:LONGEST].removeprefix("tel:")).strip()
    digits = digits_of(text)
    if not digits:
        return "", "no digits" if text else ""
    if all_same(digits):
        return "", "placeholder"
    national = digits.removeprefix("1") if len(digits) == 11 else digits
    if len(national) == 10 and "+" not in text.removeprefix("+1"):
        return ("", "placeholder") if is_placeholder_phone(national) else (national, "")
    try:
        number = phonenumbers.parse(text, None if text.startswith("+") else "US")
    except phonenumbers.NumberParseException:
        return "", "not understood"
    if number.country_code == 1 and len(digits) == 7:
        return "", "no area code"
    return _dialled(number) if phonenumbers.is_possible_number(number) else ("", "wrong length")


def _dialled(number: phonenumbers.PhoneNumber) -> tuple[str, str]:
    national: str = phonenumbers.national_significant_number(number)
    return (national if number.country_code == 1 else f"{number.country_code}{national}"), ""


@lru_cache(maxsize=16_384)
def standard_email(told: str) -> tuple[str, str]:
    """(address in lower case, reason); ("", why) when removed."""
    text = told[:LONGEST].strip().lower().removeprefix("mailto:").strip("<>. ")
    if not text:
        return "", ""
    if not text.isascii() or not _EMAIL.fullmatch(text):
        return "", "no e-mail address"
    local, _, domain = text.rpartition("@")
    if local in EMAIL_LOCAL_PLACEHOLDERS or domain in EMAIL_DOMAIN_PLACEHOLDERS or all_same(local):
        return "", "placeholder"
    return text, ""
