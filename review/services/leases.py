"""The lease on a task of either kind: compare-and-set on an untracked table. Call inside a transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F

from mpi.commands import Actor
from mpi.errors import Busy
from review.errors import ClaimedByAnother
from review.models import Claim
from review.tasks import Task, of_task

LEASE = timedelta(minutes=15)
"""How long a claim stands without being renewed: five times a careful decision (2-3 minutes)."""

_ATTEMPTS = 3


def holder_of(task: Task, *, now: datetime) -> Claim | None:
    """The open claim that has not run out. One query."""
    return Claim.objects.filter(**of_task(task), ended_at__isnull=True, until__gt=now).first()


def take(task: Task, *, actor: Actor, now: datetime) -> tuple[Claim, bool]:
    """Take or renew the lease; True when it is new. Raises ClaimedByAnother, Busy.

    The partial unique constraint decides between two who ask at one instant.
    """
    open_claims = Claim.objects.filter(**of_task(task), ended_at__isnull=True)
    for _ in range(_ATTEMPTS):
        open_claims.filter(until__lte=now).update(ended_at=F("until"))
        if open_claims.filter(user_id=actor.id).update(until=now + LEASE):
            return open_claims.get(), False
        fresh = Claim(**of_task(task), user_id=actor.id, user_name=actor.name, taken_at=now, until=now + LEASE)
        Claim.objects.bulk_create([fresh], ignore_conflicts=True)
        held = open_claims.first()
        if held is not None and held.user_id == actor.id:
            return held, True
        if held is not None:
            raise ClaimedByAnother(holder=held.user_name, until=held.until)
    raise Busy("The task changed hands just now. Nothing was changed; try again.")


def require_free(task: Task, *, actor: Actor, now: datetime) -> None:
    """Raise ClaimedByAnother while somebody else holds the task."""
    held = holder_of(task, now=now)
    if held is not None and held.user_id != actor.id:
        raise ClaimedByAnother(holder=held.user_name, until=held.until)


def end(task: Task, *, now: datetime) -> None:
    """Give the lease back, whoever holds it."""
    Claim.objects.filter(**of_task(task), ended_at__isnull=True).update(ended_at=now)
