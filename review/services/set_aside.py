"""Set an identity task aside until a time, and take it up again before. A potential match is put off by `defer`."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from audit.actions import Action
from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.errors import InvalidInput, NotFound, StaleVersion
from mpi.models import IdentityTask
from mpi.services.locking import run_act, transaction_time
from review.models import Deferral
from review.services import leases
from review.services.defer import MOST_DAYS
from review.tasks import find_task, require_open, write_down


def set_aside(*, task: UUID, version: int, until: datetime, comment: str, actor: Actor) -> None:
    """Take an identity task out of the queue until a time, or until it changes. Ends the claim on it.

    `version` is the one that was shown. Raises Forbidden, NotFound, InvalidInput (not within MOST_DAYS from now),
    AlreadyDecided, StaleVersion, ClaimedByAnother, Busy. One audit event; `take_up` undoes it.
    """
    access.require(actor, Permission.REVIEW)

    def act() -> None:
        found, now = _locked(task), transaction_time()
        if not now < until <= now + timedelta(days=MOST_DAYS):
            raise InvalidInput(f"A task can be put off until a time within {MOST_DAYS} days. Nothing was changed.")
        require_open(found, "It was not set aside.")
        if found.version != version:
            raise StaleVersion("The task has changed since you looked. It was not set aside.")
        leases.require_free(found, actor=actor, now=now)
        leases.end(found, now=now)
        _standing(found).update(ended_at=now)
        Deferral.objects.create(
            identity_task=found,
            version=version,
            until=until,
            user_id=actor.id,
            user_name=actor.name,
            comment=comment.strip(),
            set_at=now,
        )
        detail: dict[str, object] = {"until": until.isoformat()}
        write_down(found, Action.TASK_SET_ASIDE, actor=actor, at=now, reason=comment.strip(), detail=detail)

    run_act(act)


def take_up(*, task: UUID, actor: Actor) -> bool:
    """Bring a task that was set aside back into the queue; False when it was there already.

    Raises Forbidden, NotFound, Busy. One audit event when it came back.
    """
    access.require(actor, Permission.REVIEW)

    def act() -> bool:
        found, now = _locked(task), transaction_time()
        if not _standing(found).update(ended_at=now):
            return False
        write_down(found, Action.TASK_TAKEN_UP, actor=actor, at=now)
        return True

    return run_act(act)


def _locked(uuid: UUID) -> IdentityTask:
    found = find_task(uuid, to_change=True)
    if not isinstance(found, IdentityTask):
        raise NotFound("There is no identity task under this number.")
    return found


def _standing(task: IdentityTask) -> QuerySet[Deferral, Deferral]:
    return Deferral.objects.filter(identity_task=task, ended_at__isnull=True)
