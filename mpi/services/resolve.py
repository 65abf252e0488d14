"""Resolve a potential match: same person (a merge) or different people (a separation)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, golden_subject, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Flaw, InvalidInput, NotFound, StaleVersion
from mpi.models import EventKind, PotentialMatch, PotentialMatchStatus
from mpi.services.act import ActResult, begin, check_sides
from mpi.services.locking import run_act
from mpi.services.merge import merge_locked
from mpi.services.reasons import check_reason
from mpi.services.second_person_policy import Approval, require_not_proposed
from mpi.services.separate import separate_locked

Answer = Literal["same", "different"]


def resolve_potential_match(
    *,
    uuid: UUID | str,
    outcome: Answer,
    version: int,
    versions: Mapping[str, int] | None = None,
    reason_code: str,
    reason: str,
    actor: Actor,
) -> ActResult:
    """Answer a potential match for good; undoable.

    `version` is the potential match's as the caller saw it, `versions` the golden records' by EUID.
    The older golden record survives. Raises Forbidden, NotFound, InvalidInput, StaleVersion,
    AlreadyDecided, Separated, SecondPersonNeeded, AwaitsSecondPerson, Busy.
    """
    require(actor, Permission.REVIEW)
    check_answer(outcome, reason_code, reason)
    return run_act(
        lambda: resolve_locked(
            uuid=uuid,
            outcome=outcome,
            version=version,
            versions=versions or {},
            reason_code=reason_code,
            reason=reason,
            actor=actor,
        )
    )


def check_answer(outcome: str, reason_code: str, reason: str) -> None:
    """Raise InvalidInput unless the answer and its reason can be taken."""
    if outcome not in ("same", "different"):
        flaw = Flaw("outcome", "is not known", "use same or different")
        raise InvalidInput("The answer is not known; nothing was changed.", flaws=[flaw])
    check_reason(reason_code, reason)


def resolve_locked(
    *,
    uuid: UUID | str,
    outcome: Answer,
    version: int,
    versions: Mapping[str, int],
    reason_code: str,
    reason: str,
    actor: Actor,
    approval: Approval | None = None,
) -> ActResult:
    """The body, inside the caller's durable transaction (the review desk has its own). Same errors.

    `approval` where another person has proposed this answer.
    """
    asked = PotentialMatch.objects.filter(uuid=uuid).first()
    if asked is None:
        raise NotFound("There is no potential match under this number.")
    if asked.status != PotentialMatchStatus.OPEN:
        raise AlreadyDecided(_who_decided(asked), extra={"status": str(asked.status)})
    unit = begin(actor, [asked.golden_a_id, asked.golden_b_id])
    match = PotentialMatch.objects.select_for_update().get(pk=asked.pk)
    if match.status != PotentialMatchStatus.OPEN:
        raise AlreadyDecided(_who_decided(match), extra={"status": str(match.status)})
    if match.version != version or {match.golden_a_id, match.golden_b_id} != {asked.golden_a_id, asked.golden_b_id}:
        raise StaleVersion("The potential match has changed since you looked; nothing was done. Look again.")
    older, newer = sorted((match.golden_a_id, match.golden_b_id))
    sides = [unit.golden_records[older], unit.golden_records[newer]]
    check_sides(sides, versions)
    require_not_proposed(match, sides, approval)
    same = outcome == "same"
    event = unit.event(
        EventKind.SAME_PERSON if same else EventKind.DIFFERENT_PEOPLE, reason_code=reason_code, reason=reason
    )
    if same:
        result = merge_locked(
            unit, event, survivor_id=older, retired_id=newer, versions=versions, resolved=match, approval=approval
        )
    else:
        result = separate_locked(unit, event, one_id=older, other_id=newer, resolved=match)
    unit.audit(
        Action.POTENTIAL_MATCH_RESOLVED,
        subject=("potential_match", str(match.uuid)),
        related=[golden_subject(unit.golden_records[pk].euid) for pk in (older, newer)],
        reason_code=reason_code,
        reason=reason,
        detail={"outcome": outcome, "event": str(event.uuid), "bits": match.bits, "probability": match.probability},
    )
    unit.flush()
    return result


def _who_decided(match: PotentialMatch) -> str:
    event = match.resolved_by_event
    if event is None:
        return "This potential match has closed by itself: its reason is gone. Nothing was changed."
    return f"{event.actor_name} decided before you: {match.get_status_display()}. Nothing was changed."
