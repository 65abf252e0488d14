"""True homes, telephone numbers, e-mail addresses and social security numbers."""

from __future__ import annotations

import random
import unicodedata
import zlib

from mpi.synthetic.people import Home, Person
from mpi.synthetic.prevalence import Prevalence
from mpi.synthetic.tables import Group, Place, Weighted, pick, places, streets

_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th", "13th", "14th",
             "15th", "18th", "21st", "22nd", "31st", "35th", "47th", "51st", "63rd", "79th", "95th")  # fmt: skip
_KINDS = Weighted.of(
    [("Street", 33), ("Avenue", 27), ("Drive", 14), ("Road", 10), ("Lane", 6), ("Court", 5), ("Boulevard", 3),
     ("Circle", 2), ("Place", 3), ("Way", 2), ("Terrace", 1), ("Parkway", 1), ("Trail", 1)]
)  # fmt: skip
_DIRECTIONS = ("North", "South", "East", "West")
_MAIL_HOSTS = Weighted.of(
    [("gmail.com", 55), ("yahoo.com", 15), ("hotmail.com", 8), ("icloud.com", 7), ("outlook.com", 6), ("aol.com", 4),
     ("comcast.net", 2), ("att.net", 2), ("sbcglobal.net", 1)]
)  # fmt: skip

_BUILDINGS_KEPT = 400
_FACILITIES_KEPT = 40
_MAIL_BITS = 1 << 26

# Numbers that were printed in advertisements or are refused everywhere; real people do not have them.
_NEVER_ISSUED = frozenset({"078051120", "219099999", "123456789", "111111111", "222222222", "333333333", "444444444",
                           "555555555", "777777777", "888888888", "457555462"})  # fmt: skip
_SSN_AREAS = [area for area in range(1, 900) if area != 666]
_SSN_PAIRS = len(_SSN_AREAS) * 99 * 9999 // 2
_SCRAMBLED = 1 << 29  # the next power of two over _SSN_PAIRS


class Homes:
    """Gives dwellings. Remembers a bounded number of buildings and facilities, so that strangers share some."""

    def __init__(self, rng: random.Random, prevalence: Prevalence) -> None:
        self._rng = rng
        self._prevalence = prevalence
        self._buildings: list[Home] = []
        self._facilities: list[Home] = []

    def draw(self, group: Group, *, elder: bool) -> Home:
        """A household's dwelling, with a landline for the share of households that keep one."""
        rng = self._rng
        home = self._apartment(group) if rng.random() < self._prevalence.apartment else self._house(group)
        if rng.random() < (self._prevalence.landline_elder if elder else self._prevalence.landline):
            home.shared_phone = phone_number(rng, home.area_code)
        return home

    def facility(self, group: Group) -> Home:
        """A care home, shelter or dormitory, whose residents have its address and switchboard in common."""
        rng = self._rng
        if len(self._facilities) < 3 or rng.random() < 0.04:
            home = self._house(group)
            home.shared_phone = phone_number(rng, home.area_code)
            _remember(rng, self._facilities, home, _FACILITIES_KEPT)
            return home
        return pick(rng, self._facilities)

    def _house(self, group: Group) -> Home:
        rng = self._rng
        place: Place = places(group, "home" if rng.random() < 0.93 else "away").draw(rng)
        street, kind = streets().draw(rng), _KINDS.draw(rng)
        if rng.random() < 0.09:
            street = pick(rng, _ORDINALS)
        direction = pick(rng, _DIRECTIONS) if rng.random() < 0.35 else ""
        number = str(1 + int(10 ** (1.6 + 2.35 * rng.random())))
        return Home(number, direction, street, kind, "", place.city, place.state, place.postal_code,
                    pick(rng, place.area_codes))  # fmt: skip

    def _apartment(self, group: Group) -> Home:
        rng = self._rng
        if len(self._buildings) < 10 or rng.random() < 0.12:
            _remember(rng, self._buildings, self._house(group), _BUILDINGS_KEPT)
        block = pick(rng, self._buildings)
        floor, door = 1 + int(rng.random() * 9), 1 + int(rng.random() * 12)
        unit = f"{floor}{door:02d}" if rng.random() < 0.6 else f"{floor}{chr(64 + door)}"
        return Home(block.number, block.direction, block.street, block.kind, unit, block.city, block.state,
                    block.postal_code, block.area_code)  # fmt: skip


