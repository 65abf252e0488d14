"""Enterprise identifiers: eleven random characters of Crockford's base 32 and a check character.

55 random bits cannot be guessed or counted. The check character is ISO/IEC 7064 hybrid MOD 33,32:
it catches every single wrong character and nearly every swap of two neighbours.
"""

from __future__ import annotations

import secrets

from stdnum.iso7064 import mod_37_36

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
_RANDOM_BITS = 55
_TYPED = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None, "\0": None})


def new_euid() -> str:
    """A fresh EUID of 12 characters, without hyphens."""
    number = secrets.randbits(_RANDOM_BITS)
    body = "".join(ALPHABET[(number >> shift) & 31] for shift in range(_RANDOM_BITS - 5, -1, -5))
    return body + str(mod_37_36.calc_check_digit(body, alphabet=ALPHABET))


def normal_euid(typed: str) -> str:
    """An EUID as stored, from one as typed: hyphens, spaces and NUL out, I and L read as 1, O as 0 (Crockford)."""
    return typed.upper().translate(_TYPED)


def is_euid(text: str) -> bool:
    """Whether the text, in stored form, has the right length, alphabet and check character."""
    return len(text) == LENGTH and set(text) <= set(ALPHABET) and bool(mod_37_36.is_valid(text, alphabet=ALPHABET))


def grouped(euid: str) -> str:
    """In groups of four, as people read it: 7QK4-2M9X-8B3H."""
    return "-".join(euid[start : start + 4] for start in range(0, len(euid), 4))
