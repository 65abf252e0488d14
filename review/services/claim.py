"""Claim a task of either kind, or the most urgent one that nobody holds."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from audit.actions import Action
from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.errors import AlreadyDecided
from mpi.services.locking import run_act, transaction_time
from review.errors import ClaimedByAnother
from review.models import Claim
from review.queries.queue import QueueFilter, Urgent, most_urgent
from review.services import leases
from review.tasks import find_task, require_open, write_down

_LOOKED_AT = 8
"""How many of the most urgent tasks are tried before "nothing free": each may be taken while we look."""


def claim(*, task: UUID, actor: Actor) -> Claim:
    """Take or renew the lease on one task.

    Raises Forbidden, NotFound, AlreadyDecided, ClaimedByAnother, Busy. One audit event for a new claim, none for a
    renewal.
    """
    access.require(actor, Permission.REVIEW)
    return run_act(lambda: _claim(task, actor, transaction_time()))


def claim_next(*, wanted: QueueFilter, actor: Actor, besides: UUID | None = None) -> Urgent | None:
    """Claim the most urgent task that fits the filter and that nobody else holds; None when there is none.

    A task that the actor holds already comes first, then what a supervisor assigned to them. Raises Forbidden, Busy.
    """
    access.require(actor, Permission.REVIEW)

    def act() -> Urgent | None:
        now = transaction_time()
        for task in most_urgent(wanted, user_id=actor.id, now=now, besides=besides, limit=_LOOKED_AT):
            try:
                _claim(task.uuid, actor, now)
            except (ClaimedByAnother, AlreadyDecided):
                continue  # somebody was quicker; the next one is as good
            return task
        return None

    return run_act(act)


def _claim(uuid: UUID, actor: Actor, now: datetime) -> Claim:
    task = find_task(uuid)
    require_open(task, "There is nothing to claim.")
    taken, fresh = leases.take(task, actor=actor, now=now)
    if fresh:
        write_down(task, Action.CLAIM_TAKEN, actor=actor, at=now, detail={"until": taken.until.isoformat()})
    return taken
