"""Snapshots for the look-up during downtime, and how far the journals of its stations are brought in."""

from __future__ import annotations

from django.db import models

from audit.uuid7 import uuid7


class DowntimeSnapshot(models.Model):
    """One sealed snapshot. Its temporary numbers are made of its key: no two snapshots share one.

    sha256   of the whole file, by which a copy is known
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    key_name = models.CharField(max_length=64)
    persons = models.PositiveIntegerField()
    numbers = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    actor_id = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_downtime_snapshot"

    def __str__(self) -> str:
        return f"downtime snapshot {self.uuid}"


class DowntimeJournal(models.Model):
    """How far the journal of one station is brought in: `entries` of it, whose chain ends in `chain`."""

    id = models.BigAutoField(primary_key=True)
    snapshot = models.ForeignKey(DowntimeSnapshot, on_delete=models.PROTECT, db_index=False, related_name="journals")
    station = models.PositiveSmallIntegerField()
    entries = models.PositiveIntegerField(default=0)
    chain = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_downtime_journal"
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "station"], name="one_downtime_journal_a_station"),
        ]

    def __str__(self) -> str:
        return f"journal of station {self.station}"
