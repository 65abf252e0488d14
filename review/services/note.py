"""Write a note on a task of either kind."""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.errors import InvalidInput
from mpi.services.locking import run_act, transaction_time
from review.models import Note
from review.tasks import find_task, of_task, write_down


def add_note(*, task: UUID, text: str, actor: Actor) -> int:
    """Add a note for the other stewards; returns its key. A note may follow a decision too.

    Raises Forbidden, InvalidInput (an empty note), NotFound, Busy. One audit event, without the text.
    """
    access.require(actor, Permission.REVIEW)
    if not text.strip():
        raise InvalidInput("The note is empty. Nothing was written.")

    def act() -> int:
        found, now = find_task(task), transaction_time()
        note = Note.objects.create(
            **of_task(found), user_id=actor.id, user_name=actor.name, text=text.strip(), written_at=now
        )
        write_down(found, Action.NOTE_ADDED, actor=actor, at=now, detail={"note": note.pk})
        return note.pk

    return run_act(act)
