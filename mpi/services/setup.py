"""What every index has from the start: grants, roles as groups, the shipped linkage model, the key's fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.actions import Action
from audit.checkpoint import ensure_signing_key
from audit.record import entry_by, record
from audit.roles import apply_roles
from matching.model_document import load_default, to_document
from matching.survivorship import DEFAULT_RULES
from mpi.access import ROLES
from mpi.commands import system_actor
from mpi.models import (
    LinkageModelVersion,
    ModelActivation,
    ModelStatus,
    RulesStatus,
    SurvivorshipActivation,
    SurvivorshipVersion,
)
from mpi.services.own_key import remember_own_key
from mpi.services.rules_draft import content_hash
from mpi.services.rules_versions import SUBJECT

SHIPPED_AUTHOR = "release:author"
SHIPPED_APPROVER = "release:approver"


def after_migrate(**_: Any) -> None:
    """Run by Django after `migrate`; safe to run again. Raises ServiceDown for a foreign key file."""
    apply_roles()
    ensure_signing_key(Path(settings.AUDIT_SIGNING_KEY_FILE))
    with transaction.atomic():
        _install_roles()
        remember_own_key()
        _install_model()
        _install_rules()


def _install_roles() -> None:
    for name in ROLES:
        Group.objects.get_or_create(name=name)


def _install_rules() -> None:
    """The shipped survivorship rules, active where there are none: golden records of before were made by them."""
    if SurvivorshipVersion.objects.exists():
        return
    now, actor = timezone.now(), system_actor("setup", source="command")
    version = SurvivorshipVersion.objects.create(
        name=DEFAULT_RULES.version,
        content_hash=content_hash(DEFAULT_RULES),
        document=DEFAULT_RULES.to_document(),
        status=RulesStatus.ACTIVE,
        justification="Shipped: for life by agreement, what changes by the newest record, a whole value before a part.",
        author="the release",
        author_id=SHIPPED_AUTHOR,
        approver="shipped with the release",
        approver_id=SHIPPED_APPROVER,
        created_at=now,
        decided_at=now,
        activated_at=now,
    )
    SurvivorshipActivation.objects.create(
        version=version,
        actor_id=actor.id,
        actor_name=actor.name,
        correlation_id=actor.correlation_id,
        is_last_pass=True,
        recorded_at=now,
        finished_at=now,
    )
    detail = {"content_hash": version.content_hash}
    record(entry_by(actor, Action.RULES_ACTIVATED, subject=(SUBJECT, version.name), detail=detail))


def _install_model() -> None:
    """Install the shipped linkage model: active on a fresh index, else approved and ready to be activated.

    An operator's choice is never replaced by an upgrade. A name that is taken is left alone: releases name
    their models apart.
    """
    model = load_default()
    known = LinkageModelVersion.objects
    if known.filter(Q(content_hash=model.content_hash) | Q(name=model.version)).exists():
        return
    now = timezone.now()
    fresh = not known.filter(status=ModelStatus.ACTIVE).exists()
    version = known.create(
        name=model.version,
        content_hash=model.content_hash,
        document=to_document(model),
        status=ModelStatus.ACTIVE if fresh else ModelStatus.APPROVED,
        justification=model.justification,
        author=model.author,
        author_id=SHIPPED_AUTHOR,
        approver="shipped with the release",
        approver_id=SHIPPED_APPROVER,
        created_at=now,
        decided_at=now,
        activated_at=now if fresh else None,
    )
    actor = system_actor("setup", source="command")
    if fresh:
        ModelActivation.objects.create(version=version, actor_id=actor.id, actor_name=actor.name, recorded_at=now)
    record(
        entry_by(
            actor,
            Action.MODEL_ACTIVATED if fresh else Action.MODEL_APPROVED,
            subject=("linkage_model", model.version),
            detail={"content_hash": model.content_hash},
        )
    )
