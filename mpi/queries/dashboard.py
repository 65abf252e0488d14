"""The dashboard: how much there is, what waits, what was decided. Eight queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from mpi.models import (
    GoldenRecord,
    GoldenStatus,
    IdentityEvent,
    SourceRecord,
)
from mpi.queries.navigation import OpenKind, open_kinds
from mpi.queries.survivorship import active_version, ranks
from mpi.queries.timeline import event_words


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
        """All that waits and is not set aside."""
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
        open_review=open_kinds(now),
        decisions=_decisions(),
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
