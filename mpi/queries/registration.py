"""Registrations for pages: one with what became of it, and those for which something is still to be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from mpi import codec
from mpi.errors import NotFound
from mpi.models import (
    AliasName,
    GoldenRecord,
    Link,
    PotentialMatch,
    Registration,
    RegistrationKind,
    RelationshipKind,
    SourceRecord,
)
from mpi.queries.keyset import Page, newest_first
from mpi.queries.person import Banner, banner
from mpi.queries.relationships import relatives_of

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where a registration stands: its source record with its person, None while a worker has not applied it."""

    registration: Registration
    record: SourceRecord | None
    golden: GoldenRecord | None
    person: Banner | None

    @property
    def told_name(self) -> object:
        """The name under which the patient was registered last."""
        names = codec.masked_told(self.record).names if self.record else ()
        return names[0] if names else None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One registration, the others of its form, and how many open questions rest on its person.

    `mother` is that of a newborn; `related` tells that she is recorded as its mother.
    """

    place: Place
    together: tuple[Place, ...]
    questions: int
    mother: Banner | None
    related: bool

    @property
    def others(self) -> list[str]:
        """EUIDs of those who are shown beside the person of the registration."""
        shown = {place.golden.euid for place in self.together if place.golden}
        return sorted(shown | ({self.mother.euid} if self.mother else set()))


def receipt(uuid: UUID) -> Receipt:
    """One registration by its number. Six queries, ten for a newborn. Raises NotFound."""
    row = Registration.objects.filter(uuid=uuid).first()
    if row is None:
        raise NotFound("There is no registration under this number.")
    rows = [row] if row.place == 0 and row.kind in _ALONE else list(_of_form(row))
    places = {place.registration.pk: place for place in _placed(rows)}
    own = places[row.pk]
    mother = GoldenRecord.objects.filter(euid=row.mother_euid).first() if row.mother_euid else None
    return Receipt(
        place=own,
        together=tuple(place for pk, place in places.items() if pk != row.pk),
        questions=_questions(own.golden),
        mother=banner(mother) if mother else None,
        related=_has_mother(own.golden) if row.kind == RegistrationKind.NEWBORN and own.golden else False,
    )


def _has_mother(golden: GoldenRecord) -> bool:
    return any(one.kind == RelationshipKind.MOTHER and one.words == "mother" for one in relatives_of(golden))


_ALONE = (RegistrationKind.VISIT, RegistrationKind.ALIAS)


def _of_form(row: Registration) -> Iterable[Registration]:
    return Registration.objects.filter(token=row.token).order_by("place")


def _questions(golden: GoldenRecord | None) -> int:
    if golden is None:
        return 0
    return PotentialMatch.objects.filter(Q(golden_a=golden) | Q(golden_b=golden), status="open").count()


def waiting(before: int | None = None) -> Page[Place]:
    """Newborns to be named and patients to be identified, newest first. Three queries, however many there are."""
    rows = Registration.objects.filter(
        kind__in=(RegistrationKind.NEWBORN, RegistrationKind.ALIAS), settled_at__isnull=True, withdrawn_at__isnull=True
    )
    found = newest_first(rows, before=before, size=PAGE_SIZE)
    return Page(tuple(_placed(list(found.rows))), found.older, found.newer)


def _placed(rows: list[Registration]) -> list[Place]:
    """Two queries for any number of registrations."""
    records = SourceRecord.objects.filter(
        source_system__code=settings.REGISTRATION_SYSTEM, mrn__in=[row.number for row in rows]
    ).select_related("source_system")
    by_number = {record.mrn: record for record in records}
    links = Link.objects.filter(source_record__in=by_number.values(), ended_at__isnull=True)
    owners = {link.source_record_id: link.golden_record for link in links.select_related("golden_record")}
    placed = []
    for row in rows:
        record = by_number.get(row.number)
        golden = owners.get(record.pk) if record else None
        placed.append(Place(row, record, golden, banner(golden) if golden else None))
    return placed


@dataclass(frozen=True, slots=True)
class FreeName:
    """One name that nobody has yet."""

    number: str
    name: dict[str, str]
    allotted_at: datetime
    allotted_by: str


@dataclass(frozen=True, slots=True)
class Pool:
    """The names set aside for patients whom nobody knows."""

    free: int
    taken: int
    next_free: tuple[FreeName, ...]


def pool(*, shown: int = 12) -> Pool:
    """How many names are left, and the next of them. Three queries."""
    free = AliasName.objects.filter(registration__isnull=True)
    taken = AliasName.objects.filter(registration__isnull=False).count()
    names = tuple(
        FreeName(row.number, {"family": row.family_name, "given": row.given_name}, row.allotted_at, row.allotted_by)
        for row in free.order_by("pk")[:shown]
    )
    return Pool(free.count(), taken, names)
