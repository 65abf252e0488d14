"""`audit-events`, `audit/checkpoint`, `audit/proof`: for compliance."""

from __future__ import annotations

import base64

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from audit import queries as log
from audit.actions import Action, Category
from audit.record import entry_by, record
from mpi.access import Permission
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.euid import normal_euid
from mpi.interop.rest.documents_operations import audit_document
from mpi.interop.rest.door import Door
from mpi.interop.rest.operation import operation
from mpi.interop.rest.query import CURSOR, LIMIT, Parameter
from mpi.interop.rest.shapes import paged
from mpi.interop.rest.shapes_operations import AuditEventShape, CheckpointShape

_TAG = "audit"
_FILTERS = (
    Parameter("euid", "Only events that touched this golden record."),
    Parameter("subject", "Only events that touched this subject, as “type:id”."),
    Parameter("actor_id", "Only acts of this user or client."),
    Parameter("action", "Only this action.", "choice", choices=tuple(action.value for action in Action)),
    Parameter("category", "Only this kind of act.", "choice", choices=tuple(kind.value for kind in Category)),
    Parameter("outcome", "Only this outcome.", "choice", choices=("success", "refused", "failed")),
    Parameter("correlation_id", "Everything one request did.", "uuid"),
    Parameter("since", "From this time on (ISO 8601 with offset).", "time"),
    Parameter("until", "Before this time (ISO 8601 with offset).", "time"),
)


class AuditEvents(Door):
    """Who did what."""

    @operation(
        "List audit events",
        tag=_TAG,
        name="list_audit_events",
        scope=Permission.AUDIT_READ,
        answers={200: paged(AuditEventShape, "AuditEvent")},
        query=(*_FILTERS, LIMIT, CURSOR),
        words="Newest first. Reading the log is an act and is written into it.",
    )
    def get(self, request: Request) -> Response:
        """One page."""
        asked = self.asked
        wanted = log.AuditFilter(
            subjects=self._subjects(),
            actor_id=asked.text("actor_id") or None,
            action=asked.text("action") or None,
            category=Category(asked.text("category")) if "category" in asked else None,
            outcome=asked.text("outcome") or None,
            correlation_id=asked.uuid("correlation_id"),
            since=asked.time("since"),
            until=asked.time("until"),
        )
        try:
            found = log.page(wanted, asked.text("cursor") or None, size=asked.number("limit"))
        except log.BadCursor:
            flaw = Flaw("cursor", "is not a cursor of this list", "send “next” of the page before, or leave it out")
            raise InvalidInput("The page cannot be found.", flaws=[flaw]) from None
        with transaction.atomic():
            record(entry_by(self.actor, Action.AUDIT_READ, detail={"results": len(found.events)}))
        return Response({"items": [audit_document(event) for event in found.events], "next": found.next_cursor})

    def _subjects(self) -> tuple[tuple[str, str], ...]:
        kind, colon, key = self.asked.text("subject").partition(":")
        if kind and not (colon and key):
            raise InvalidInput("The subject cannot be read.", flaws=[Flaw("subject", "is not “type:id”", "send both")])
        named = ((kind, key),) if key else ()
        euid = normal_euid(self.asked.text("euid"))
        return (*named, ("golden_record", euid)) if euid else named


class AuditCheckpoint(Door):
    """What the sealed log states of itself."""

    @operation(
        "Read the newest signed checkpoint",
        tag=_TAG,
        name="get_audit_checkpoint",
        scope=Permission.AUDIT_READ,
        answers={200: CheckpointShape},
    )
    def get(self, request: Request) -> Response:
        """The signed note, as published outside the database."""
        state = log.log_state()
        if state.last_checkpoint is None:
            raise NotFound("The log has no checkpoint yet; the sealer signs one every few seconds while it works.")
        checkpoint = state.last_checkpoint
        return Response(
            {
                "size": checkpoint.size,
                "root": base64.b64encode(checkpoint.root).decode(),
                "signed_at": checkpoint.signed_at,
                "note": checkpoint.note,
                "pending": state.pending,
            }
        )
