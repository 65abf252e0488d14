"""`messages`: the inbox and its dead letters. Payloads stay inside."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission
from mpi.errors import NotFound
from mpi.interop.rest.acts import ActDoor
from mpi.interop.rest.authentication import require_system
from mpi.interop.rest.documents_operations import message_document, message_line
from mpi.interop.rest.door import Door
from mpi.interop.rest.idempotency import Answer
from mpi.interop.rest.operation import IDEMPOTENCY_KEY, operation
from mpi.interop.rest.pagination import page, read_cursor
from mpi.interop.rest.query import CURSOR, LIMIT, Parameter
from mpi.interop.rest.shapes import paged
from mpi.interop.rest.shapes_operations import MessageLineShape, MessageShape
from mpi.interop.rest.shapes_records import AcceptedShape
from mpi.models import InboundMessage, MessageState
from mpi.queries import rest_operations, rest_records
from mpi.services.replay import replay_message

_TAG = "messages"


def known_message(uuid: UUID) -> InboundMessage:
    """One message without its payload. Raises NotFound."""
    found = rest_operations.message(uuid)
    if found is None:
        raise NotFound("There is no message under this number.")
    return found


class Messages(Door):
    """The inbox."""

    @operation(
        "List messages",
        tag=_TAG,
        name="list_messages",
        scope=Permission.MESSAGES,
        answers={200: paged(MessageLineShape, "Message")},
        query=(
            Parameter(
                "state",
                "Only this state; rejected and dead are the dead letters.",
                "choice",
                choices=tuple(MessageState.values),
            ),
            Parameter("source_system", "Only from this source system."),
            Parameter("job_id", "Only lines of this job.", "uuid"),
            LIMIT,
            CURSOR,
        ),
        words="Newest first, without payloads.",
    )
    def get(self, request: Request) -> Response:
        """One page."""
        wanted = rest_operations.MessageFilter(
            state=self.asked.text("state"),
            source_system=self.asked.text("source_system"),
            job=self.asked.uuid("job_id"),
        )
        limit, before = self.asked.number("limit"), read_cursor(self.asked.text("cursor"), int)
        found = rest_operations.messages(wanted, before=int(before[0]) if before else None, size=limit)
        rows, following = page(found, limit, lambda message: (message.pk,))
        return Response({"items": [message_line(message) for message in rows], "next": following})


class MessageDetail(Door):
    """One message."""

    @operation(
        "Read a message: what became of it",
        tag=_TAG,
        name="get_message",
        scope=Permission.MESSAGES,
        answers={200: MessageShape},
        words="The place to poll after `Prefer: respond-async`.",
    )
    def get(self, request: Request, message_id: UUID) -> Response:
        """The message, audited as a read."""
        found = known_message(message_id)
        with transaction.atomic():
            entry = entry_by(self.actor, Action.MESSAGE_READ, subject=("message", str(found.uuid)), message_id=found.pk)
            record(entry)
        numbers = rest_records.numbers_of([found.source_record_id] if found.source_record_id else [])
        told = next(iter(numbers.values()), None)
        number = {"source_system": told[0], "mrn": told[1]} if told else None
        return Response(message_document(found, rest_operations.owner_of(found.source_record_id), number))


class ReplayMessage(ActDoor):
    """A dead letter is tried again."""

    @operation(
        "Replay a rejected or dead message",
        tag=_TAG,
        name="replay_message",
        scope=Permission.MESSAGES,
        answers={202: AcceptedShape},
        headers=(IDEMPOTENCY_KEY,),
        words="As it came; for what was rejected because something else was missing, such as an unregistered system.",
    )
    def post(self, request: Request, message_id: UUID) -> Response:
        """Put it back among the received ones."""
        require_system(self.client, self.actor, known_message(message_id).source_system)
        location = f"/api/v1/messages/{message_id}"

        def act() -> Answer:
            replay_message(uuid=message_id, actor=self.actor)
            return Answer(202, {"id": message_id, "location": location}, location)

        return self.carry_out(request, act)
