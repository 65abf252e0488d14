"""With whom a golden record may be one person, was asked about before, and is kept apart from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from mpi.models import (
    GoldenRecord,
    IdentityTask,
    Link,
    PotentialMatch,
    PotentialMatchKind,
    PotentialMatchStatus,
    SeparationPair,
)
from mpi.queries.keyset import Page, newest_first
from mpi.queries.person import Banner, banner
from mpi.queries.timeline import said

PAGE_SIZE = 25

_KINDS: Mapping[str, str] = {
    PotentialMatchKind.DUPLICATE: "duplicate: two numbers in one source",
    PotentialMatchKind.OVERLAP: "overlap: numbers in several sources",
}
_CLOSED: Mapping[str, str] = {
    "evidence-changed": "a source told something else, and the two are no longer alike enough to ask",
    "same-golden-record": "another act made the two one",
    "double": "the same was asked already",
    "separated": "a decision keeps the two apart",
    "record-gone": "a source record that was asked about belongs to nobody any more",
    "undone": "the act that had asked was undone",
}
_TASKS: Mapping[str, str] = {
    "overlay": "An update that looks like another person",
    "identifier-conflict": "Another person has the same number",
    "large-person": "More source records than one person should have",
    "source-merge": "A merge of two numbers that a separation contradicts",
    "source-correction": "A number that its source must correct",
}


@dataclass(frozen=True, slots=True)
class OpenMatch:
    """An open question: the other golden record, and how near it is."""

    uuid: UUID
    kind: str
    probability: float
    opened_at: datetime
    other: Banner


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """A question that is closed: the answer in words, and whose it was; `by` is "" where it closed by itself."""

    uuid: UUID
    other: Banner
    probability: float
    answer: str
    by: str
    reason: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Other work that is open on a source record of the person."""

    uuid: UUID
    words: str
    source: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class KeptApart:
    """A standing separation from another golden record."""

    uuid: UUID
    reason: str
    actor_name: str
    recorded_at: datetime
    other_euid: str


def open_matches(golden: GoldenRecord) -> tuple[OpenMatch, ...]:
    """The open potential matches of one golden record, nearest first. One query."""
    rows = _touching(golden).filter(status=PotentialMatchStatus.OPEN).order_by("-probability", "id")
    return tuple(
        OpenMatch(
            uuid=row.uuid,
            kind=_KINDS.get(row.kind, row.kind),
            probability=row.probability,
            opened_at=row.opened_at,
            other=_other(row, golden),
        )
        for row in rows
    )


def asked_before(golden: GoldenRecord, reasons: Mapping[str, str], *, before: int | None = None) -> Page[AskedBefore]:
    """Closed potential matches, newest first, after the key `before`. `reasons` gives words for codes. One query."""
    closed = _touching(golden).exclude(status=PotentialMatchStatus.OPEN).select_related("resolved_by_event")
    page = newest_first(closed, before=before, size=PAGE_SIZE)
    return Page(tuple(_asked(row, golden, reasons) for row in page.rows), older=page.older, newer=page.newer)


def _touching(golden: GoldenRecord) -> QuerySet[PotentialMatch, PotentialMatch]:
    touching = PotentialMatch.objects.filter(Q(golden_a=golden) | Q(golden_b=golden))
    return touching.select_related("golden_a", "golden_b")


def _other(row: PotentialMatch, golden: GoldenRecord) -> Banner:
    return banner(row.golden_b if row.golden_a_id == golden.pk else row.golden_a)


def _asked(row: PotentialMatch, golden: GoldenRecord, reasons: Mapping[str, str]) -> AskedBefore:
    event = row.resolved_by_event
    by_itself = row.status == PotentialMatchStatus.CLOSED
    answers = {PotentialMatchStatus.SAME: "Same person", PotentialMatchStatus.DIFFERENT: "Different people"}
    return AskedBefore(
        uuid=row.uuid,
        other=_other(row, golden),
        probability=row.probability,
        answer="Closed by itself" if by_itself else answers.get(PotentialMatchStatus(row.status), row.status),
        by=event.actor_name if event and not by_itself else "",
        reason=_CLOSED.get(row.closed_reason, "") if by_itself else said(event, reasons) if event else "",
        closed_at=row.closed_at,
    )


def open_tasks(links: Sequence[Link]) -> tuple[OpenTask, ...]:
    """Open identity tasks on the records of a person, the oldest first. One query."""
    records = [link.source_record_id for link in links]
    found = IdentityTask.objects.filter(source_record__in=records, status="open")
    return tuple(
        OpenTask(row.uuid, _TASKS.get(row.type, row.type), row.source_record.source_system.name, row.opened_at)
        for row in found.select_related("source_record__source_system").order_by("pk")
    )


def kept_apart(links: Sequence[Link], reasons: Mapping[str, str]) -> tuple[KeptApart, ...]:
    """Standing separations of the members, one a separation and other golden record. Two queries."""
    own = {link.source_record_id for link in links}
    pairs = SeparationPair.objects.filter(
        Q(record_low__in=own) | Q(record_high__in=own), separation__lifted_at__isnull=True
    ).select_related("separation")
    by_other = {pair.record_high_id if pair.record_low_id in own else pair.record_low_id: pair for pair in pairs}
    owners = Link.objects.filter(source_record__in=by_other, ended_at__isnull=True).select_related("golden_record")
    found: dict[tuple[int, str], KeptApart] = {}
    for owner in owners:
        separation = by_other[owner.source_record_id].separation
        found[separation.pk, owner.golden_record.euid] = KeptApart(
            uuid=separation.uuid,
            reason=said(separation, reasons),
            actor_name=separation.actor_name,
            recorded_at=separation.recorded_at,
            other_euid=owner.golden_record.euid,
        )
    return tuple(found.values())
