"""Linkage model versions: the weights, thresholds and policy under which links were made, and which was active when."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q


class ModelStatus(models.TextChoices):
    """draft → approved by another person (or rejected) → active → superseded when another one became active.

    A superseded version may become active again: that is a rollback.
    """

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"
    ACTIVE = "active"
    SUPERSEDED = "superseded"


class LinkageModelVersion(models.Model):
    """One immutable linkage model document; every link names the version it was made under.

    What the document says, and who drafted it, is never changed: the database refuses it (migration 0004).
    `author` and `approver` are names as shown; `author_id` and `approver_id` say who they are.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=64, unique=True)
    content_hash = models.CharField(max_length=64, unique=True)
    document = models.JSONField()
    status = models.CharField(max_length=12, choices=ModelStatus.choices, default=ModelStatus.DRAFT)
    justification = models.TextField()
    author = models.CharField(max_length=120)
    author_id = models.CharField(max_length=120)
    approver = models.CharField(max_length=120, blank=True)
    approver_id = models.CharField(max_length=120, blank=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_linkage_model_version"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ModelStatus.values), name="model_status_known"),
            models.UniqueConstraint(fields=["status"], condition=Q(status="active"), name="one_active_model"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "rejected"]) | (~Q(approver_id="") & ~Q(approver_id=F("author_id"))),
                name="model_approved_by_another_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ModelActivation(models.Model):
    """A version became active. Append-only: the newest row names the active version, the others tell which was when.

    estimate   what was known of the change beforehand: links looked at, links that would change (see
               `mpi.services.model_estimate`); empty where nothing could change
    preview    uuid of the rematch run that showed the whole difference, where one was needed
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True)
    version = models.ForeignKey(LinkageModelVersion, on_delete=models.PROTECT, db_index=False, related_name="+")
    previous = models.ForeignKey(
        LinkageModelVersion, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    is_rollback = models.BooleanField(default=False)
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    reason = models.CharField(max_length=500, blank=True)
    estimate = models.JSONField(default=dict)
    preview = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_model_activation"

    def __str__(self) -> str:
        return f"activation {self.uuid}"