class SocialSecurityNumbers:
    """Distinct nine-digit numbers of the valid ranges (area not 000, 666, 9xx; group and serial not zero).

    A scrambled permutation of all valid numbers, stepped through: no two people ever get the same one,
    neighbours in the file get unlike ones, and no list of used numbers is kept.
    """

    def __init__(self, rng: random.Random) -> None:
        self._next = int(rng.random() * _SSN_PAIRS)
        self._factors = tuple(int(rng.random() * _SCRAMBLED) | 1 for _ in range(3))

    def draw(self) -> tuple[str, str]:
        """A number and its neighbour (the serial one higher or lower), which belongs to nobody else."""
        while True:
            self._next += 1
            pair = self._scramble(self._next)
            if pair >= _SSN_PAIRS:
                continue
            first, second = _ssn(2 * pair), _ssn(2 * pair + 1)
            if first not in _NEVER_ISSUED and second not in _NEVER_ISSUED:
                return (first, second) if self._next & 1 else (second, first)

    def _scramble(self, value: int) -> int:
        """A bijection on the numbers under 2 ** 29: odd multiplications and shifts lose nothing."""
        for factor in self._factors:
            value = (value * factor) % _SCRAMBLED
            value ^= value >> 14
        return value


class MailAddresses:
    """E-mail addresses that no two people share by chance, remembered in 8 MB whatever the population."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used = bytearray(_MAIL_BITS >> 3)

    def draw(self, person: Person) -> str:
        rng = self._rng
        given, family = _mail_part(person.given), _mail_part(person.family)
        shape = rng.random()
        if shape < 0.35:
            local = f"{given}.{family}"
        elif shape < 0.60:
            local = f"{given[:1]}{family}"
        elif shape < 0.80:
            local = f"{given}{family}"
        else:
            local = f"{_mail_part(person.nickname) or given}{pick(rng, _MAIL_WORDS)}"
        number = "" if rng.random() < 0.35 else str(int(rng.random() * 100))
        host = _MAIL_HOSTS.draw(rng)
        while not self._take(address := f"{local}{number}@{host}"):
            number = str(int(rng.random() * 10_000))
        return address

    def _take(self, address: str) -> bool:
        bit = zlib.crc32(address.encode()) % _MAIL_BITS
        place, mask = bit >> 3, 1 << (bit & 7)
        if self._used[place] & mask:
            return False
        self._used[place] |= mask
        return True


_MAIL_WORDS = ("fan", "mom", "dad", "home", "chicago", "bears", "cubs", "dancer", "runner", "lady", "guy", "rocks",
               "music", "family", "cat", "dog", "sunny", "girl", "boy", "star")  # fmt: skip


def phone_number(rng: random.Random, area_code: str) -> str:
    """Ten digits: exchange 200-999 without N11 and without 555, which is kept for fiction."""
    while True:
        exchange = 200 + int(rng.random() * 800)
        if exchange % 100 != 11 and exchange != 555:
            return f"{area_code}{exchange}{int(rng.random() * 10_000):04d}"


def _mail_part(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in folded if letter.isalpha())


def _ssn(index: int) -> str:
    block, serial = divmod(index, 9999)
    area, group = divmod(block, 99)
    return f"{_SSN_AREAS[area]:03d}{group + 1:02d}{serial + 1:04d}"


def _remember(rng: random.Random, kept: list[Home], home: Home, limit: int) -> None:
    if len(kept) < limit:
        kept.append(home)
    else:
        kept[int(rng.random() * limit)] = home
