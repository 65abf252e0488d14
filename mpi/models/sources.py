"""Who tells us of patients: assigning authorities and source systems."""

from __future__ import annotations

from django.db import models


class AssigningAuthority(models.Model):
    """Who gives out a kind of number (HL7 v2.5.1 §2.A.33 HD): a namespace, and an OID where there is one."""

    namespace = models.CharField(max_length=32, unique=True)
    oid = models.CharField(max_length=128, blank=True)
    name = models.CharField(max_length=120)

    class Meta:
        db_table = "mpi_assigning_authority"

    def __str__(self) -> str:
        return self.namespace


class SourceSystem(models.Model):
    """A system that sends records. `rank` 1 is trusted most; `time_zone` is for stamps without one."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    authority = models.ForeignKey(AssigningAuthority, on_delete=models.PROTECT, related_name="systems")
    rank = models.PositiveSmallIntegerField(default=100)
    time_zone = models.CharField(max_length=64, default="UTC")
    registered_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_source_system"
        ordering = ("rank", "code")

    def __str__(self) -> str:
        return self.code
