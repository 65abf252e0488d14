"""Source records with their versions, identifiers and blocking keys."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from audit.uuid7 import uuid7
from mpi.models.history import tracked
from mpi.models.sources import SourceSystem


class RecordState(models.TextChoices):
    """active; quarantined (an overlay is suspected); subsumed (A40); deleted by its source (soft)."""

    ACTIVE = "active"
    QUARANTINED = "quarantined"
    SUBSUMED = "subsumed"
    DELETED = "deleted"


class SourceRecord(models.Model):
    """What one source system says of a patient now; each change is a new version and a history row.

    told         PatientRecord as a document; values of government identifiers are ciphertexts
    standard     StandardRecord as a document without `ssn`; protected identifiers are blind indexes
    ssn_cipher   the standardised SSN, encrypted; `ssn_index` its blind index
    effective_at the source's own time of the change, where it gave one
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    source_system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, db_index=False, related_name="records")
    mrn = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=12, choices=RecordState.choices, default=RecordState.ACTIVE)
    told = models.JSONField()
    standard = models.JSONField()
    ssn_cipher = models.BinaryField(null=True)
    ssn_index = models.BinaryField(max_length=32, null=True)
    standardiser = models.CharField(max_length=16)
    payload_hash = models.BinaryField(max_length=32)
    settings_hash = models.CharField(max_length=16)
    message_id = models.BigIntegerField(null=True)
    effective_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    history = tracked("uuid", "source_system")

    class Meta:
        db_table = "mpi_source_record"
        constraints = [
            models.UniqueConstraint(fields=["source_system", "mrn"], name="one_record_per_system_and_mrn"),
            models.CheckConstraint(condition=Q(state__in=RecordState.values), name="record_state_known"),
            models.CheckConstraint(condition=~Q(mrn=""), name="record_has_mrn"),
            models.CheckConstraint(
                condition=Q(ssn_cipher__isnull=True, ssn_index__isnull=True)
                | Q(ssn_cipher__isnull=False, ssn_index__isnull=False),
                name="ssn_cipher_and_index_go_together",
            ),
        ]

    def __str__(self) -> str:
        return f"source record {self.uuid}"


class Identifier(models.Model):
    """A number other than the MRN. A protected one (SSN, passport ...) has no `value` here, only its blind index."""

    id = models.BigAutoField(primary_key=True)
    source_record = models.ForeignKey(
        SourceRecord, on_delete=models.PROTECT, db_index=False, related_name="identifiers"
    )
    authority = models.CharField(max_length=64)
    type = models.CharField(max_length=16)
    value = models.CharField(max_length=64, blank=True)
    value_index = models.BinaryField(max_length=32)
    use = models.CharField(max_length=12, default="official")

    class Meta:
        db_table = "mpi_identifier"
        constraints = [
            models.UniqueConstraint(
                fields=["source_record", "authority", "type", "value_index"], name="one_row_per_identifier"
            )
        ]
        indexes = [
            # search by a protected number
            models.Index(fields=["value_index"], name="identifier_lookup"),
            # search by any other number
            models.Index(fields=["value"], name="identifier_value", condition=~Q(value="")),
        ]

    def __str__(self) -> str:
        return f"{self.authority} {self.type}"


class BlockingKey(models.Model):
    """A keyed 64-bit hash under which a source record can be found as a candidate. No surrogate key: see SPEED.

    No foreign key in the database either: eight to ten rows a record, each looked up and locked again in its record,
    would cost more than to write them. Source records are never deleted, and `checkindex` compares the keys with what
    each record tells.
    """

    pk = models.CompositePrimaryKey("key", "source_record_id")
    key = models.BigIntegerField()
    source_record = models.ForeignKey(
        SourceRecord, on_delete=models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+"
    )

    class Meta:
        db_table = "mpi_blocking_key"

    def __str__(self) -> str:
        return f"{self.key}"


class Separation(models.Model):
    """A standing decision of a person that two groups of source records are different people (cannot-link)."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    reason_code = models.CharField(max_length=32)
    reason = models.CharField(max_length=500, blank=True)
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    event = models.ForeignKey("mpi.IdentityEvent", on_delete=models.PROTECT, related_name="separations")
    recorded_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by_event = models.ForeignKey(
        "mpi.IdentityEvent", on_delete=models.PROTECT, null=True, related_name="separations_lifted"
    )

    class Meta:
        db_table = "mpi_separation"

    def __str__(self) -> str:
        return f"separation {self.uuid}"


class SeparationPair(models.Model):
    """One cross pair of a separation, the lower record id first."""

    id = models.BigAutoField(primary_key=True)
    separation = models.ForeignKey(Separation, on_delete=models.PROTECT, related_name="pairs")
    record_low = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="+")
    record_high = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "mpi_separation_pair"
        constraints = [
            models.CheckConstraint(condition=Q(record_low__lt=F("record_high")), name="separation_pair_in_order"),
            models.UniqueConstraint(fields=["separation", "record_low", "record_high"], name="separation_pair_once"),
        ]

    def __str__(self) -> str:
        return f"{self.record_low_id}, {self.record_high_id}"


class SourceMerge(models.Model):
    """A source says that two of its own numbers are one patient (HL7 v2.5.1 §3.3.40, A40). Ended, never edited.

    subsumed   the record under the number that is given up (MRG-1); it has no link and tells nothing any more
    survivor   the record under the number that goes on (PID-3)
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    subsumed = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, db_index=False, related_name="+")
    survivor = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey("mpi.IdentityEvent", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by_event = models.ForeignKey(
        "mpi.IdentityEvent", on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )

    class Meta:
        db_table = "mpi_source_merge"
        constraints = [
            models.CheckConstraint(condition=~Q(subsumed=F("survivor")), name="source_merge_of_two"),
            models.UniqueConstraint(
                fields=["subsumed"], condition=Q(ended_at__isnull=True), name="one_open_source_merge_a_record"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by_event__isnull=True)
                | Q(ended_at__isnull=False, ended_by_event__isnull=False),
                name="source_merge_ended_by_an_event",
            ),
        ]

    def __str__(self) -> str:
        return f"source merge {self.uuid}"
