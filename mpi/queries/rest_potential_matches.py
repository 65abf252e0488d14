"""The queue as the REST door lists it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from mpi.models import PotentialMatch, PotentialMatchStatus

RELATED = ("golden_a", "golden_b", "record_a__source_system", "record_b__source_system", "resolved_by_event")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What to list. `status` is always set; the others narrow it where they are not empty."""

    status: str = PotentialMatchStatus.OPEN
    kind: str = ""
    source_system: str = ""
    least_probability: float | None = None
    opened_since: datetime | None = None


def potential_matches(wanted: QueueFilter, *, after: tuple[float, int] | None, size: int) -> list[PotentialMatch]:
    """Most urgent first: by descending risk, then id. `after` is that key of the last one shown. One query."""
    found = PotentialMatch.objects.filter(status=wanted.status).select_related(*RELATED)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.source_system:
        either = Q(record_a__source_system__code=wanted.source_system)
        found = found.filter(either | Q(record_b__source_system__code=wanted.source_system))
    if wanted.least_probability is not None:
        found = found.filter(probability__gte=wanted.least_probability)
    if wanted.opened_since is not None:
        found = found.filter(opened_at__gte=wanted.opened_since)
    if after is not None:
        risk, key = after
        found = found.filter(Q(risk__lt=risk) | Q(risk=risk, pk__gt=key))
    return list(found.order_by("-risk", "pk")[: size + 1])
