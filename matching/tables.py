"""The tables of `matching/data`, read once when the package is imported. Where each comes from: `data/README.md`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).parent / "data"


def _lines(name: str) -> Iterator[str]:
    for line in (DATA / name).read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            yield line


def _abbreviations(name: str) -> dict[str, str]:
    """Spelling -> standard abbreviation; the first word of a line is the standard one."""
    table: dict[str, str] = {}
    for line in _lines(name):
        standard, *spellings = line.removeprefix("- ").split()
        for spelling in (standard, *spellings):
            table.setdefault(spelling, standard)
    return table


def _sections(name: str) -> dict[str, frozenset[str]]:
    sections: dict[str, set[str]] = {}
    entries: set[str] = set()
    for line in _lines(name):
        if line.startswith("["):
            entries = sections.setdefault(line.strip("[]"), set())
        else:
            entries.add(line)
    return {section: frozenset(values) for section, values in sections.items()}


STREET_SUFFIXES = _abbreviations("street_suffixes.txt")
UNIT_DESIGNATORS = _abbreviations("units.txt")
UNITS_WITHOUT_NUMBER = frozenset(line.split()[1] for line in _lines("units.txt") if line.startswith("- "))
STATE_NAMES = {name: code for code, _, name in (line.partition(" ") for line in _lines("states.txt"))}
STATE_CODES = frozenset(STATE_NAMES.values())
ORDINALS = _abbreviations("ordinals.txt")
IMPERSONAL_IDENTIFIER_TYPES = frozenset(_lines("identifier_types.txt"))
NICKNAME_ROOTS = {root: short_forms for root, *short_forms in (line.split() for line in _lines("nickname_roots.txt"))}

_NAME_WORDS = _sections("name_words.txt")
TITLES = _NAME_WORDS["title"]
DEGREES = _NAME_WORDS["degree"]
PARTICLES = _NAME_WORDS["particle"]
NAME_PREFIXES = _NAME_WORDS["prefix"]

_PLACEHOLDERS = _sections("placeholders.txt")
NAME_PART_PLACEHOLDERS = _PLACEHOLDERS["name_part"]
GIVEN_ROLES = _PLACEHOLDERS["given_role"]
FAMILY_ROLES = _PLACEHOLDERS["family_role"]
WHOLE_NAME_PLACEHOLDERS = _PLACEHOLDERS["whole_name"]
UNIDENTIFIED_NAMES = _PLACEHOLDERS["unidentified_name"]
BIRTH_DATE_PLACEHOLDERS = _PLACEHOLDERS["birth_date"]
SSN_PLACEHOLDERS = _PLACEHOLDERS["ssn"]
ADDRESS_PLACEHOLDERS = _PLACEHOLDERS["address"]
STREET_PLACEHOLDERS = _PLACEHOLDERS["street"]
CITY_PLACEHOLDERS = _PLACEHOLDERS["city"]
EMAIL_LOCAL_PLACEHOLDERS = _PLACEHOLDERS["email_local"]
EMAIL_DOMAIN_PLACEHOLDERS = _PLACEHOLDERS["email_domain"]
IDENTIFIER_PLACEHOLDERS = _PLACEHOLDERS["identifier"]
