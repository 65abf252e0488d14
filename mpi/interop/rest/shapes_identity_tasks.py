"""Shapes of identity tasks."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from mpi.interop.rest.shapes import EUID_HELP, NumberShape, ReasonShape, SourceRecordShape
from mpi.models import TaskType
from mpi.queries.identity_tasks import TASK_STATUSES


class IdentityTaskLineShape(s.Serializer[Any]):
    """Work for a steward on one source record. Of an overlay: an update that looks like another person and waits.

    Of an identifier conflict on two: `other_source_record` belongs to another person who holds the same number.
    """

    id = s.UUIDField()
    type = s.ChoiceField(TaskType.choices)
    status = s.ChoiceField(TASK_STATUSES)
    version = s.IntegerField()
    reasons = ReasonShape(many=True)
    source_record = NumberShape()
    euid = s.CharField(allow_null=True, help_text=EUID_HELP)
    other_source_record = NumberShape(allow_null=True)
    other_euid = s.CharField(allow_null=True, help_text=EUID_HELP)
    message_id = s.UUIDField(allow_null=True)
    waiting_behind = s.IntegerField(help_text="How many later messages of this source record wait for the answer.")
    opened_at = s.DateTimeField()
    closed_at = s.DateTimeField(allow_null=True)


class IdentityTaskShape(IdentityTaskLineShape):
    """The same with the record as it was trusted while the update waited, and what the update tells of the patient."""

    trusted = SourceRecordShape()
    update = s.DictField(  # type: ignore[assignment]  # the metaclass takes it out
        allow_null=True, help_text="As `trusted.told`: names, birth_date, sex …; protected numbers are masked."
    )


class ResolveTaskBodyShape(s.Serializer[Any]):
    """accept: still the same person, the update takes effect. reject: another person, it never does.

    split: another person from `at` on, under this number; the time of the update unless told. A task of another type
    is only answered: accept (seen to) or reject (not so).
    """

    outcome = s.ChoiceField(("accept", "reject", "split"))
    reason = s.CharField(max_length=500)
    at = s.DateTimeField(required=False, help_text="Of a split: from this time of the source on it is another person.")
    version = s.IntegerField(required=False, min_value=1, help_text="Of the task, as you saw it; stale ones refuse.")


class ResolvedTaskShape(s.Serializer[Any]):
    """How the task stands now. Its message and those behind it take effect at once, by a worker: poll the message."""

    id = s.UUIDField()
    status = s.ChoiceField(TASK_STATUSES)
    version = s.IntegerField()
    message_id = s.UUIDField(allow_null=True)
    event_id = s.UUIDField(allow_null=True, help_text="Undo the answer by it: `POST identity-events/{id}/undo`.")
    closed_at = s.DateTimeField(allow_null=True)
