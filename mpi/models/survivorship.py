"""Versions of the survivorship rules: by which criteria each golden value is chosen, and which were active when."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class RulesStatus(models.TextChoices):
    """draft → approved by another person, or rejected → active → superseded when others became active.

    Superseded ones may become active again.
    """

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"
    ACTIVE = "active"
    SUPERSEDED = "superseded"


class SurvivorshipVersion(models.Model):
    """One immutable document of rules (`matching.survivorship_rules`); the provenance of golden records names it.

    What it says, and who drafted it, is never changed: the database refuses it.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=64, unique=True)
    content_hash = models.CharField(max_length=64)
    document = models.JSONField()
    status = models.CharField(max_length=12, choices=RulesStatus.choices, default=RulesStatus.DRAFT)
    justification = models.CharField(max_length=500)
    author = models.CharField(max_length=120)
    author_id = models.CharField(max_length=120)
    approver = models.CharField(max_length=120, blank=True)
    approver_id = models.CharField(max_length=120, blank=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_survivorship_version"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RulesStatus.values), name="rules_status_known"),
            models.UniqueConstraint(fields=["status"], condition=Q(status="active"), name="one_active_rules"),
        ]

    def __str__(self) -> str:
        return self.name


class SurvivorshipActivation(models.Model):
    """Rules became active, and the golden records of before are made anew under them, chunk by chunk.

    position      key of the last golden record that the pass at hand has looked at
    earlier       transactions that were at work when the run began, and so may have read the rules of before
    is_last_pass  whether all of them had ended when the pass at hand began
    recomputed    golden records made anew so far; `changed` those whose values became others
    finished_at   when none was left; None for ever where other rules became active before that
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True)
    version = models.ForeignKey(SurvivorshipVersion, on_delete=models.PROTECT, db_index=False, related_name="+")
    previous = models.ForeignKey(
        SurvivorshipVersion, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    reason = models.CharField(max_length=500, blank=True)
    correlation_id = models.UUIDField()
    position = models.BigIntegerField(default=0)
    earlier = ArrayField(models.CharField(max_length=32), null=True)
    is_last_pass = models.BooleanField(default=False)
    recomputed = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    recorded_at = models.DateTimeField()
    worked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_survivorship_activation"

    def __str__(self) -> str:
        return f"activation {self.uuid}"


class SurvivorshipPreview(models.Model):
    """What the golden records would say under a version, compared with what they say now, chunk by chunk.

    against       the version that was active when it was asked for
    position      key of the last golden record that was looked at
    examined      golden records looked at: those of several members; of a single one no rule chooses
    changed       those with another value; `fields` says of how many each field would be another
    sample        some of them: {field: [key of a golden record]}; keys only, so that no value is kept twice
    error         why it came to nothing, "" if it did not
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True)
    version = models.ForeignKey(SurvivorshipVersion, on_delete=models.PROTECT, related_name="previews")
    against = models.ForeignKey(SurvivorshipVersion, on_delete=models.PROTECT, db_index=False, related_name="+")
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    correlation_id = models.UUIDField()
    position = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    examined = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    fields = models.JSONField(default=dict)
    sample = models.JSONField(default=dict)
    error = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    worked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_survivorship_preview"

    def __str__(self) -> str:
        return f"preview {self.uuid}"
