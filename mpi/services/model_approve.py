"""Approve or reject a drafted linkage model: a second person reads it and answers for it."""

from __future__ import annotations

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.models import ModelStatus
from mpi.services.locking import run_act
from mpi.services.model_versions import SUBJECT, ModelAct, find_version, lock_versions, readable_model
from mpi.services.reasons import check_words
from mpi.services.second_person import check_draft, close_draft, require_second_person


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
        check_draft(version, called=f"The linkage model {name} is")
        close_draft(version, status, actor=actor, reason=reason, action=action, subject=(SUBJECT, name))
        return ModelAct(name, str(status), f"The linkage model {name} is {status}.")

    return run_act(act)
