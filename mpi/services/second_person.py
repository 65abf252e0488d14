"""Where two people are asked: a person approves, and another one than who began. Refusals are written down.

What is drafted (a linkage model, survivorship rules) is approved or rejected once, with a reason.
"""

from __future__ import annotations

from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Forbidden
from mpi.models import LinkageModelVersion, ModelStatus, RulesStatus, SurvivorshipVersion
from mpi.services.locking import transaction_time


def require_second_person(
    actor: Actor, *, began_by: str, action: Action, subject: tuple[str, str], own: str, nobody: str
) -> None:
    """Raise Forbidden with the words `own` or `nobody`, unless a person acts who is not `began_by`.

    Call outside a transaction: the audit entry of the refusal must stay.
    """
    if actor.kind == "user" and actor.id != began_by:
        return
    is_own = actor.kind == "user"
    with transaction.atomic():
        refused = {"why": "own work" if is_own else "no person"}
        record(entry_by(actor, action, subject=subject, outcome="refused", detail=refused))
    raise Forbidden(f"{own if is_own else nobody} Nothing was changed.")


def check_draft(version: LinkageModelVersion | SurvivorshipVersion, *, called: str) -> None:
    """Raise AlreadyDecided unless the version is a draft; `called` is it with its verb: “The linkage model x is”."""
    if version.status not in (ModelStatus.DRAFT, RulesStatus.DRAFT):
        by = f" by {version.approver}" if version.approver else ""
        raise AlreadyDecided(
            f"{called} {version.status} already{by}; nothing was changed.", extra={"status": str(version.status)}
        )


def close_draft(
    version: LinkageModelVersion | SurvivorshipVersion,
    status: ModelStatus | RulesStatus,
    *,
    actor: Actor,
    reason: str,
    action: Action,
    subject: tuple[str, str],
    detail: dict[str, object] | None = None,
) -> None:
    """Write down who has approved or rejected a locked draft, and why. Audited with its content hash and author."""
    before = str(version.status)
    version.status = status
    version.decided_at = transaction_time()
    version.decision_reason = reason
    version.approver, version.approver_id = actor.name, actor.id
    version.save(update_fields=["status", "decided_at", "decision_reason", "approver", "approver_id"])
    record(
        entry_by(
            actor,
            action,
            subject=subject,
            reason_text=reason,
            before={"status": before},
            after={"status": str(status)},
            detail={"content_hash": version.content_hash, "author": version.author_id, **(detail or {})},
        )
    )
