"""What the navigation counts."""

from __future__ import annotations

from mpi.models import IdentityTask, PotentialMatch, PotentialMatchStatus


def open_work() -> int:
    """Open potential matches and identity tasks. One query over two partial indexes."""
    matches = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN).order_by().values_list("pk")
    tasks = IdentityTask.objects.filter(status="open").order_by().values_list("pk")
    return matches.union(tasks, all=True).count()
