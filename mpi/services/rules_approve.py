"""Approve or reject drafted survivorship rules: a second person looks at what they would change and answers for it."""

from __future__ import annotations

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Flaw, InvalidInput
from mpi.models import RulesStatus, SurvivorshipVersion
from mpi.queries.survivorship import finished_preview, version
from mpi.services.locking import run_act, transaction_time
from mpi.services.reasons import check_words
from mpi.services.rules_versions import SUBJECT, lock_versions
from mpi.services.second_person import require_second_person


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
        if row.status != RulesStatus.DRAFT:
            by = f" by {row.approver}" if row.approver else ""
            raise AlreadyDecided(
                f"The survivorship rules {name} are {row.status} already{by}; nothing was changed.",
                extra={"status": str(row.status)},
            )
        detail: dict[str, object] = {"content_hash": row.content_hash, "author": row.author_id}
        if approved:
            detail |= _seen(row, active)
        row.status = status
        row.decided_at = transaction_time()
        row.decision_reason = reason
        row.approver, row.approver_id = actor.name, actor.id
        row.save(update_fields=["status", "decided_at", "decision_reason", "approver", "approver_id"])
        record(
            entry_by(
                actor,
                action,
                subject=(SUBJECT, name),
                reason_text=reason,
                before={"status": str(RulesStatus.DRAFT)},
                after={"status": str(status)},
                detail=detail,
            )
        )
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
