"""`identity-tasks`: work on one source record, suspected overlays above all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from audit.actions import Action
from mpi.access import Permission, access_identity_task, audit_search
from mpi.errors import Flaw, InvalidInput
from mpi.interop.rest.acts import ActDoor
from mpi.interop.rest.bodies import checked, json_body
from mpi.interop.rest.documents_identity_tasks import resolved_document, task_document, task_lines
from mpi.interop.rest.door import Door
from mpi.interop.rest.idempotency import Answer
from mpi.interop.rest.operation import IDEMPOTENCY_KEY, operation
from mpi.interop.rest.pagination import page, read_cursor
from mpi.interop.rest.query import CURSOR, LIMIT, Parameter
from mpi.interop.rest.shapes import paged
from mpi.interop.rest.shapes_identity_tasks import (
    IdentityTaskLineShape,
    IdentityTaskShape,
    ResolvedTaskShape,
    ResolveTaskBodyShape,
)
from mpi.models import TaskType
from mpi.queries.identity_tasks import TASK_STATUSES, TaskFilter, identity_tasks, owners_of
from mpi.services.identity_task import TaskAnswer, answer_task
from mpi.services.overlay import OverlayAnswer
from mpi.services.overlay_split import split_overlay
from mpi.services.waiting_update import waiting_update

_TAG = "identity tasks"
_FILTERS = (
    Parameter("status", "Which ones; open unless told.", "choice", choices=TASK_STATUSES),
    Parameter("type", "Only this type.", "choice", choices=tuple(TaskType.values)),
    Parameter("source_system", "Only those on a record of this source system."),
)


class IdentityTasks(Door):
    """The list."""

    @operation(
        "List identity tasks",
        tag=_TAG,
        name="list_identity_tasks",
        scope=Permission.REVIEW,
        answers={200: paged(IdentityTaskLineShape, "IdentityTask")},
        query=(*_FILTERS, LIMIT, CURSOR),
        words="Work on one source record, the oldest first. An overlay is an update of a known number that looks like "
        "another person: it waits, and so does everything its source says of that number later. No demographics.",
    )
    def get(self, request: Request) -> Response:
        """One page; each person named in it is audited as read."""
        wanted = TaskFilter(
            status=self.asked.text("status") or "open",
            type=self.asked.text("type"),
            source_system=self.asked.text("source_system"),
        )
        limit, key = self.asked.number("limit"), read_cursor(self.asked.text("cursor"), int)
        found = identity_tasks(wanted, after=int(key[0]) if key else None, size=limit)
        rows, following = page(found, limit, lambda task: (task.pk,))
        euids = dict.fromkeys(owner.euid for owner in owners_of(rows).values())
        audit_search(self.actor, list(euids), action=Action.TASK_READ)
        return Response({"items": task_lines(rows), "next": following})


class IdentityTaskDetail(Door):
    """One task."""

    @operation(
        "Read an identity task",
        tag=_TAG,
        name="get_identity_task",
        scope=Permission.REVIEW,
        answers={200: IdentityTaskShape},
    )
    def get(self, request: Request, task_id: UUID) -> Response:
        """The record as trusted and the update that waits, audited as a read of the person."""
        found = access_identity_task(self.actor, task_id)
        update = waiting_update(found).shown if found.type == TaskType.OVERLAY else None
        return Response(task_document(found, update))


class ResolveIdentityTask(ActDoor):
    """The answer to one task."""

    @operation(
        "Resolve an identity task",
        tag=_TAG,
        name="resolve_identity_task",
        scope=Permission.REVIEW,
        body=ResolveTaskBodyShape,
        answers={200: ResolvedTaskShape},
        headers=(IDEMPOTENCY_KEY,),
        words="Of a suspected overlay. “accept”: the same person; the update takes effect. “reject”: another person; "
        "the record stays as it was, or becomes so again, and the message is rejected. “split” (needs the scope "
        "`merge`): from a time on the number is another person’s; what was told before stays with the golden record "
        "that it had. What waited behind follows in order. Decided before: 409. Undo the answer by its event, as long "
        "as the source has told nothing more.",
    )
    def post(self, request: Request, task_id: UUID) -> Response:
        """Resolve."""
        told = checked(ResolveTaskBodyShape, json_body(request))
        if "at" in told and told["outcome"] != "split":
            flaw = Flaw("at", "says when to split, which this answer does not", "leave it out, or answer “split”")
            raise InvalidInput("Nothing was changed.", flaws=[flaw])

        def act() -> Answer:
            answer = self._answer(task_id, told)
            return Answer(200, resolved_document(answer.task, answer.event_uuid))

        return self.carry_out(request, act)

    def _answer(self, task_id: UUID, told: dict[str, Any]) -> OverlayAnswer | TaskAnswer:
        said = {"reason": told["reason"], "version": told.get("version"), "actor": self.actor}
        if told["outcome"] == "split":
            return split_overlay(task_uuid=task_id, at=told.get("at"), **said)
        return answer_task(task_uuid=task_id, accept=told["outcome"] == "accept", **said)
