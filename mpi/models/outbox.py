"""What subscribers are told: written with the change, delivered later, every attempt a row."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class OutboxEvent(models.Model):
    """Ids and a type, never demographics. Ordered per golden record by id."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4)
    type = models.CharField(max_length=40)
    golden_record_id = models.BigIntegerField()
    euid = models.CharField(max_length=12)
    version = models.PositiveIntegerField()
    source_record_ids = ArrayField(models.BigIntegerField(), default=list)
    related_euids = ArrayField(models.CharField(max_length=12), default=list)
    correlation_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_outbox_event"

    def __str__(self) -> str:
        return f"{self.type} {self.uuid}"


class Subscriber(models.Model):
    """Somebody who is told."""

    name = models.SlugField(max_length=64, unique=True)
    channel = models.CharField(max_length=16)
    address = models.CharField(max_length=300)
    active = models.BooleanField(default=True)
    last_event_id = models.BigIntegerField(default=0)

    class Meta:
        db_table = "mpi_subscriber"

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One attempt to tell one subscriber of one event."""

    id = models.BigAutoField(primary_key=True)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(OutboxEvent, on_delete=models.PROTECT, related_name="deliveries")
    attempt = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12)
    error = models.CharField(max_length=300, blank=True)
    attempted_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_delivery"
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "event", "attempt"], name="delivery_attempt_once"),
            models.UniqueConstraint(
                fields=["subscriber", "event"], condition=Q(status="delivered"), name="delivered_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.attempt}"
