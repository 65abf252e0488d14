"""The people of the demonstration's story: a second town, Harbor, apart from the one whose figures are measured.

Every pair has a family name, a home and a telephone of its own, so that nobody of one pair is asked about with another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from matching.records import SSN_AUTHORITY, Address, Identifier, Name, PatientRecord, Telecom

HOSPITAL, CLINIC, LAB = "HARBOR", "BAYCLINIC", "HARBORLAB"
SYSTEMS = ((HOSPITAL, "Harbor Hospital", 5), (CLINIC, "Bay Clinic", 6), (LAB, "Harbor Laboratory", 7))

Case = Literal["twins", "moved", "swapped", "nickname", "namesake", "junior", "initial", "two-numbers"]
"""What makes two records alike. `moved`, `swapped` and `nickname` are one person, the others are two."""
ONE_PERSON = frozenset({"moved", "swapped", "nickname"})

_CASES: tuple[Case, ...] = (
    "twins", "moved", "namesake", "swapped", "junior", "nickname", "twins", "initial", "moved", "two-numbers",
)  # fmt: skip
_FAMILIES = (
    "Akana", "Iona", "Palakiko", "Mahoe", "Kapule", "Naone", "Keawe", "Waipa", "Hoapili", "Kaleo", "Nahinu", "Opunui",
    "Pukui", "Makaio", "Kanoa", "Lindsey-Akau", "Bento", "Cabral", "Medeiros", "Perreira", "Yamashiro", "Tokunaga",
    "Uyehara", "Matsuo", "Oshiro", "Shimabukuro", "Higa", "Fukumoto", "Agbayani", "Dela Cruz-Ramos", "Pascua",
    "Ballesteros",
    "Quemado", "Tupuola", "Leavasa", "Fonoti", "Sapolu", "Taufahema", "Moungaloa", "Veikune", "Kekona", "Halemano",
    "Puaoi", "Nohokai", "Waiwaiole", "Kaaumoana", "Kauhane", "Pahukula", "Kealamakia", "Honokaupu",
    "Kapaona", "Makekau", "Nuuanu", "Pokipala", "Keola", "Haleamau", "Souza", "Arruda", "Teixeira", "Nishihara",
    "Kawamoto", "Sumida", "Agliam", "Tuiasosopo",
)  # fmt: skip
_WOMEN = ("Leilani", "Malia", "Noelani", "Kiele", "Haunani", "Pualani", "Nalani", "Moana", "Kalena", "Alana")
_SISTERS = ("Makana", "Lokelani", "Kehau", "Ululani", "Iwalani", "Mahina", "Kawena", "Lehua", "Anuhea", "Hokulani")
_MEN = ("Keoni", "Makoa", "Kaipo", "Ikaika", "Nainoa", "Kekoa", "Mikala", "Alika", "Palani", "Kimo")
_BROTHERS = ("Hoku", "Kalani", "Lono", "Mano", "Pono", "Kanaloa", "Akamu", "Liko", "Nohea", "Ekewaka")
_NICKNAMES = (("Michael", "Mike"), ("Elizabeth", "Beth"), ("William", "Bill"), ("Margaret", "Peggy"), ("Robert", "Bob"))
_COMMON = ("John", "Mary", "James", "Linda", "David")
_STREETS = ("Ahiki Street", "Hala Road", "Kuhio Lane", "Lanikai Drive", "Mokapu Avenue", "Puuloa Way", "Wailea Court")
_TOWNS = (("Harbor", "96795"), ("Bayside", "96744"), ("Kahaluu", "96731"), ("Waiahole", "96792"))
REGISTRARS = ("Lena Ortiz", "Ken Doyle", "Grace Palmer", "Ruth Amsel", "Theo Lang")
_BUSY = (0, 0, 1, 0, 2, 3, 0, 4, 1)
"""Who sits at the desk, in turn: Lena Ortiz most, and in a hurry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a source tells of a patient, in plain words; turned into a record by `record`."""

    system: str
    mrn: str
    family: str
    given: str
    middle: str = ""
    suffix: str = ""
    born: str
    sex: str
    street: str = ""
    town: tuple[str, str] = _TOWNS[0]
    phone: str = ""
    ssn: str = ""
    deceased: str = ""
    registrar: str = ""

    def record(self) -> PatientRecord:
        """As a source tells it."""
        return PatientRecord(
            source_system=self.system,
            mrn=self.mrn,
            names=(Name(self.family, self.given, self.middle, self.suffix),),
            birth_date=self.born,
            sex=self.sex,
            addresses=(Address(self.street, self.town[0], "HI", self.town[1]),) if self.street else (),
            telecoms=(Telecom("phone", self.phone),) if self.phone else (),
            identifiers=(Identifier(SSN_AUTHORITY, self.ssn, "SS"),) if self.ssn else (),
            deceased_date=self.deceased,
            facility="Main building" if self.system == HOSPITAL else "",
            registrar=self.registrar,
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that a steward is asked about. `case` says what makes them alike."""

    number: int
    case: Case
    first: Told
    second: Told

    @property
    def is_one_person(self) -> bool:
        """The truth, which the stewards of the demonstration mostly find."""
        return self.case in ONE_PERSON


