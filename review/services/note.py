"""Write a note on a task."""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.errors import InvalidInput, NotFound
from mpi.models import PotentialMatch
from mpi.services.locking import run_act, transaction_time
from review.models import Note


def add_note(*, task: UUID, text: str, actor: Actor) -> int:
    """Add a note for the other stewards; returns its key. A note may follow a decision too.

    Raises Forbidden, InvalidInput (an empty note), NotFound, Busy. One audit event, without the text.
    """
    access.require(actor, Permission.REVIEW)
    if not text.strip():
        raise InvalidInput("The note is empty. Nothing was written.")

    def act() -> int:
        found = PotentialMatch.objects.filter(uuid=task).first()
        if found is None:
            raise NotFound("There is no potential match under this number.")
        now = transaction_time()
        note = Note.objects.create(
            potential_match=found, user_id=actor.id, user_name=actor.name, text=text.strip(), written_at=now
        )
        subject = ("potential_match", str(task))
        record(entry_by(actor, Action.NOTE_ADDED, subject=subject, detail={"note": note.pk}, recorded_at=now))
        return note.pk

    return run_act(act)
