"""Replay: a rejected or dead message is tried again as it came, once what was missing is there."""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, NotFound
from mpi.models import InboundMessage, MessageState
from mpi.services.dispatch import hint
from mpi.services.locking import run_act

_DEAD_LETTERS = (MessageState.REJECTED, MessageState.DEAD)


def replay_message(*, uuid: UUID | str, actor: Actor) -> InboundMessage:
    """Put a dead letter back among the received messages and tell the workers.

    It keeps its place in the order of its source record: what is older than the record's last change
    stays history. Raises Forbidden, NotFound, AlreadyDecided (it is no dead letter), Busy.
    """
    require(actor, Permission.MESSAGES)

    def act() -> InboundMessage:
        message = InboundMessage.objects.select_for_update().filter(uuid=uuid).first()
        if message is None:
            raise NotFound("There is no message under this number.")
        if message.state not in _DEAD_LETTERS:
            raise AlreadyDecided(
                f"This message is {message.state}; only rejected and dead ones are replayed. Nothing was changed.",
                extra={"state": str(message.state)},
            )
        before: dict[str, object] = {"state": str(message.state)}
        message.state, message.attempts, message.errors, message.applied_at = MessageState.RECEIVED, 0, None, None
        message.save(update_fields=["state", "attempts", "errors", "applied_at"])
        subject = ("message", str(message.uuid))
        record(entry_by(actor, Action.MESSAGE_REPLAYED, subject=subject, before=before, message_id=message.pk))
        hint([message.pk])
        return message

    return run_act(act)
