"""The comparisons of the engine and their levels, best first; level 0 of each is *missing*.

A comparison of two records yields exactly one level of each comparison. The numbers are positions
in a linkage model's tables and in Splink's settings; the names are what a model document says.
`UNKNOWN` surname and contact together are the missing level of the house comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

MISSING = 0
"""Level of every comparison when one side has no value: it weighs 0 bits."""


class Given(IntEnum):
    """Given name, with the other's middle and family name for names that moved field."""

    MISSING = 0
    EXACT = 1
    ALTERNATE = 2
    NICKNAME = 3
    SWAPPED = 4
    MIDDLE = 5
    EDIT = 6
    INITIAL = 7
    NEAR = 8
    PHONETIC = 9
    DIFFERENT = 10


class Middle(IntEnum):
    """Middle name."""

    MISSING = 0
    FULL = 1
    INITIAL = 2
    CLOSE = 3
    CONFLICT = 4


class BirthDate(IntEnum):
    """Birth date; an edit is one digit changed or two neighbours swapped (Damerau-Levenshtein)."""

    MISSING = 0
    EXACT = 1
    DAY_MONTH = 2
    EDIT = 3
    TWO_PARTS = 4
    TWO_EDITS = 5
    YEAR = 6
    OTHER = 7
    GENERATION = 8


class Sex(IntEnum):
    """Administrative sex."""

    MISSING = 0
    SAME = 1
    DIFFERENT = 2


class Ssn(IntEnum):
    """Social security number, or its last four digits where only they are known."""

    MISSING = 0
    EXACT = 1
    EDIT = 2
    CLOSE = 3
    DIFFERENT = 4


class SharedIdentifier(IntEnum):
    """Any strong identifier of the same authority and type."""

    MISSING = 0
    EXACT = 1
    EDIT = 2
    DIFFERENT = 3


class Surname(IntEnum):
    """First half of the house comparison."""

    UNKNOWN = 0
    EXACT = 1
    RELATED = 2
    NEAR = 3
    DIFFERENT = 4


class Contact(IntEnum):
    """Second half of the house comparison: what of address, phone and e-mail agrees."""

    UNKNOWN = 0
    TWO = 1
    EMAIL = 2
    PHONE = 3
    ADDRESS = 4
    CLOSE = 5
    ZIP = 6
    ZIP_PHONE_DIFFERS = 7
    DIFFERS = 8


CONTACTS = len(Contact)


def house_level(surname: int, contact: int) -> int:
    """Level of the house comparison: the pair (surname, contact) as one number, 0 when both are unknown."""
    return surname * CONTACTS + contact


def house_parts(level: int) -> tuple[Surname, Contact]:
    """The inverse of `house_level`."""
    surname, contact = divmod(level, CONTACTS)
    return Surname(surname), Contact(contact)


@dataclass(frozen=True, slots=True)
class LevelShape:
    """One level: its name in documents and its words for a steward."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class ComparisonShape:
    """One comparison; `levels[0]` is the missing level."""

    name: str
    title: str
    levels: tuple[LevelShape, ...]


_GIVEN = (
    "not known on one side",
    "same given name",
    "same as another given name on record",
    "nickname of the same name",
    "given and family name swapped",
    "given name is the other's middle name",
    "given name one typing error apart",
    "initial of the given name agrees",
    "similar given name",
    "given name sounds alike",
    "different given name",
)
_MIDDLE = (
    "not known on one side",
    "same middle name",
    "middle initial agrees",
    "similar middle name",
    "different middle name",
)
_BIRTH_DATE = (
    "not known on one side",
    "same birth date",
    "day and month swapped",
    "birth date one typing error apart",
    "two of year, month and day agree",
    "birth date two typing errors apart",
    "same birth year only",
    "different birth date",
    "birth dates a generation apart",
)
_SEX = ("not known on one side", "same sex", "different sex")
_SSN = (
    "not known on one side",
    "same SSN",
    "SSN one typing error apart",
    "SSN two typing errors apart or last four digits agree",
    "different SSN",
)
_IDENTIFIER = (
    "none of the same kind on both sides",
    "same identifier",
    "identifier one typing error apart",
    "different identifier of the same kind",
)
_SURNAME = (
    "family name not known",
    "same family name",
    "former name, part or typing error of the family name",
    "similar family name",
    "different family name",
)
_CONTACT = (
    "no contact data to compare",
    "two of address, phone and e-mail agree",
    "same e-mail",
    "same phone",
    "same address",
    "nearly the same address",
    "same ZIP code",
    "same ZIP code, different phone",
    "address or phone differs",
)


def _shapes(kind: type[IntEnum], words: tuple[str, ...]) -> tuple[LevelShape, ...]:
    return tuple(LevelShape(level.name.lower(), text) for level, text in zip(kind, words, strict=True))


def _house_shapes() -> tuple[LevelShape, ...]:
    return tuple(
        LevelShape(
            f"{surname.name.lower()}+{contact.name.lower()}",
            f"{_SURNAME[surname]}, {_CONTACT[contact]}",
        )
        for surname in Surname
        for contact in Contact
    )


COMPARISONS: tuple[ComparisonShape, ...] = (
    ComparisonShape("given", "Given name", _shapes(Given, _GIVEN)),
    ComparisonShape("middle", "Middle name", _shapes(Middle, _MIDDLE)),
    ComparisonShape("house", "Family name, address, phone and e-mail", _house_shapes()),
    ComparisonShape("birth_date", "Birth date", _shapes(BirthDate, _BIRTH_DATE)),
    ComparisonShape("sex", "Sex", _shapes(Sex, _SEX)),
    ComparisonShape("ssn", "Social security number", _shapes(Ssn, _SSN)),
    ComparisonShape("identifier", "Other identifier", _shapes(SharedIdentifier, _IDENTIFIER)),
)
"""In the order of `Levels`, of every model document and of Splink's settings."""

GIVEN, MIDDLE, HOUSE, BIRTH_DATE, SEX, SSN, IDENTIFIER = range(len(COMPARISONS))

Levels = tuple[int, int, int, int, int, int, int]
"""One level per comparison, in the order of `COMPARISONS`."""

TERM_CONTACTS = frozenset({Contact.UNKNOWN, Contact.ZIP, Contact.ZIP_PHONE_DIFFERS, Contact.DIFFERS})
"""Contact classes with which an exact family name still earns its frequency: none once contact agrees."""