PAIRS = len(_FAMILIES)


def pair(number: int) -> Pair:
    """The pair of this number, from 0; always the same."""
    case = _CASES[number % len(_CASES)]
    # Every third question is about two numbers of the hospital itself, the others are across sources.
    other = HOSPITAL if number % 3 == 0 else (CLINIC, LAB)[number % 2]
    one, two = _alike(case, number)
    return Pair(number, case, _told(number, HOSPITAL, "A", one), _told(number, other, "B", two))


def _told(number: int, system: str, letter: str, said: dict[str, str]) -> Told:
    woman, place = number % 2 == 0, (number + number // 10) % 10
    home = f"{11 + number * 7} {_STREETS[number % len(_STREETS)]}"
    usual = {
        "family": _FAMILIES[number],
        "given": (_WOMEN if woman else _MEN)[place],
        "born": f"{1938 + number * 13 % 68}-{1 + number * 5 % 12:02}-{13 + number * 11 % 15:02}",
        "sex": "F" if woman else "M",
        "street": home,
        "phone": f"808-555-{1000 + number * 17:04}",
        "registrar": _registrar(number, again=letter == "B") if system == HOSPITAL else "",
    }
    town = _TOWNS[(number + ("moved" in said)) % len(_TOWNS)]
    told = usual | {name: value for name, value in said.items() if name != "moved"}
    return Told(system=system, mrn=f"{system[:2]}{letter}{1000 + number}", town=town, **told)


def _registrar(number: int, *, again: bool) -> str:
    """Who registered; most second numbers of somebody who is known come from one desk."""
    hasty = again and _CASES[number % len(_CASES)] in ONE_PERSON and number % 9
    return REGISTRARS[0 if hasty else _BUSY[number % len(_BUSY)]]


def _alike(case: Case, number: int) -> tuple[dict[str, str], dict[str, str]]:
    """What the two records tell otherwise than usual."""
    woman, place = number % 2 == 0, (number + number // 10) % 10
    away = {"street": f"{900 + number} Hilltop Terrace", "phone": f"808-555-{7000 + number * 11:04}", "moved": "yes"}
    born = f"{1950 + number}-{1 + number * 5 % 9:02}-{1 + number * 7 % 9:02}"
    turned = f"{born[:4]}-{born[8:]}-{born[5:7]}"
    long, short = _NICKNAMES[number % len(_NICKNAMES)]
    # A nickname goes with its sex, whatever the number says.
    named = {"sex": "F" if long in {"Elizabeth", "Margaret"} else "M"}
    common = {"given": _COMMON[number % len(_COMMON)], "sex": "F" if number % 2 else "M"}
    found: dict[Case, tuple[dict[str, str], dict[str, str]]] = {
        "twins": ({}, {"given": (_SISTERS if woman else _BROTHERS)[place]}),
        "moved": ({}, away),
        "swapped": ({"born": born}, {"born": turned, **away}),
        "nickname": ({"given": long, **named}, {"given": short, **named, **away, "phone": ""}),
        "namesake": (common, common | away),
        "junior": ({"given": "Manuel", "sex": "M", "suffix": "Sr"}, {"given": "Manuel", "sex": "M", "suffix": "Jr"}),
        "initial": ({}, {"given": (_WOMEN if woman else _MEN)[place][0], "street": "", "phone": ""}),
        "two-numbers": (
            {"ssn": f"575-2{number % 10}-41{number:02}"},
            {"ssn": f"576-8{number % 10}-73{number:02}", **away},
        ),
    }
    return found[case]
