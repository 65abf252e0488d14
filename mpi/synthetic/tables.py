"""The frequency tables of `data/`, read once and turned into weighted draws."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
Group = Literal["white", "black", "hispanic", "asian", "other"]
Sex = Literal["F", "M"]

GROUPS: tuple[Group, ...] = ("white", "black", "hispanic", "asian", "other")
FIRST_DECADE = 1920
DECADES = 11

_DATA = Path(__file__).with_name("data")

# Shares of the groups in the sample behind the name-by-group table: used where a name is not in it.
_UNLISTED_GIVEN = (78.0, 8.0, 8.0, 5.0, 2.0)

# Bearers per million at most: Lee counts for many groups, and must not crowd out the rest of each.
_CULTURE_CAP = 250.0

_PARTICLES = {
    "DELACRUZ": "De La Cruz", "DELAROSA": "De La Rosa", "DELATORRE": "De La Torre", "DELAGARZA": "De La Garza",
    "DELAFUENTE": "De La Fuente", "DELAPENA": "De La Peña", "DELOSSANTOS": "De Los Santos", "DELEON": "De Leon",
    "DEJESUS": "De Jesus", "DELRIO": "Del Rio", "DELTORO": "Del Toro", "STCLAIR": "St. Clair", "STJOHN": "St. John",
    "STPIERRE": "St. Pierre", "VANDYKE": "Van Dyke", "VANHORN": "Van Horn", "VANBUREN": "Van Buren",
    "VANDENBERG": "Van den Berg", "VANDERBERG": "Van der Berg", "VANMETER": "Van Meter", "VANDERWAL": "Van der Wal",
    "VANDUSEN": "Van Dusen", "VANWINKLE": "Van Winkle", "VANPELT": "Van Pelt", "LEBLANC": "LeBlanc",
    "LAROSA": "La Rosa", "DIPIETRO": "Di Pietro", "DANGELO": "D'Angelo", "DAMICO": "D'Amico", "DANDREA": "D'Andrea",
    "DAGOSTINO": "D'Agostino", "DESANTIS": "De Santis",
}  # fmt: skip
_O_NAMES = frozenset(
    ("OBRIEN", "OCONNOR", "ONEILL", "ONEAL", "OCONNELL", "OREILLY", "OHARA", "ODONNELL", "OLEARY", "OKEEFE", "OMALLEY",
     "OROURKE", "OSULLIVAN", "OSHEA", "OTOOLE", "OGRADY", "OHARE", "ODAY", "ONEIL", "OCONNER")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T]):
    """Values with cumulative weights, drawn in O(log n)."""

    values: Sequence[T]
    cumulative: Sequence[float]

    @classmethod
    def of(cls, pairs: Iterable[tuple[T, float]]) -> Weighted[T]:
        kept = [(value, weight) for value, weight in pairs if weight > 0]
        return cls([value for value, _ in kept], list(accumulate(weight for _, weight in kept)))

    def draw(self, rng: random.Random) -> T:
        cumulative = self.cumulative
        return self.values[bisect_right(cumulative, rng.random() * cumulative[-1], 0, len(cumulative) - 1)]


@dataclass(frozen=True, slots=True)
class Place:
    """One postal code with its city and telephone area codes."""

    postal_code: str
    city: str
    state: str
    area_codes: tuple[str, ...]


def pick(rng: random.Random, values: Sequence[T]) -> T:
    """One of `values`, evenly; several times faster than `random.choice`."""
    return values[int(rng.random() * len(values))]


def written_name(name: str) -> str:
    """SMITH as Smith, OBRIEN as O'Brien, MCDONALD as McDonald, DELACRUZ as De La Cruz."""
    if name in _PARTICLES:
        return _PARTICLES[name]
    if name in _O_NAMES:
        return "O'" + name[1:].title()
    if name.startswith("MC") and len(name) > 4:
        return "Mc" + name[2:].title()
    return name.title()


