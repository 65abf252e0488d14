"""What the navigation counts."""

from __future__ import annotations

from mpi.models import IdentityTask, PotentialMatch, PotentialMatchStatus


def open_review() -> int:
    """Everything that waits for a steward at the desk. Two queries over partial indexes."""
    questions = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN).count()
    return questions + IdentityTask.objects.filter(status="open").count()
