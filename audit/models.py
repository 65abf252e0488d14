"""What the audit log stores: events, the sealed Merkle log over them, and signed checkpoints.

Every table here is append-only by trigger and by grant (see the migrations), except `PendingEvent`, the sealer's
to-do list. Text copies only, no foreign keys out: an event must outlive whatever it speaks of.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class Outcome(models.TextChoices):
    """How the act ended."""

    SUCCESS = "success", "Success"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class ActorKind(models.TextChoices):
    """Who acted."""

    USER = "user", "User"
    CLIENT = "client", "Client"
    SYSTEM = "system", "System"


class Source(models.TextChoices):
    """By which way the act came in."""

    WEB = "web", "Web page"
    REST = "rest", "REST"
    FHIR = "fhir", "FHIR"
    HL7V2 = "hl7v2", "HL7 v2"
    WORKER = "worker", "Worker"
    COMMAND = "command", "Command"


class AuditEvent(models.Model):
    """One act, as it was said in the transaction of the act itself. Never updated, never deleted."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(unique=True)  # UUIDv7; what exports, proofs and the REST door call the event by
    recorded_at = models.DateTimeField(db_default=Now())
    action = models.TextField()
    outcome = models.TextField(choices=Outcome.choices)
    actor_kind = models.TextField(choices=ActorKind.choices)
    actor_id = models.TextField()
    actor_name = models.TextField()
    purpose = models.TextField(blank=True)  # HL7 PurposeOfUse: TREAT, HOPERAT, HSYSADMIN, ...
    correlation_id = models.UUIDField(null=True)
    source = models.TextField(choices=Source.choices)  # the door it came in by; not a source system
    network_address = models.TextField(blank=True)
    subject_type = models.TextField(blank=True)
    subject_id = models.TextField(blank=True)
    subjects = ArrayField(models.TextField())  # "type:id" of the subject and all else the act touched
    reason_code = models.TextField(blank=True)
    reason_text = models.TextField(blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    detail = models.JSONField()
    message_id = models.BigIntegerField(null=True)
    salt = models.BinaryField(max_length=32)  # hides a guessable payload from the neighbours of its leaf in a proof

    class Meta:
        db_table = "audit_event"
        default_permissions = ("view",)
        indexes = [
            # queries.page without a subject: newest first, time range.
            models.Index(fields=["recorded_at", "id"], name="audit_event_time"),
            # queries.page by actor: what did this user or client do.
            models.Index(fields=["actor_id", "recorded_at", "id"], name="audit_event_actor"),
            # queries.page by action or category.
            models.Index(fields=["action", "recorded_at", "id"], name="audit_event_action"),
            # queries.page by correlation id: everything one act did.
            models.Index(fields=["correlation_id"], name="audit_event_correlation"),
            # queries.page by message: what became of it.
            models.Index(
                fields=["message_id"], name="audit_event_message", condition=models.Q(message_id__isnull=False)
            ),
            # queries.page by outcome: the few refusals and failures among all that went well.
            models.Index(
                fields=["recorded_at", "id"], name="audit_event_unsuccessful", condition=~models.Q(outcome="success")
            ),
            # queries.page and queries.for_subject: all events of a person, merges included.
            GinIndex(fields=["subjects"], name="audit_event_subjects"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(outcome__in=Outcome.values), name="audit_event_outcome"),
            models.CheckConstraint(condition=models.Q(actor_kind__in=ActorKind.values), name="audit_event_actor_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.action}"


class PendingEvent(models.Model):
    """An event that no sealed entry holds yet. Written by a trigger, so that none can be forgotten."""

    event = models.BigIntegerField(primary_key=True)  # AuditEvent.id
    event_uuid = models.UUIDField()
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "audit_pending_event"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.event_uuid)


class SealedEntry(models.Model):
    """The place of an event in the log: gapless, from 0 on; `seq` is the leaf index of RFC 9162."""

    seq = models.BigIntegerField(primary_key=True)
    event = models.BigIntegerField(unique=True)  # AuditEvent.id; unique: an event is sealed once
    event_uuid = models.UUIDField()  # names the event even after its row was removed
    leaf = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_sealed_entry"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.seq} {self.event_uuid}"


class TreeNode(models.Model):
    """A complete subtree's hash. Only every fourth level is stored (see `merkle.STORED_STEP`)."""

    pk = models.CompositePrimaryKey("level", "position")
    level = models.SmallIntegerField()  # the subtree covers 2^level leaves
    position = models.BigIntegerField()  # leaves [position * 2^level, (position + 1) * 2^level)
    hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_tree_node"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.level}/{self.position}"


class Checkpoint(models.Model):
    """A signed statement of the log's size and root; also published outside the database."""

    size = models.BigIntegerField(primary_key=True)  # number of sealed entries it covers
    root = models.BinaryField(max_length=32)
    signed_at = models.DateTimeField()
    note = models.TextField()  # the signed note, as published

    class Meta:
        db_table = "audit_checkpoint"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.size}"
