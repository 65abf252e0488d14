"""What came in, byte for byte, and what became of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from audit.uuid7 import uuid7
from mpi.models.jobs import Job


class MessageState(models.TextChoices):
    """received → applied, or rejected (it cannot be applied); queued waits behind a quarantine; dead gave up."""

    RECEIVED = "received"
    APPLIED = "applied"
    QUEUED = "queued"
    REJECTED = "rejected"
    DEAD = "dead"


class MessageOutcome(models.TextChoices):
    """What an applied message did to its source record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    STALE = "stale"
    QUARANTINED = "quarantined"
    DELETED = "deleted"


class InboundMessage(models.Model):
    """One message or line. `payload` is encrypted.

    order_key, other_order_key   keyed hashes of the source records it speaks of (PID-3, MRG-1): a key's messages are
    applied in the order of their ids.
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    channel = models.CharField(max_length=16)
    source_system = models.CharField(max_length=32, blank=True)
    control_id = models.CharField(max_length=128, blank=True)
    payload = models.BinaryField()
    payload_hash = models.BinaryField(max_length=32)
    order_key = models.BigIntegerField()
    other_order_key = models.BigIntegerField(null=True)
    state = models.CharField(max_length=12, choices=MessageState.choices, default=MessageState.RECEIVED)
    outcome = models.CharField(max_length=16, blank=True)
    errors = models.JSONField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, db_index=False, related_name="messages")
    line = models.BigIntegerField(null=True)
    source_time = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    correlation_id = models.UUIDField()
    decision_id = models.BigIntegerField(null=True)
    source_record_id = models.BigIntegerField(null=True)
    actor_id = models.CharField(max_length=120)

    class Meta:
        db_table = "mpi_inbound_message"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="message_state_known"),
        ]
        indexes = [
            # the sweep. Without the queued ones: the question for earlier messages of a key must not find this index
            # fit, or a planner that saw no message open goes through all of them for every one
            models.Index(fields=["id"], name="message_open", condition=Q(state="received")),
            # order per patient: is an earlier message of this key still open?
            models.Index(
                fields=["order_key", "id"], name="message_order", condition=Q(state__in=["received", "queued"])
            ),
            models.Index(
                fields=["other_order_key", "id"],
                name="message_other_order",
                condition=Q(state__in=["received", "queued"], other_order_key__isnull=False),
            ),
            # progress of a job, its rejected lines
            models.Index(fields=["job", "state"], name="message_job_state", condition=Q(job__isnull=False)),
            # a retry with the same key or control id
            models.Index(
                fields=["source_system", "control_id", "-received_at"],
                name="message_control_id",
                condition=~Q(control_id=""),
            ),
            # the inbox page's dead letters
            models.Index(fields=["-id"], name="message_rejected", condition=Q(state__in=["rejected", "dead"])),
        ]

    def __str__(self) -> str:
        return f"{self.channel} message {self.uuid}"
