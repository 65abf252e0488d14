"""People who sign in and programs that call: one custom user, token clients with scopes."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A member of staff. Roles are groups: clerk, steward, supervisor, compliance officer, administrator."""

    display_name = models.CharField(max_length=120, blank=True)

    class Meta:
        db_table = "mpi_user"

    def __str__(self) -> str:
        return self.display_name or self.username


class ApiClient(models.Model):
    """A program with a token. Only a keyed hash of the token is kept; `systems` limits what it may write."""

    client_id = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    token_hash = models.BinaryField(max_length=32, unique=True)
    scopes = models.JSONField(default=list)
    systems = models.JSONField(default=list)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_api_client"

    def __str__(self) -> str:
        return self.client_id


class KeyFingerprint(models.Model):
    """Names the key under which this database was written, so that a wrong key is refused at start."""

    name = models.CharField(max_length=32, primary_key=True)
    fingerprint = models.CharField(max_length=64)

    class Meta:
        db_table = "mpi_key_fingerprint"

    def __str__(self) -> str:
        return self.name
