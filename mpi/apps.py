"""The index as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class MpiConfig(AppConfig):
    """Label `mpi`. After each migration the roles, groups and the shipped linkage model are put in place."""

    name = "mpi"
    verbose_name = "Master Patient Index"

    def ready(self) -> None:
        from mpi.services.setup import after_migrate

        post_migrate.connect(after_migrate, sender=self, dispatch_uid="mpi.after_migrate")
