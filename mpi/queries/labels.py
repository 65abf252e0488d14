"""Answers of people to potential matches, as labels: the newest that stands of each pair of source records."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from mpi.models import PotentialMatch, PotentialMatchStatus, RecordState, Separation

_ANSWERED = (PotentialMatchStatus.SAME, PotentialMatchStatus.DIFFERENT)


@dataclass(frozen=True, slots=True)
class Label:
    """A pair of source records, the lower id first, of which a person decided."""

    low: int
    high: int
    same: bool


def standing_answers() -> QuerySet[PotentialMatch]:
    """Questions with an answer of a person that stands: neither undone, nor every separation of it lifted."""
    apart = Separation.objects.filter(event=OuterRef("resolved_by_event"))
    lifted = Exists(apart) & ~Exists(apart.filter(lifted_at__isnull=True))
    return (
        PotentialMatch.objects.filter(
            status__in=_ANSWERED, resolved_by_event__isnull=False, resolved_by_event__undone_by__isnull=True
        )
        .exclude(resolved_by_event__actor_kind="system")
        .exclude(Q(status=PotentialMatchStatus.DIFFERENT) & lifted)
    )


def standing_labels(*, limit: int = 100_000) -> tuple[Label, ...]:
    """The newest answer of each pair that stands, newest first.
    Records that are deleted, subsumed or in doubt are left out: what they say now is not what was decided on. One
    query.
    """
    answers = (
        standing_answers()
        .filter(record_a__state=RecordState.ACTIVE, record_b__state=RecordState.ACTIVE)
        .order_by("-resolved_by_event_id", "-pk")
        .values_list("record_a_id", "record_b_id", "status")
    )
    found: dict[tuple[int, int], Label] = {}
    for one, other, status in answers[:limit]:
        low, high = sorted((one, other))
        found.setdefault((low, high), Label(low, high, status == PotentialMatchStatus.SAME))
    return tuple(found.values())
