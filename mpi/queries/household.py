"""Who else is known at a person's addresses, telephones and e-mail addresses: spouses, parents, children, twins.

One question through the blocking keys, which are keyed hashes: its cost does not grow with the index. A key of an
address holds the first letter of a given name, so all 26 are asked for, and everybody there is found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from string import ascii_uppercase
from typing import Literal

from django.db import connection

from matching.blocking import blocking_pairs
from matching.records import StandardAddress, StandardName, StandardRecord
from mpi import codec, vault
from mpi.models import GoldenRecord, Link, SourceRecord
from mpi.queries.person import Banner, banner

PlaceKind = Literal["address", "telephone", "e-mail"]

_CONTACT = frozenset({"phone", "email", "house_family"})
_MOST_PLACES = 8
_MOST_LOOKED_AT = 300
_MOST_OF_A_KEY = 60
"""A telephone of a hospital, a house of a thousand flats: a key's cost is capped as in the candidate search."""
_NEAR = """
SELECT found.source_record_id, bool_or(found.place = %(most)s)
FROM unnest(%(keys)s::bigint[]) AS asked(key), LATERAL (
  SELECT b.source_record_id, row_number() OVER () AS place
  FROM mpi_blocking_key b WHERE b.key = asked.key LIMIT %(most)s
) AS found
GROUP BY found.source_record_id ORDER BY count(*) DESC, found.source_record_id LIMIT %(all)s
"""
_MOST_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose household it is. `label` tells the two of a task apart (A, B); "" on the page of one person.

    The records come with their source systems.
    """

    golden: GoldenRecord
    records: Sequence[SourceRecord]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a household meets: a StandardAddress, or a telephone number or e-mail address as text.

    number    names it in the plot, from 1 on
    sources   who tells it, of the records of the subjects
    labels    which subjects it is a place of
    """

    number: int
    kind: PlaceKind
    value: StandardAddress | str
    sources: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody at one or more of the places; `label` is that of a subject, "" for anybody else.

    `beside` says in words how much older than each subject, and whether of its family name.
    """

    banner: Banner
    places: tuple[Place, ...]
    beside: tuple[str, ...] = ()
    is_subject: bool = False
    label: str = ""

    @property
    def shares(self) -> str:
        """In words what is shared, and with whom of several subjects."""
        told: dict[str, list[str]] = {}
        for place in self.places:
            told.setdefault(place.kind, []).extend(label for label in place.labels if label)
        return "; ".join(
            f"same {kind} as {' and '.join(sorted(set(labels)))}" if labels else f"same {kind}"
            for kind, labels in told.items()
        )


@dataclass(frozen=True, slots=True)
class Household:
    """The subjects with their places, and who else is there. `more`: not everybody was looked at, or is shown."""

    subjects: tuple[Resident, ...]
    places: tuple[Place, ...]
    residents: tuple[Resident, ...]
    more: bool


def household(*subjects: Subject, besides: Collection[int] = ()) -> Household:
    """Everybody who shares a place with one of the subjects, besides them and the golden records of these keys.

    Two queries, or none. At most 24 persons, those who share most first.
    """
    places = _places(subjects)
    own = tuple(_subject(subject, places) for subject in subjects)
    near, capped = _near(_hashes(subjects, places)) if places else ((), False)
    links = (
        Link.objects.filter(ended_at__isnull=True, source_record_id__in=near)
        .exclude(golden_record_id__in={*(subject.golden.pk for subject in subjects), *besides})
        .select_related("golden_record", "source_record")
        .order_by("golden_record_id", "pk")
    )
    found: dict[int, tuple[GoldenRecord, list[Place]]] = {}
    for link in links:
        shared = _shared(codec.standard_from_document(link.source_record.standard, ""), places)
        if shared:
            found.setdefault(link.golden_record_id, (link.golden_record, []))[1].extend(shared)
    residents = sorted((_resident(subjects, *one) for one in found.values()), key=_nearest_first)
    return Household(own, places, tuple(residents[:_MOST_SHOWN]), more=capped or len(residents) > _MOST_SHOWN)


def _near(hashes: Collection[int]) -> tuple[list[int], bool]:
    """Source records under these keys, and whether more are there than are looked at."""
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, {"keys": list(hashes), "most": _MOST_OF_A_KEY, "all": _MOST_LOOKED_AT})
        rows = cursor.fetchall()
    return [pk for pk, _ in rows], len(rows) == _MOST_LOOKED_AT or any(at_most for _, at_most in rows)


def _subject(subject: Subject, places: Iterable[Place]) -> Resident:
    own = tuple(place for place in places if subject.label in place.labels)
    return Resident(banner(subject.golden), own, is_subject=True, label=subject.label)


def _places(subjects: Iterable[Subject]) -> tuple[Place, ...]:
    """Each place once, by how many records tell it; one that differs in its city alone is the same."""
    told: dict[tuple[PlaceKind, StandardAddress | str], list[tuple[str, str]]] = {}
    for subject in subjects:
        for record in subject.records:
            for kind, value in _told(codec.standard_from_document(record.standard, "")):
                known = next((one for one in told if one[0] == kind and _same(one[1], value)), (kind, value))
                told.setdefault(known, []).append((record.source_system.name, subject.label))
    most = sorted(told.items(), key=lambda entry: -len(entry[1]))[:_MOST_PLACES]
    return tuple(
        Place(
            number,
            kind,
            value,
            sources=tuple(dict.fromkeys(source for source, _ in by)),
            labels=tuple(dict.fromkeys(label for _, label in by)),
        )
        for number, ((kind, value), by) in enumerate(most, start=1)
    )


def _told(standard: StandardRecord) -> Iterable[tuple[PlaceKind, StandardAddress | str]]:
    for address in standard.addresses:
        if address.street:
            yield "address", address
    for phone in standard.phones:
        yield "telephone", phone
    for email in standard.emails:
        yield "e-mail", email


def _hashes(subjects: Iterable[Subject], places: Iterable[Place]) -> set[int]:
    """The stored keys under which anybody at one of the places is found."""
    records = [codec.standard_from_document(record.standard, "") for one in subjects for record in one.records]
    asked = {pair for record in records for pair in blocking_pairs(record) if pair[0] in _CONTACT}
    for place in places:
        if isinstance(place.value, StandardAddress):
            for letter in ascii_uppercase:
                somebody = StandardRecord(name=StandardName(given=letter), addresses=(place.value,))
                asked |= {pair for pair in blocking_pairs(somebody) if pair[0] == "address_initial"}
    return {vault.blocking_hash(rule, value) for rule, value in asked}


def _shared(other: StandardRecord, places: Iterable[Place]) -> list[Place]:
    """The places that another record tells, too."""
    told: Mapping[PlaceKind, Sequence[StandardAddress | str]] = {
        "address": other.addresses,
        "telephone": other.phones,
        "e-mail": other.emails,
    }
    return [place for place in places if any(_same(place.value, value) for value in told[place.kind])]


def _same(one: StandardAddress | str, other: StandardAddress | str) -> bool:
    """Two flats of one house are two places; a flat that one of them leaves out is none."""
    if not isinstance(one, StandardAddress) or not isinstance(other, StandardAddress):
        return one == other
    same_flat = one.unit == other.unit or not (one.unit and other.unit)
    return (one.street, one.zip5) == (other.street, other.zip5) and same_flat


def _resident(subjects: Sequence[Subject], other: GoldenRecord, shared: Sequence[Place]) -> Resident:
    places = sorted(set(shared), key=lambda place: place.number)
    words = []
    for subject in subjects:
        words.append(_ages_apart(subject, other))
        if subject.golden.family_name and subject.golden.family_name == other.family_name:
            words.append(f"family name of {subject.label}" if subject.label else "same family name")
    return Resident(banner(other), tuple(places), tuple(word for word in words if word))


def _ages_apart(subject: Subject, other: GoldenRecord) -> str:
    """How much older somebody is, in words; "" where one of the dates is not known."""
    try:
        born, theirs = date.fromisoformat(subject.golden.birth_date), date.fromisoformat(other.birth_date)
    except ValueError:
        return ""
    if born == theirs:
        return f"born on the same day{' as ' + subject.label if subject.label else ''}"
    years = round(abs((born - theirs).days) / 365.25)
    length = f"{years} year{'s' if years > 1 else ''}" if years else "under a year"
    return f"{length} {'older' if theirs < born else 'younger'}{' than ' + subject.label if subject.label else ''}"


def _nearest_first(resident: Resident) -> tuple[int, int, str]:
    of_the_name = any("family name" in words for words in resident.beside)
    return -len(resident.places), 0 if of_the_name else 1, resident.banner.birth_date
