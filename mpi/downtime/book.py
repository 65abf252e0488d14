"""The look-up book: a snapshot opened in memory, searched without a database."""

from __future__ import annotations

import hashlib
import re
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
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
PART = 100
"""Persons in one part of a snapshot: what is opened to show one of them."""
SSN = "downtime-ssn"
_OPENED = 64


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


class _Places:
    """Places by key, compact: a million keys take 12 MB. Add all, `settle`, then ask."""

    def __init__(self) -> None:
        self._hashes, self._places = array("Q"), array("I")

    def add(self, key: str, place: int) -> None:
        """This key leads there, too."""
        self._hashes.append(_hash(key))
        self._places.append(place)

    def settle(self) -> None:
        """Put them in order."""
        order = sorted(range(len(self._hashes)), key=self._hashes.__getitem__)
        self._hashes = array("Q", (self._hashes[at] for at in order))
        self._places = array("I", (self._places[at] for at in order))

    def of(self, key: str) -> Iterator[int]:
        """Where the key leads."""
        wanted = _hash(key)
        for at in range(bisect_left(self._hashes, wanted), len(self._hashes)):
            if self._hashes[at] != wanted:
                return
            yield self._places[at]


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")


class Book:
    """The persons of a snapshot, packed as they came, and beside them what they are found by.

    A place is the number of a part and the person's within it. Not to be asked before `settle`.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.count = 0
        self._parts: list[bytes] = []
        self._opened = lru_cache(maxsize=_OPENED)(self._open)
        self._names: list[str] = []
        self._euids, self._dates, self._numbers = _Places(), _Places(), _Places()

    def add(self, part: bytes, persons: Sequence[Mapping[str, Any]]) -> None:
        """One more part as it was packed, with the persons in it."""
        for offset, person in enumerate(persons):
            place = len(self._parts) * PART + offset
            for euid in (person["euid"], *person["merged"]):
                self._euids.add(euid, place)
            self._names += [f"{family}\0{given}\0{place}" for family, given in person["search"]]
            self._dates.add(person["birth_date"], place)
            for number in {mrn.upper() for _, mrn in person["numbers"]} | set(person["ssn"]):
                self._numbers.add(number, place)
        self._parts.append(part)
        self.count += len(persons)

    def settle(self) -> None:
        """All are in: put what they are found by in order."""
        self._names.sort()
        for places in (self._euids, self._dates, self._numbers):
            places.settle()

    def person(self, euid: str) -> dict[str, Any] | None:
        """The person of this EUID, or of the one that it was merged into; None where there is none."""
        place = next(self._euids.of(euid), None)
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
        sets = []
        if number:
            sets.append({place for key in self._keys(number) for place in self._numbers.of(key)})
        if birth_date:
            sets.append(set(self._dates.of(birth_date)))
        ranges = [self._named(family, given) for family, given in names]
        if not sets and not ranges:
            return [], False
        wanted = chain.from_iterable(ranges) if ranges else sorted(set.intersection(*sets))
        fitting = (place for place in dict.fromkeys(wanted) if all(place in one for one in sets))
        persons = (self._read(place) for place in fitting)
        asked = (one for one in persons if not system or any(code == system for code, _ in one["numbers"]))
        shown = list(islice(asked, LIMIT + 1))
        ordered = sorted(shown[:LIMIT], key=lambda one: (one["search"][0], one["euid"]))
        return ordered, len(shown) > LIMIT

    @staticmethod
    def _keys(number: str) -> Iterator[str]:
        yield number.upper()
        digits = re.sub(r"\D", "", number)
        if len(digits) == 9:
            yield ssn_key(digits, downtime_keys())

    def _named(self, family: str, given: str) -> Iterator[int]:
        for at in range(bisect_left(self._names, family), len(self._names)):
            there, own, place = self._names[at].split("\0")
            if not there.startswith(family):
                return
            if own.startswith(given):
                yield int(place)

    def _read(self, place: int) -> dict[str, Any]:
        return self._opened(place // PART)[place % PART]

    def _open(self, number: int) -> list[dict[str, Any]]:
        persons: list[dict[str, Any]] = unpacked(self._parts[number])["persons"]
        return persons


def ssn_key(ssn: str, keys: Keys) -> str:
    """What stands in a snapshot for an SSN: a keyed hash, under the key of downtime files."""
    return blind_index_under(keys.index_key, SSN, ssn).hex()


def packed(told: object) -> bytes:
    """A part of a snapshot as it is sealed."""
    return zlib.compress(orjson.dumps(told), 6)


def unpacked(part: bytes) -> dict[str, Any]:
    """The inverse of `packed`."""
    told: dict[str, Any] = orjson.loads(zlib.decompress(part))
    return told


_EMPTY = packed({})


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

    Cost: some 40 µs and 0.4 kB a person.
    """
    snapshot_header(path)
    parts = read_sealed(path, downtime_keys())
    first = unpacked(next(parts, b"") or _EMPTY)
    if not first:
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
        document = unpacked(part)
        told = document.get("total", told)
        book.add(part, document["persons"])
        advance(len(document["persons"]))
    if told != book.count:
        raise InvalidInput(f"The snapshot says {told:,} persons and holds {book.count:,}.")
    book.settle()
    return book
