"""Linkage model versions: the weights, thresholds and policy under which links were made."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ModelStatus(models.TextChoices):
    """draft → approved (by another person) → active; superseded when another one became active."""

    DRAFT = "draft"
    APPROVED = "approved"
    ACTIVE = "active"
    SUPERSEDED = "superseded"


class LinkageModelVersion(models.Model):
    """One immutable linkage model document; every link names the version it was made under."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=64, unique=True)
    content_hash = models.CharField(max_length=64, unique=True)
    document = models.JSONField()
    status = models.CharField(max_length=12, choices=ModelStatus.choices, default=ModelStatus.DRAFT)
    justification = models.TextField()
    author = models.CharField(max_length=120)
    approver = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_linkage_model_version"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ModelStatus.values), name="model_status_known"),
            models.UniqueConstraint(fields=["status"], condition=Q(status="active"), name="one_active_model"),
        ]

    def __str__(self) -> str:
        return self.name
