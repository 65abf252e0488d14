"""Who is who: links, decisions, identity events and potential matches."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least

from audit.uuid7 import uuid7
from mpi.models.event_kinds import EventKind
from mpi.models.golden import GoldenRecord
from mpi.models.history import tracked
from mpi.models.linkage import LinkageModelVersion
from mpi.models.records import SourceRecord


class IdentityEvent(models.Model):
    """One act on identity, append-only. `payload` holds what is needed to undo it and to answer "as of".

    payload: {"links_ended": [id], "links_opened": [id], "golden_records": {id: {"before": {...}, "after": {...}}},
    "potential_matches": {id: {"before": {...}, "after": {...}}}, "separations": [id]}; an act on source records also
    has "records", "tasks" and "messages", see mpi.services.record_states; a join of the engine has "message", the key
    of the message that caused it
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    actor_kind = models.CharField(max_length=8)
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    reason_code = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    golden_record_ids = ArrayField(models.BigIntegerField(), default=list)
    payload = models.JSONField(default=dict)
    undoes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="undone_by", db_index=False)
    correlation_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_identity_event"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="event_kind_known"),
            models.UniqueConstraint(
                fields=["undoes"], condition=Q(undoes__isnull=False), name="an_event_is_undone_once"
            ),
        ]
        indexes = [
            # the history of a golden record
            GinIndex(fields=["golden_record_ids"], name="identity_event_of_golden"),
            # recent decisions by people
            models.Index(fields=["-id"], name="identity_event_by_people", condition=Q(actor_kind="user")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"


class Decision(models.Model):
    """What the engine decided of one version of a source record, with its reasons as they were then.

    `evidence` is the encrypted, compressed JSON of `matching.decide.Decision.to_document()`.
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7)
    source_record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="decisions")
    message_id = models.BigIntegerField(null=True)
    model_version = models.ForeignKey(LinkageModelVersion, on_delete=models.PROTECT, db_index=False, related_name="+")
    outcome = models.CharField(max_length=12)
    grade = models.CharField(max_length=16)
    bits = models.FloatField(null=True)
    probability = models.FloatField(null=True)
    evidence = models.BinaryField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_decision"

    def __str__(self) -> str:
        return f"{self.outcome} {self.uuid}"


class LinkOrigin(models.TextChoices):
    """Why a link stands: the record was the first, the engine, a merge, an undo or a person."""

    FIRST = "first"
    ENGINE = "engine"
    STEWARD = "steward"
    MERGE = "merge"
    UNDO = "undo"


class Link(models.Model):
    """A source record belongs to a golden record. A link is ended and another opened, never edited otherwise."""

    id = models.BigAutoField(primary_key=True)
    source_record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="links")
    golden_record = models.ForeignKey(GoldenRecord, on_delete=models.PROTECT, db_index=False, related_name="links")
    origin = models.CharField(max_length=10, choices=LinkOrigin.choices)
    by_human = models.BooleanField(default=False)
    supporting_record = models.ForeignKey(
        SourceRecord, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, db_index=False, related_name="links")
    model_version = models.ForeignKey(
        LinkageModelVersion, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    opened_by_event = models.ForeignKey(IdentityEvent, on_delete=models.PROTECT, db_index=False, related_name="+")
    ended_by_event = models.ForeignKey(
        IdentityEvent, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    history = tracked(
        "source_record",
        "golden_record",
        "supporting_record",
        "decision",
        "model_version",
        "opened_by_event",
        "ended_by_event",
    )

    class Meta:
        db_table = "mpi_link"
        constraints = [
            models.UniqueConstraint(
                fields=["source_record"], condition=Q(ended_at__isnull=True), name="one_open_link_a_record"
            ),
            models.CheckConstraint(condition=Q(origin__in=LinkOrigin.values), name="link_origin_known"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by_event__isnull=True)
                | Q(ended_at__isnull=False, ended_by_event__isnull=False),
                name="link_ended_by_an_event",
            ),
        ]
        indexes = [
            # the members of a golden record, now and then
            models.Index(fields=["golden_record"], name="link_open_members", condition=Q(ended_at__isnull=True)),
            models.Index(
                fields=["golden_record", "-id"], name="link_past_members", condition=Q(ended_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.id}"


class PotentialMatchStatus(models.TextChoices):
    """open; resolved by a person; closed by itself because its reason is gone."""

    OPEN = "open"
    SAME = "same"
    DIFFERENT = "different"
    CLOSED = "closed"


class PotentialMatchKind(models.TextChoices):
    """duplicate: two numbers in one source; overlap: numbers in several sources."""

    DUPLICATE = "duplicate"
    OVERLAP = "overlap"


class PotentialMatch(models.Model):
    """Two golden records that may be one person, with their best pair of source records."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    golden_a = models.ForeignKey(GoldenRecord, on_delete=models.PROTECT, related_name="+")
    golden_b = models.ForeignKey(GoldenRecord, on_delete=models.PROTECT, related_name="+")
    record_a = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, db_index=False, related_name="+")
    record_b = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, db_index=False, related_name="+")
    kind = models.CharField(max_length=10, choices=PotentialMatchKind.choices)
    status = models.CharField(max_length=10, choices=PotentialMatchStatus.choices, default=PotentialMatchStatus.OPEN)
    version = models.PositiveIntegerField(default=1)
    grade = models.CharField(max_length=16)
    bits = models.FloatField()
    probability = models.FloatField()
    risk = models.FloatField(default=0)
    reasons = models.JSONField(default=list)
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    model_version = models.ForeignKey(LinkageModelVersion, on_delete=models.PROTECT, db_index=False, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=64, blank=True)
    resolved_by_event = models.ForeignKey(
        IdentityEvent, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    history = tracked(
        "uuid",
        "golden_a",
        "golden_b",
        "record_a",
        "record_b",
        "decision",
        "model_version",
        "resolved_by_event",
    )

    class Meta:
        db_table = "mpi_potential_match"
        constraints = [
            models.CheckConstraint(condition=~Q(golden_a=F("golden_b")), name="potential_match_of_two"),
            models.CheckConstraint(condition=Q(status__in=PotentialMatchStatus.values), name="potential_match_status"),
            models.UniqueConstraint(
                Least("golden_a", "golden_b"),
                Greatest("golden_a", "golden_b"),
                condition=Q(status="open"),
                name="one_open_potential_match_a_pair",
            ),
        ]
        indexes = [
            # the queue, most urgent first
            models.Index(fields=["-risk", "id"], name="potential_match_queue", condition=Q(status="open")),
            # recent decisions
            models.Index(fields=["-closed_at"], name="potential_match_closed", condition=~Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"potential match {self.uuid}"


class TaskType(models.TextChoices):
    """Work on one subject that is no pair."""

    OVERLAY = "overlay"
    IDENTIFIER_CONFLICT = "identifier-conflict"
    LARGE_PERSON = "large-person"
    SOURCE_MERGE = "source-merge"
    SOURCE_CORRECTION = "source-correction"


class IdentityTask(models.Model):
    """Work for a steward on one source record.

    overlay              an update that looks like another person; it waits, or was applied and is to be looked at
    identifier-conflict  it and `other_record`, of two persons, hold the same strong identifier
    large-person         its person has more source records than one should; the record is the first of them
    source-merge         its source says that it is one with another record, which a separation contradicts
    source-correction    its number speaks of another patient now: the source must give the first one a number again

    Whom a task concerns now is whom its records are linked to now: so it follows merges by itself.
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    type = models.CharField(max_length=20, choices=TaskType.choices)
    source_record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="tasks")
    other_record = models.ForeignKey(SourceRecord, null=True, on_delete=models.PROTECT, related_name="+")
    message_id = models.BigIntegerField(null=True)
    status = models.CharField(max_length=10, default="open")
    version = models.PositiveIntegerField(default=1)
    reasons = models.JSONField(default=list)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_identity_task"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "accepted", "rejected", "split", "closed"]), name="task_status"
            ),
            models.UniqueConstraint(
                fields=["source_record", "type"],
                condition=Q(status="open", other_record__isnull=True),
                name="one_open_task_a_subject",
            ),
            models.UniqueConstraint(
                fields=["source_record", "other_record", "type"],
                condition=Q(status="open", other_record__isnull=False),
                name="one_open_task_a_pair",
            ),
            models.CheckConstraint(
                condition=Q(type=TaskType.IDENTIFIER_CONFLICT, other_record__gt=F("source_record"))
                | (~Q(type=TaskType.IDENTIFIER_CONFLICT) & Q(other_record__isnull=True)),
                name="only_a_conflict_has_two_records",
            ),
        ]
        indexes = [
            # the queue: few types, each the oldest first
            models.Index(fields=["type", "id"], name="identity_task_queue", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"{self.type} task {self.uuid}"
