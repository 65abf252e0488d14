"""The Django app `audit`."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Events, their sealed Merkle log and the signed checkpoints."""

    name = "audit"
    label = "audit"
    verbose_name = "Audit"
    default_auto_field = "django.db.models.BigAutoField"
