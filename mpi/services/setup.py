"""What every index has from the start: grants, roles as groups, the shipped linkage model, the key's fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.checkpoint import ensure_signing_key
from audit.record import entry_by, record
from audit.roles import apply_roles
from matching.model_document import load_default, to_document
from mpi.access import ROLES
from mpi.commands import system_actor
from mpi.models import LinkageModelVersion, ModelStatus
from mpi.services.own_key import remember_own_key


def after_migrate(**_: Any) -> None:
    """Run by Django after `migrate`; safe to run again. Raises ServiceDown for a foreign key file."""
    apply_roles()
    ensure_signing_key(Path(settings.AUDIT_SIGNING_KEY_FILE))
    with transaction.atomic():
        _install_roles()
        remember_own_key()
        _install_model()


def _install_roles() -> None:
    for name in ROLES:
        Group.objects.get_or_create(name=name)


def _install_model() -> None:
    """Install the shipped linkage model as active, unless the operator has chosen one."""
    model = load_default()
    if LinkageModelVersion.objects.filter(content_hash=model.content_hash).exists():
        return
    if LinkageModelVersion.objects.filter(status=ModelStatus.ACTIVE).exists():
        return
    now = timezone.now()
    LinkageModelVersion.objects.create(
        name=model.version,
        content_hash=model.content_hash,
        document=to_document(model),
        status=ModelStatus.ACTIVE,
        justification=model.justification,
        author=model.author,
        approver="shipped with the release",
        created_at=now,
        activated_at=now,
    )
    record(
        entry_by(
            system_actor("setup", source="command"),
            Action.MODEL_ACTIVATED,
            subject=("linkage_model", model.version),
            detail={"content_hash": model.content_hash},
        )
    )