def _rows(file: str) -> Iterator[list[str]]:
    with (_DATA / file).open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                yield line.rstrip("\n").split("\t")


@cache
def _surname_rows() -> tuple[tuple[str, float, tuple[float, ...]], ...]:
    rows = list(_rows("surnames.tsv"))[1:]
    return tuple((written_name(row[0]), float(row[1]), tuple(map(float, row[2:]))) for row in rows)


@cache
def _common_surnames() -> frozenset[str]:
    return frozenset(name for name, _, _ in _surname_rows()[:400])


def is_common_surname(name: str) -> bool:
    """Whether the name is one of the 400 commonest of the country."""
    return name in _common_surnames()


@cache
def surnames(group: Group) -> Weighted[str]:
    place = GROUPS.index(group)
    return Weighted.of((name, weight * shares[place]) for name, weight, shares in _surname_rows())


@cache
def _given_rows() -> tuple[tuple[str, str, tuple[float, ...], tuple[float, ...]], ...]:
    rows = list(_rows("given_names.tsv"))[1:]
    return tuple(
        (written_name(row[0]), row[1], tuple(map(float, row[2:7])) if row[2] else _UNLISTED_GIVEN,
         tuple(map(float, row[7:])))
        for row in rows
    )  # fmt: skip


@cache
def given_names(group: Group, sex: Sex, decade: int) -> Weighted[str]:
    """Given names of one group and sex; `decade` 0 is births of 1920-1929, 10 is births since 2020."""
    place = GROUPS.index(group)
    return Weighted.of(
        (name, shares[place] * per_decade[decade])
        for name, name_sex, shares, per_decade in _given_rows()
        if name_sex == sex
    )


@cache
def places(group: Group, region: Literal["home", "away"]) -> Weighted[Place]:
    column = 5 + GROUPS.index(group)
    return Weighted.of(
        (Place(row[0], row[1], row[2], tuple(row[3].split(","))), float(row[column]))
        for row in list(_rows("places.tsv"))[1:]
        if row[4] == region
    )


@cache
def streets() -> Weighted[str]:
    """Street names without their kind, falling off with the rank: Main and Oak are in every town."""
    return Weighted.of((row[0], 1.0 / (rank + 12)) for rank, row in enumerate(_rows("streets.tsv")))


@cache
def cultures() -> dict[tuple[str, str], tuple[str, ...]]:
    """(culture, kind) -> names, commonest first; the kinds are told in the file's head."""
    return {(row[0], row[2]): tuple(row[3].split(",")) for row in _rows("cultures.tsv")}


@cache
def culture_names(culture: str, kind: str) -> Weighted[str]:
    """Names of one culture: surnames as often as the census counts them, others falling off with the rank."""
    names = cultures()[culture, kind]
    if kind != "family":
        return Weighted.of((name, 1.0 / (rank + 8)) for rank, name in enumerate(names))
    counted = _surname_weights(GROUPS.index(_culture_groups()[culture]))
    return Weighted.of((name, 2.0 + min(_CULTURE_CAP, counted.get(_letters(name), 0.0))) for name in names)


@cache
def _culture_groups() -> dict[str, Group]:
    return {row[0]: group for row in _rows("cultures.tsv") for group in GROUPS if row[1] == group}


@cache
def _surname_weights(place: int) -> dict[str, float]:
    return {_letters(name): weight * shares[place] / 100 for name, weight, shares in _surname_rows()}


def _letters(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalpha())


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """Formal given name in capitals -> nicknames, most usual first."""
    return {row[0]: tuple(row[1].split(",")) for row in _rows("nicknames.tsv")}


@cache
def spellings() -> dict[str, tuple[str, ...]]:
    """Name in capitals -> other spellings of the same sound."""
    rows = (row[0].split(",") for row in _rows("spellings.tsv"))
    return {first: tuple(rest) for first, *rest in rows}


@cache
def accents() -> dict[str, str]:
    """Name in capitals without accents -> as its bearer writes it."""
    return {row[0]: row[1] for row in _rows("accents.tsv")}
