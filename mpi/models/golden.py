"""Golden records: one per person, under an enterprise identifier."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from mpi.models.history import tracked


class GoldenStatus(models.TextChoices):
    """provisional until a second source agrees or a steward verifies it; merged points to its survivor."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"
    MERGED = "merged"
    RETIRED = "retired"


LIVE_STATUSES = (GoldenStatus.PROVISIONAL, GoldenStatus.CONFIRMED)


class GoldenRecord(models.Model):
    """The survived demographics of one person, always recomputed from the open links and the overrides.

    values        field -> survived value (see matching.survivorship.FIELDS); an SSN is a ciphertext
    provenance    field -> which source record gave it, which rule decided, what lost
    family_name, given_name, birth_date   standard form of the survived values, for search
    """

    id = models.BigAutoField(primary_key=True)
    euid = models.CharField(max_length=12)
    status = models.CharField(max_length=12, choices=GoldenStatus.choices, default=GoldenStatus.PROVISIONAL)
    version = models.PositiveIntegerField(default=1)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged_from", db_index=False
    )
    verified = models.BooleanField(default=False)
    member_count = models.PositiveIntegerField(default=0)
    values = models.JSONField(default=dict)
    provenance = models.JSONField(default=dict)
    family_name = models.CharField(max_length=120, blank=True)
    given_name = models.CharField(max_length=120, blank=True)
    birth_date = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    history = tracked("merged_into")

    class Meta:
        db_table = "mpi_golden_record"
        constraints = [
            # Not `unique` of the field: that would bring a second index for prefixes, and nobody searches by them.
            models.UniqueConstraint(fields=["euid"], name="one_golden_record_per_euid"),
            models.CheckConstraint(condition=Q(status__in=GoldenStatus.values), name="golden_status_known"),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False)
                | (~Q(status="merged") & Q(merged_into__isnull=True)),
                name="merged_has_a_survivor",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="not_merged_into_itself"),
        ]
        indexes = [
            # search by name (prefix) and by birth date
            models.Index(
                fields=["family_name", "given_name", "id"],
                name="golden_name",
                opclasses=["text_pattern_ops", "text_pattern_ops", "int8_ops"],
            ),
            models.Index(fields=["birth_date", "family_name"], name="golden_birth_date"),
            # the records that were merged into one
            models.Index(fields=["merged_into"], name="golden_merged_into", condition=Q(merged_into__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.euid


class GoldenOverride(models.Model):
    """A steward's own value for one field, with a reason and an end; stronger than survivorship."""

    id = models.BigAutoField(primary_key=True)
    golden_record = models.ForeignKey(GoldenRecord, on_delete=models.PROTECT, related_name="overrides")
    field = models.CharField(max_length=32)
    value = models.JSONField()
    reason = models.CharField(max_length=500)
    actor_id = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_golden_override"
        constraints = [
            models.UniqueConstraint(
                fields=["golden_record", "field"], condition=Q(ended_at__isnull=True), name="one_open_override_a_field"
            )
        ]

    def __str__(self) -> str:
        return self.field
