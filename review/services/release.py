"""Give a task back to the queue."""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.services.locking import run_act, transaction_time
from review.models import Claim
from review.tasks import find_task, of_task, write_down


def release(*, task: UUID, actor: Actor) -> bool:
    """End the actor's own claim; False when there was none (it ran out, or the task was decided).

    Raises Forbidden, NotFound, Busy. One audit event when a claim ended.
    """
    access.require(actor, Permission.REVIEW)

    def act() -> bool:
        now, found = transaction_time(), find_task(task)
        own = Claim.objects.filter(**of_task(found), user_id=actor.id, ended_at__isnull=True)
        if not own.update(ended_at=now):
            return False
        write_down(found, Action.CLAIM_RELEASED, actor=actor, at=now)
        return True

    return run_act(act)
