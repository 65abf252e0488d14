"""Rematch runs: what the index would look like under a model version, and what was made of that difference."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from mpi.models.linkage import LinkageModelVersion
from mpi.models.links import IdentityEvent, PotentialMatch


class RematchStatus(models.TextChoices):
    """previewing → previewed → approved (by another person) → applying → applied → undoing → undone; or failed.

    A run that was stopped while applying or undoing keeps that status: told to again, it goes on.
    """

    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


class RematchKind(models.TextChoices):
    """One kind of difference, in the order in which they are applied.

    split            source records leave their golden record for a new one
    move             source records leave their golden record for another one
    join             golden records become one
    close-question   a potential match has lost its reason
    open-question    two golden records that may be one person
    """

    SPLIT = "split"
    MOVE = "move"
    JOIN = "join"
    CLOSE_QUESTION = "close-question"
    OPEN_QUESTION = "open-question"


class RematchChangeState(models.TextChoices):
    """pending → applied → undone; or skipped because what it was computed on no longer stands."""

    PENDING = "pending"
    APPLIED = "applied"
    SKIPPED = "skipped"
    UNDONE = "undone"


class RematchRun(models.Model):
    """One rematch of the whole index under one model version.

    records         source records that were compared
    links_changed   open links that would end: an activation is measured by their share of `records`
    counts          of the differences: {"changes": {kind: {grade: count}}, "states": {state: count}, ...}
    stage, done, total   how far the work at hand is; total 0 while unknown
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True)
    model_version = models.ForeignKey(LinkageModelVersion, on_delete=models.PROTECT, related_name="rematch_runs")
    status = models.CharField(max_length=12, choices=RematchStatus.choices, default=RematchStatus.PREVIEWING)
    records = models.BigIntegerField(default=0)
    links_changed = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    stage = models.CharField(max_length=40, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)
    note = models.CharField(max_length=500, blank=True)
    started_by = models.CharField(max_length=120)
    started_by_name = models.CharField(max_length=120)
    approved_by = models.CharField(max_length=120, blank=True)
    approved_by_name = models.CharField(max_length=120, blank=True)
    correlation_id = models.UUIDField(default=uuid4)
    started_at = models.DateTimeField()
    previewed_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_rematch_run"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RematchStatus.values), name="rematch_status_known"),
            models.UniqueConstraint(
                fields=["status"], condition=Q(status__in=["applying", "undoing"]), name="one_rematch_at_work"
            ),
        ]

    def __str__(self) -> str:
        return f"rematch {self.uuid}"


class RematchChange(models.Model):
    """One difference, small enough to be applied, skipped or undone by itself. It holds keys and codes only.

    number         order of application within the run
    euids          the golden records concerned; for a split and a move the one that is left comes first, for a
                   join the survivor
    record_ids     source records that change their golden record; for a question the pair that asks
    facts          {"sides": [[record id]], "pair": [record id, record id], "versions": {record id: version},
                   "waiting": [record id]}: members of each golden record just before this change, the pair that
                   decided, which version of each record was compared and which were quarantined; where another
                   state is found, the change is skipped
    event, undone_by   the identity events that applied and undid it
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(RematchRun, on_delete=models.PROTECT, db_index=False, related_name="changes")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=RematchKind.choices)
    euids = ArrayField(models.CharField(max_length=12), default=list)
    record_ids = ArrayField(models.BigIntegerField(), default=list)
    facts = models.JSONField(default=dict)
    grade = models.CharField(max_length=16)
    bits_before = models.FloatField(null=True)
    bits_after = models.FloatField(null=True)
    probability_before = models.FloatField(null=True)
    probability_after = models.FloatField(null=True)
    reason_codes = ArrayField(models.CharField(max_length=40), default=list)
    potential_match = models.ForeignKey(
        PotentialMatch, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    state = models.CharField(max_length=10, choices=RematchChangeState.choices, default=RematchChangeState.PENDING)
    skip_reason = models.CharField(max_length=300, blank=True)
    event = models.ForeignKey(IdentityEvent, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    undone_by = models.ForeignKey(IdentityEvent, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_rematch_change"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RematchKind.values), name="rematch_kind_known"),
            models.CheckConstraint(condition=Q(state__in=RematchChangeState.values), name="rematch_state_known"),
            models.UniqueConstraint(fields=["run", "number"], name="one_rematch_change_a_number"),
        ]
        indexes = [
            # the next change to apply or undo
            models.Index(fields=["run", "state", "number"], name="rematch_change_next"),
            # the pages of a run, by kind
            models.Index(fields=["run", "kind", "number"], name="rematch_change_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
