"""What the navigation counts."""

from __future__ import annotations

from mpi.models import PotentialMatch, PotentialMatchStatus


def open_potential_matches() -> int:
    """The open questions of the review queue. One query over a partial index."""
    return PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN).count()
