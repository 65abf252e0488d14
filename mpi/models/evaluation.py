"""Evaluations: what was asked, against which truth, and the figures that came out. None of it is ever edited."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from mpi.models.jobs import Job
from mpi.models.linkage import LinkageModelVersion


class EvaluationSource(models.TextChoices):
    """What the index is held against."""

    TRUTH = "truth", "a truth file"
    DECISIONS = "decisions", "decisions of stewards"


class TruthFile(models.Model):
    """A truth file as it is kept: which source records are one person, and nothing else of the file.

    mapping   zlib of 64-bit integers: source record id, person (numbered in the order of the file), and so on
    sha256    of the file's bytes; `lines` without the header; `matched` the lines whose record is in the index
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    lines = models.BigIntegerField()
    matched = models.BigIntegerField()
    people = models.BigIntegerField()
    mapping = models.BinaryField()
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_truth_file"

    def __str__(self) -> str:
        return f"truth file {self.sha256[:12]}"


class EvaluationRequest(models.Model):
    """One evaluation that was asked for; its job tells how far it is."""

    id = models.BigAutoField(primary_key=True)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="evaluation")
    model_version = models.ForeignKey(LinkageModelVersion, on_delete=models.PROTECT, db_index=False, related_name="+")
    source = models.CharField(max_length=10, choices=EvaluationSource.choices)
    truth = models.ForeignKey(TruthFile, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")

    class Meta:
        db_table = "mpi_evaluation_request"
        constraints = [
            models.CheckConstraint(
                condition=Q(source="truth", truth__isnull=False) | Q(source="decisions", truth__isnull=True),
                name="truth_evaluation_has_a_truth",
            )
        ]

    def __str__(self) -> str:
        return f"evaluation of {self.source}"


class EvaluationRun(models.Model):
    """The result of an evaluation.

    data_fingerprint   SHA-256 over (record id, version, golden record id) of every record that was evaluated
    decisions_until    the newest decision that counts, where the source are decisions
    figures            document of `mpi.services.evaluation_run`, with its own `format`
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True)
    request = models.OneToOneField(EvaluationRequest, on_delete=models.PROTECT, related_name="run")
    model_version = models.ForeignKey(LinkageModelVersion, on_delete=models.PROTECT, related_name="evaluation_runs")
    source = models.CharField(max_length=10, choices=EvaluationSource.choices)
    decisions_until = models.DateTimeField(null=True)
    data_fingerprint = models.CharField(max_length=64)
    records = models.BigIntegerField()
    figures = models.JSONField()
    seconds = models.FloatField()
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    correlation_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_evaluation_run"

    def __str__(self) -> str:
        return f"evaluation run {self.uuid}"
