"""Approve or reject a drafted linkage model: a second person reads it and answers for it."""

from __future__ import annotations

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided
from mpi.models import ModelStatus
from mpi.services.locking import run_act, transaction_time
from mpi.services.model_versions import SUBJECT, ModelAct, find_version, lock_versions, readable_model
from mpi.services.reasons import check_words
from mpi.services.second_person import require_second_person


def approve_model(*, name: str, reason: str, actor: Actor) -> ModelAct:
    """Approve a draft of somebody else, so that it may be activated.

    Raises Forbidden (also for its author, and for whoever is no person), NotFound, InvalidInput, AlreadyDecided,
    Busy. Refusals are audited.
    """
    return _decide(name, reason, actor, ModelStatus.APPROVED)


def reject_model(*, name: str, reason: str, actor: Actor) -> ModelAct:
    """Reject a draft for good; its author may do so, too. Raises as `approve_model`."""
    return _decide(name, reason, actor, ModelStatus.REJECTED)


def _decide(name: str, reason: str, actor: Actor, status: ModelStatus) -> ModelAct:
    require(actor, Permission.MODEL_MANAGE)
    check_words(reason)
    approved = status == ModelStatus.APPROVED
    action = Action.MODEL_APPROVED if approved else Action.MODEL_REJECTED
    if approved:
        version = find_version(name)
        require_second_person(
            actor,
            began_by=version.author_id,
            action=action,
            subject=(SUBJECT, name),
            own="A linkage model is approved by another person than its author.",
            nobody="A person must approve it.",
        )
        readable_model(version)

    def act() -> ModelAct:
        version, _ = lock_versions(name)
        if version.status != ModelStatus.DRAFT:
            by = f" by {version.approver}" if version.approver else ""
            raise AlreadyDecided(
                f"The linkage model {name} is {version.status} already{by}; nothing was changed.",
                extra={"status": str(version.status)},
            )
        version.status = status
        version.decided_at = transaction_time()
        version.decision_reason = reason
        version.approver, version.approver_id = actor.name, actor.id
        version.save(update_fields=["status", "decided_at", "decision_reason", "approver", "approver_id"])
        record(
            entry_by(
                actor,
                action,
                subject=(SUBJECT, name),
                reason_text=reason,
                before={"status": "draft"},
                after={"status": str(status)},
                detail={"content_hash": version.content_hash, "author": version.author_id},
            )
        )
        return ModelAct(name, str(status), f"The linkage model {name} is {status}.")

    return run_act(act)
