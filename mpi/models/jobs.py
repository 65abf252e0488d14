"""Long work that can be left and come back to."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q


class JobStatus(models.TextChoices):
    """reading → running → finished, or failed with the reason in `error`."""

    READING = "reading"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class Job(models.Model):
    """One import or other long work. `counts` is written by its own process only; live counts come from messages."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True)
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=200, blank=True)
    file_hash = models.CharField(max_length=64, blank=True)
    settings_hash = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=12, choices=JobStatus.choices, default=JobStatus.READING)
    total = models.BigIntegerField(null=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    correlation_id = models.UUIDField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_job"
        constraints = [models.CheckConstraint(condition=Q(status__in=JobStatus.values), name="job_status_known")]
        indexes = [models.Index(fields=["-id"], name="job_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"


class LineError(models.Model):
    """What is wrong with a line of a file, where, and how to mend it. No value of the line is kept here."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="line_errors", db_index=False)
    line = models.BigIntegerField()
    column = models.PositiveIntegerField(null=True)
    field = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=300)
    mend = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "mpi_line_error"
        indexes = [models.Index(fields=["job", "line"], name="line_error_job")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"
