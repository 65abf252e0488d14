"""Approve or reject drafted survivorship rules: a second person looks at what they would change and answers for it."""

from __future__ import annotations

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import RulesStatus, SurvivorshipVersion
from mpi.queries.survivorship import finished_preview, version
from mpi.services.locking import run_act
from mpi.services.reasons import check_words
from mpi.services.rules_versions import SUBJECT, lock_versions
from mpi.services.second_person import check_draft, close_draft, require_second_person


def approve_rules(*, name: str, reason: str, actor: Actor) -> SurvivorshipVersion:
    """Approve a draft of somebody else, whose difference from the active rules was computed, to be activated.

    Raises Forbidden (also for its author, and for whoever is no person), NotFound, InvalidInput (no preview, or one
    against other rules), AlreadyDecided, Busy. Refusals are audited.
    """
    return _decide(name, reason, actor, RulesStatus.APPROVED)


def reject_rules(*, name: str, reason: str, actor: Actor) -> SurvivorshipVersion:
    """Reject a draft for good; its author may do so, too, and nothing is asked of a preview. Raises as above."""
    return _decide(name, reason, actor, RulesStatus.REJECTED)


def _decide(name: str, reason: str, actor: Actor, status: RulesStatus) -> SurvivorshipVersion:
    require(actor, Permission.MODEL_MANAGE)
    check_words(reason)
    approved = status == RulesStatus.APPROVED
    action = Action.RULES_APPROVED if approved else Action.RULES_REJECTED
    if approved:
        require_second_person(
            actor,
            began_by=version(name).author_id,
            action=action,
            subject=(SUBJECT, name),
            own="Survivorship rules are approved by another person than their author.",
            nobody="A person must approve them.",
        )

    def act() -> SurvivorshipVersion:
        row, active = lock_versions(name)
        check_draft(row, called=f"The survivorship rules {name} are")
        seen = _seen(row, active) if approved else None
        close_draft(row, status, actor=actor, reason=reason, action=action, subject=(SUBJECT, name), detail=seen)
        return row

    return run_act(act)


def _seen(row: SurvivorshipVersion, active: SurvivorshipVersion | None) -> dict[str, object]:
    """Which preview the approver answers for. Raises InvalidInput where there is none against the active rules."""
    preview = finished_preview(row, active)
    if preview is None:
        problem = f"is missing, or was made against other rules than {active.name if active else 'those of now'}"
        flaw = Flaw("preview", problem, f"run “manage.py survivorshiprules preview {row.name}” and look at it")
        raise InvalidInput("What these rules would change must be looked at first; nothing was changed.", flaws=[flaw])
    return {"preview": str(preview.uuid), "changed": preview.changed}
