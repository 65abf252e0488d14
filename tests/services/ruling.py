"""Survivorship rules of the tests."""

from __future__ import annotations

import json

from matching.survivorship import DEFAULT_RULES
from mpi.access import ROLES
from mpi.commands import Actor
from mpi.models import RulesStatus, SurvivorshipPreview, SurvivorshipVersion
from mpi.services.rules_activate import activate_rules
from mpi.services.rules_approve import approve_rules
from mpi.services.rules_draft import draft_rules
from mpi.services.rules_preview import follow_preview, order_preview


def document(name: str, ranks: dict[str, int] | None = None, **fields: list[str]) -> str:
    """The shipped rules under another name, with other criteria for some fields, and ranks of systems."""
    shipped = DEFAULT_RULES.to_document()["fields"]
    assert isinstance(shipped, dict)
    told = {"ranks": ranks} if ranks else {}
    return json.dumps({"version": name, "fields": {**shipped, **fields}, **told})


def draft(actor: Actor, name: str, ranks: dict[str, int] | None = None, **fields: list[str]) -> str:
    return draft_rules(text=document(name, ranks, **fields), justification="As agreed", actor=actor).name


def previewed(actor: Actor, name: str) -> SurvivorshipPreview:
    preview = order_preview(name=name, actor=actor, by_worker=False)
    while preview.finished_at is None:
        preview = follow_preview(preview.pk)
    return preview


def approve(author: Actor, name: str) -> SurvivorshipVersion:
    """Looked at and approved by another person than its author."""
    previewed(author, name)
    return approve_rules(name=name, reason="Looked at it", actor=second_supervisor())


def activate(actor: Actor, name: str) -> None:
    """Approved first where it is a draft."""
    if SurvivorshipVersion.objects.filter(name=name, status=RulesStatus.DRAFT).exists():
        approve(actor, name)
    activate_rules(name=name, reason="As agreed", actor=actor)


def second_supervisor() -> Actor:
    return Actor(kind="user", id="sven", name="Sven", source="web", permissions=ROLES["supervisor"])
