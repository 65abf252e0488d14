"""Any text to the small alphabet the engine compares: capitals A-Z, digits and punctuation of ASCII."""

from __future__ import annotations

from functools import lru_cache

from anyascii import anyascii

LONGEST = 500
"""Characters of one told value that are looked at; no name, street or number of a person is longer."""

MISREAD_DIGITS = str.maketrans("OQDILSZBG", "000115286")
"""Letters that a scanner or a tired eye takes for digits."""


@lru_cache(maxsize=65_536)
def to_capitals(told: str) -> str:
    """Transliterate to ASCII capitals, control characters to spaces, spaces collapsed.

    Folding to ASCII is a condition of parity: DuckDB counts bytes, rapidfuzz counts characters.
    """
    text = told[:LONGEST]
    if not text.isascii():
        text = anyascii(text)
    text = text.upper()
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())


def digits_of(told: str) -> str:
    """The decimal digits of a text, of any script, as ASCII."""
    text = told[:LONGEST]
    if not text.isascii():
        text = anyascii(text)
    return "".join(filter(str.isdecimal, text))


def all_same(text: str) -> bool:
    """Whether the text is one character repeated (000..., 999..., XXX...)."""
    return len(text) > 1 and text == text[0] * len(text)
