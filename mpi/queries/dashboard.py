"""The dashboard: how much there is, what waits, what was decided. Eight queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from mpi.models import (
    GoldenRecord,
    GoldenStatus,
    IdentityEvent,
    IdentityTask,
    PotentialMatch,
    PotentialMatchKind,
    PotentialMatchStatus,
    SourceRecord,
    TaskType,
)
from mpi.queries.survivorship import active_version, ranks
from mpi.queries.timeline import event_words

_KINDS = {
    PotentialMatchKind.DUPLICATE: ("Duplicate in one source", "one person, two numbers in one source system"),
    PotentialMatchKind.OVERLAP: ("Overlap across sources", "one person, numbers in several source systems"),
    TaskType.OVERLAY: ("Overlay", "an update that looks like another person"),
    TaskType.IDENTIFIER_CONFLICT: ("Identifier conflict", "one number, two people"),
    TaskType.LARGE_PERSON: ("Large person", "more source records than a person should have"),
}


@dataclass(frozen=True, slots=True)
class OpenKind:
    """Open review of one type: how many and since when."""

    title: str
    means: str
    count: int
    today: int
    few_days: int
    older: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class RecentDecision:
    """One act of a person on identity."""

    words: str
    actor_name: str
    recorded_at: datetime
    euids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SystemCount:
    """A source system and how many records it sent."""

    name: str
    rank: int
    records: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything the page counts."""

    records: int
    systems: tuple[SystemCount, ...]
    provisional: int
    confirmed: int
    merged: int
    open_review: tuple[OpenKind, ...]
    decisions: tuple[RecentDecision, ...]

    @property
    def golden_records(self) -> int:
        """Those that stand: provisional and confirmed."""
        return self.provisional + self.confirmed

    @property
    def open_total(self) -> int:
        """All open review."""
        return sum(kind.count for kind in self.open_review)

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest open review waits."""
        return min((kind.oldest for kind in self.open_review if kind.oldest), default=None)


def dashboard(now: datetime) -> Dashboard:
    """Count it all; ages are measured at `now`."""
    statuses = dict(GoldenRecord.objects.order_by().values_list("status").annotate(Count("pk")))
    counted = dict(SourceRecord.objects.order_by().values_list("source_system_id").annotate(Count("pk")))
    ranked = ranks(active_version())
    systems = tuple(SystemCount(one.system.name, one.rank, counted.get(one.system.pk, 0)) for one in ranked)
    return Dashboard(
        records=sum(counted.values()),
        systems=systems,
        provisional=statuses.get(GoldenStatus.PROVISIONAL, 0),
        confirmed=statuses.get(GoldenStatus.CONFIRMED, 0),
        merged=statuses.get(GoldenStatus.MERGED, 0),
        open_review=_open_review(now),
        decisions=_decisions(),
    )


def _open_review(now: datetime) -> tuple[OpenKind, ...]:
    matches = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN).order_by().values_list("kind")
    tasks = IdentityTask.objects.filter(status="open").order_by().values_list("type")
    day, days = now - timedelta(days=1), now - timedelta(days=3)
    aggregates = {
        "open": Count("pk"),
        "today": Count("pk", filter=Q(opened_at__gt=day)),
        "few_days": Count("pk", filter=Q(opened_at__lte=day, opened_at__gt=days)),
        "older": Count("pk", filter=Q(opened_at__lte=days)),
        "oldest": Min("opened_at"),
    }
    found = [*matches.annotate(**aggregates), *tasks.annotate(**aggregates)]
    by_kind = {kind: figures for kind, *figures in found}
    return tuple(
        OpenKind(title, means, *by_kind.get(kind, (0, 0, 0, 0, None)))
        for kind, (title, means) in _KINDS.items()
        if kind in by_kind or kind in PotentialMatchKind.values
    )


def _decisions() -> tuple[RecentDecision, ...]:
    """The ten newest acts of people. Two queries."""
    events = list(IdentityEvent.objects.filter(actor_kind="user").order_by("-pk")[:10])
    ids = {pk for event in events for pk in event.golden_record_ids}
    euids = dict(GoldenRecord.objects.filter(pk__in=ids).values_list("pk", "euid"))
    return tuple(
        RecentDecision(
            words=event_words(event.kind),
            actor_name=event.actor_name,
            recorded_at=event.recorded_at,
            euids=tuple(euids[pk] for pk in event.golden_record_ids if pk in euids),
        )
        for event in events
    )
