"""The look-up book: a snapshot opened in memory, searched without a database."""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from mpi.downtime.keys import downtime_keys
from mpi.downtime.sealed import read_header, read_sealed
from mpi.errors import InvalidInput
from mpi.vault import Keys, blind_index_under

LIMIT = 50
"""More persons than this are not shown."""
STATIONS = 10
"""Look-up stations that a snapshot has numbers for: each has its own."""
SSN = "downtime-ssn"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself.

    users     who may sign in: {"username", "name", "password" (its hash), "may_register"}
    numbers   temporary numbers set aside for it, a tenth of them for each station
    systems   (code, name) of the source systems
    """

    uuid: str
    created_at: str
    users: tuple[Mapping[str, Any], ...] = field(repr=False)
    numbers: tuple[str, ...]
    systems: tuple[tuple[str, str], ...]

    def numbers_of(self, station: int) -> tuple[str, ...]:
        """The numbers of one station, 1 to 10."""
        share = len(self.numbers) // STATIONS
        return self.numbers[(station - 1) * share : station * share]


@dataclass(slots=True)
class Book:
    """The persons of a snapshot. Each is kept as its JSON; what is searched by stands beside it."""

    manifest: Manifest
    persons: list[bytes] = field(default_factory=list, repr=False)
    _euids: dict[str, int] = field(default_factory=dict, repr=False)
    _names: list[tuple[str, str, int]] = field(default_factory=list, repr=False)
    _dates: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list), repr=False)
    _numbers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list), repr=False)

    def add(self, person: Mapping[str, Any]) -> None:
        """One more person; `settle` once at the end."""
        place = len(self.persons)
        self.persons.append(orjson.dumps(person))
        for euid in (person["euid"], *person["merged"]):
            self._euids[euid] = place
        for family, given in person["search"]:
            self._names.append((family, given, place))
        self._dates[person["birth_date"]].append(place)
        for number in {mrn.upper() for _, mrn in person["numbers"]} | set(person["ssn"]):
            self._numbers[number].append(place)

    def settle(self) -> None:
        """Put the names in order."""
        self._names.sort()

    def person(self, euid: str) -> dict[str, Any] | None:
        """The person of this EUID, or of the one that it was merged into; None where there is none."""
        place = self._euids.get(euid)
        return None if place is None else self._read(place)

    def find(
        self,
        *,
        euid: str = "",
        number: str = "",
        birth_date: str = "",
        names: Iterable[tuple[str, str]] = (),
        system: str = "",
    ) -> tuple[list[dict[str, Any]], bool]:
        """Persons that fit all that is asked, at most LIMIT, and whether there are more.

        `names` are (family, given) in standard form, their beginnings; any of them will do.
        """
        if euid:
            found = self.person(euid)
            return ([found] if found else []), False
        sets = [places for places in self._asked(number, birth_date, tuple(names)) if places is not None]
        if not sets:
            return [], False
        fitting = (self._read(place) for place in sorted(set.intersection(*sets)))
        persons = [one for one in fitting if not system or any(code == system for code, _ in one["numbers"])]
        persons.sort(key=lambda one: (one["search"][0], one["euid"]))
        return persons[:LIMIT], len(persons) > LIMIT

    def _asked(self, number: str, birth_date: str, names: tuple[tuple[str, str], ...]) -> Iterator[set[int] | None]:
        yield {place for key in self._keys(number) for place in self._numbers.get(key, ())} if number else None
        yield set(self._dates.get(birth_date, ())) if birth_date else None
        yield {place for family, given in names for place in self._named(family, given)} if names else None

    @staticmethod
    def _keys(number: str) -> Iterator[str]:
        yield number.upper()
        digits = re.sub(r"\D", "", number)
        if len(digits) == 9:
            yield ssn_key(digits, downtime_keys())

    def _named(self, family: str, given: str) -> Iterator[int]:
        for at in range(bisect_left(self._names, (family, "", -1)), len(self._names)):
            there, own, place = self._names[at]
            if not there.startswith(family):
                return
            if own.startswith(given):
                yield place

    def _read(self, place: int) -> dict[str, Any]:
        person: dict[str, Any] = orjson.loads(self.persons[place])
        return person


def ssn_key(ssn: str, keys: Keys) -> str:
    """What stands in a snapshot for an SSN: a keyed hash, under the key of downtime files."""
    return blind_index_under(keys.index_key, SSN, ssn).hex()


def packed(told: object) -> bytes:
    """A part of a snapshot as it is sealed."""
    return zlib.compress(orjson.dumps(told), 6)


def snapshot_header(path: Path) -> dict[str, Any]:
    """What the clear header of a snapshot says. Raises InvalidInput."""
    try:
        with path.open("rb") as file:
            _, told = read_header(file)
    except OSError as error:
        raise InvalidInput(f"The file {path} cannot be read: {error.strerror}.") from error
    if told.get("kind") != "snapshot":
        raise InvalidInput("This downtime file is no snapshot.")
    return told


def open_book(path: Path, *, advance: Callable[[int], None] = lambda _: None) -> Book:
    """Read and verify a whole snapshot. Raises InvalidInput where it is of another key, damaged or cut off.

    Cost: some 10 s and 1 GB for a million persons.
    """
    snapshot_header(path)
    parts = (orjson.loads(zlib.decompress(part)) for part in read_sealed(path, downtime_keys()))
    first = next(parts, None)
    if first is None:
        raise InvalidInput("The snapshot is empty: it was cut off.")
    book = Book(
        Manifest(
            uuid=first["uuid"],
            created_at=first["created_at"],
            users=tuple(first["users"]),
            numbers=tuple(first["numbers"]),
            systems=tuple((code, name) for code, name in first["systems"]),
        )
    )
    told = 0
    for part in parts:
        told = part.get("total", told)
        for person in part["persons"]:
            book.add(person)
        advance(len(part["persons"]))
    if told != len(book.persons):
        raise InvalidInput(f"The snapshot says {told:,} persons and holds {len(book.persons):,}.")
    book.settle()
    return book
