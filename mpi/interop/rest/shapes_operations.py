"""Shapes of messages, jobs, audit events and health."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from mpi.interop.rest.shapes import FlawShape, NumberShape
from mpi.models import JobStatus, MessageState


class MessageLineShape(s.Serializer[Any]):
    """A message: what came, and what became of it. Its payload stays inside."""

    id = s.UUIDField()
    channel = s.CharField()
    source_system = s.CharField(allow_null=True)
    control_id = s.CharField(allow_null=True)
    state = s.ChoiceField(MessageState.choices)
    outcome = s.CharField(allow_null=True)
    errors = FlawShape(many=True)  # type: ignore[assignment]  # the metaclass takes it out
    attempts = s.IntegerField()
    job_id = s.UUIDField(allow_null=True)
    line = s.IntegerField(allow_null=True)
    source_time = s.DateTimeField(allow_null=True)
    received_at = s.DateTimeField()
    applied_at = s.DateTimeField(allow_null=True)
    correlation_id = s.UUIDField()


class MessageShape(MessageLineShape):
    """The same with the record it changed and the person that holds it now."""

    source_record = NumberShape(allow_null=True)
    euid = s.CharField(allow_null=True)


class JobShape(s.Serializer[Any]):
    """Long work. `counts`: how many lines wait, and how many had which outcome."""

    id = s.UUIDField()
    kind = s.CharField()
    name = s.CharField(allow_blank=True)
    status = s.ChoiceField(JobStatus.choices)
    total = s.IntegerField(allow_null=True)
    counts = s.DictField(child=s.IntegerField())
    error = s.CharField(allow_null=True)
    actor_id = s.CharField()
    correlation_id = s.UUIDField()
    started_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)


class JobLineShape(s.Serializer[Any]):
    """The outcome of one line."""

    line = s.IntegerField(allow_null=True)
    message_id = s.UUIDField()
    state = s.ChoiceField(MessageState.choices)
    outcome = s.CharField(allow_null=True)
    errors = FlawShape(many=True)  # type: ignore[assignment]  # the metaclass takes it out


class JobErrorShape(s.Serializer[Any]):
    """One thing wrong with one line, and how to mend it."""

    line = s.IntegerField()
    column = s.IntegerField(allow_null=True)
    field = s.CharField(allow_null=True)
    problem = s.CharField()
    mend = s.CharField(allow_null=True)


class AuditEventShape(s.Serializer[Any]):
    """One act: who, what, on whom, when, why, from where. `seq` is its place in the sealed log."""

    id = s.UUIDField()
    seq = s.IntegerField(allow_null=True)
    recorded_at = s.DateTimeField()
    action = s.CharField()
    words = s.CharField()
    outcome = s.CharField()
    actor_kind = s.CharField()
    actor_id = s.CharField()
    actor_name = s.CharField()
    purpose = s.CharField(allow_blank=True)
    source = s.CharField()  # type: ignore[assignment]  # the metaclass takes it out
    network_address = s.CharField(allow_null=True)
    subjects = s.ListField(child=s.CharField())
    reason_code = s.CharField(allow_null=True)
    reason = s.CharField(allow_null=True)
    before = s.DictField(allow_null=True)
    after = s.DictField(allow_null=True)
    detail = s.DictField()
    correlation_id = s.UUIDField(allow_null=True)


class CheckpointShape(s.Serializer[Any]):
    """The newest signed statement of the log's size and root (C2SP tlog-checkpoint), and what waits for the next."""

    size = s.IntegerField()
    root = s.CharField(help_text="Base64 of the Merkle root, RFC 9162.")  # type: ignore[assignment]  # the metaclass takes it out
    signed_at = s.DateTimeField()
    note = s.CharField(help_text="The signed note, as published.")
    pending = s.IntegerField()


class AuditHealthShape(s.Serializer[Any]):
    """How the audit log stands. `late`: events wait for the sealer. `broken`: it is shorter or other than what was
    signed and published, or a guard is off; nothing is sealed until somebody has run `verifyaudit`."""

    status = s.ChoiceField(("ok", "late", "broken"))
    problem = s.CharField(allow_null=True)
    sealed = s.IntegerField()
    pending = s.IntegerField()
    oldest_pending_s = s.IntegerField(allow_null=True)
    published = s.IntegerField()
    signed_at = s.DateTimeField(allow_null=True)


class HealthShape(s.Serializer[Any]):
    """Whether the index serves. `degraded`: it serves, but messages wait because the broker does not answer, or the
    audit log is not as it should be."""

    status = s.ChoiceField(("ok", "degraded", "down"))
    database = s.ChoiceField(("ok", "down"))
    broker = s.ChoiceField(("ok", "down"))
    oldest_waiting_s = s.IntegerField(allow_null=True)
    audit = AuditHealthShape(allow_null=True)


class ProblemKindShape(s.Serializer[Any]):
    """What a problem code means."""

    code = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    retryable = s.BooleanField()
    meaning = s.CharField()
