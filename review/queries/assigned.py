"""What an act of assigning did, for the quiet line after it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from review.models import Assignment


@dataclass(frozen=True, slots=True)
class BatchLine:
    """`given` tasks were assigned, `taken` were taken back from somebody without going to another."""

    batch: UUID
    given: int
    taken: int


def batch_line(said: str) -> BatchLine | None:
    """The act that an address names, None for a malformed one and for one of which nothing stands. One query."""
    try:
        batch = UUID(said)
    except ValueError:
        return None
    own = Assignment.objects.filter(Q(batch=batch) | Q(ended_by_batch=batch))
    found = own.aggregate(
        given=Count("pk", filter=Q(batch=batch, ended_at__isnull=True)),
        ended=Count("pk", filter=Q(ended_by_batch=batch)),
    )
    if not any(found.values()):
        return None
    return BatchLine(batch, found["given"], 0 if found["given"] else found["ended"])
