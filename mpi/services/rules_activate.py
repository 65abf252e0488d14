"""Activate approved survivorship rules: from the next batch on they choose, and what they have not chosen is made anew.

A version that was active before may become active again: that is how a change of rules is taken back.
"""

from __future__ import annotations

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Flaw, InvalidInput, StaleVersion
from mpi.models import RulesStatus, SurvivorshipActivation, SurvivorshipVersion
from mpi.services.dispatch import hint_rules
from mpi.services.locking import run_act, transaction_time
from mpi.services.reasons import check_words
from mpi.services.rules_versions import SUBJECT, lock_versions


def activate_rules(*, name: str, reason: str, actor: Actor, seen_active: str = "") -> SurvivorshipActivation:
    """Make a version the active one and let a worker make the golden records of before anew.

    `seen_active` is the version that the caller saw active; "" is no claim. Raises Forbidden, NotFound, InvalidInput
    (not approved), AlreadyDecided (it is active), StaleVersion (others have become active since), Busy.
    """
    require(actor, Permission.MODEL_MANAGE)
    check_words(reason, mend="say why")

    def act() -> SurvivorshipActivation:
        version, active = lock_versions(name)
        if version == active:
            raise AlreadyDecided(f"The survivorship rules {name} are active already; nothing was changed.")
        _require_approved(version)
        now_active = active.name if active else ""
        if seen_active and seen_active != now_active:
            raise StaleVersion(
                f"Other rules ({now_active}) have become active since you looked; nothing was changed. Look again.",
                extra={"seen_active": seen_active, "active": now_active},
            )
        return _switch(version, active, reason=reason, actor=actor)

    return run_act(act)


def _require_approved(version: SurvivorshipVersion) -> None:
    mends = {
        RulesStatus.DRAFT: "look at what it would change, and have it approved by another person",
        RulesStatus.REJECTED: "draft another version",
    }
    if mend := mends.get(RulesStatus(version.status)):
        flaw = Flaw("status", f"is {version.status}", mend)
        raise InvalidInput(
            f"The survivorship rules {version.name} are not approved; nothing was changed.", flaws=[flaw]
        )


def _switch(
    version: SurvivorshipVersion, active: SurvivorshipVersion | None, *, reason: str, actor: Actor
) -> SurvivorshipActivation:
    now = transaction_time()
    if active is not None:
        active.status = RulesStatus.SUPERSEDED
        active.save(update_fields=["status"])
    version.status, version.activated_at = RulesStatus.ACTIVE, now
    version.save(update_fields=["status", "activated_at"])
    activation = SurvivorshipActivation.objects.create(
        version=version,
        previous=active,
        actor_id=actor.id,
        actor_name=actor.name,
        reason=reason,
        correlation_id=actor.correlation_id,
        recorded_at=now,
    )
    before = active.name if active else ""
    record(
        entry_by(
            actor,
            Action.RULES_ACTIVATED,
            subject=(SUBJECT, version.name),
            related=((SUBJECT, before),) if before else (),
            reason_text=reason,
            before={"active": before},
            after={"active": version.name},
            detail={"content_hash": version.content_hash},
            recorded_at=now,
        )
    )
    hint_rules(activation.pk)
    return activation
