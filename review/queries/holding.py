"""Who holds a task now, and whether the claim of whoever looks has run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from review.models import Claim
from review.queries.queue import Holder
from review.tasks import Task, of_task

_SOON = timedelta(minutes=2)
"""How long before its end a claim is said to run out."""


@dataclass(frozen=True, slots=True)
class Holding:
    """`lapsed`: when the claim of whoever looks ran out, where nobody has taken the task since."""

    holder: Holder | None = None
    lapsed: datetime | None = None
    ends_soon: bool = False


def holding(task: Task, *, user_id: str, now: datetime) -> Holding:
    """How a task of either kind is held. One query."""
    held = Claim.objects.filter(**of_task(task), ended_at__isnull=True).first()
    if held is None:
        return Holding()
    mine = held.user_id == user_id
    if held.until <= now:
        return Holding(lapsed=held.until if mine else None)
    return Holding(Holder(name=held.user_name, until=held.until, mine=mine), ends_soon=held.until - now < _SOON)
