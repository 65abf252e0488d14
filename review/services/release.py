"""Give a task back to the queue."""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.services.locking import run_act, transaction_time
from review.models import Claim


def release(*, task: UUID, actor: Actor) -> bool:
    """End the actor's own claim; False when there was none (it ran out, or the task was decided).

    Raises Forbidden, Busy. One audit event when a claim ended.
    """
    access.require(actor, Permission.REVIEW)

    def act() -> bool:
        now = transaction_time()
        own = Claim.objects.filter(potential_match__uuid=task, user_id=actor.id, ended_at__isnull=True)
        if not own.update(ended_at=now):
            return False
        record(entry_by(actor, Action.CLAIM_RELEASED, subject=("potential_match", str(task)), recorded_at=now))
        return True

    return run_act(act)
