"""Blind double review: a task of the sample is read by two stewards who do not know of one another.

What both say is carried out; where they disagree, a third sees both and decides. A question whose merge needs two
people by policy is not in the sample: two look at it anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import salted_hmac

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import golden_subject
from mpi.commands import Actor
from mpi.errors import AlreadyDecided
from mpi.models import PotentialMatch
from mpi.services.second_person_policy import merge_reasons, require_not_proposed
from review.models import BlindAnswer, Outcome
from review.queries.blind import standing_readings
from review.services import leases
from review.services.answers import LockedTask

_SCALE = 2**64


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading that was kept; `decides` when the task is answered by it now."""

    answer: BlindAnswer
    decides: bool


def in_sample(match: PotentialMatch) -> bool:
    """Whether the task belongs to the sample: by a keyed hash of its number, which nobody can foresee."""
    digest = salted_hmac("review.blind", str(match.uuid), algorithm="sha256").digest()
    return int.from_bytes(digest[:8]) < settings.BLIND_REVIEW_SHARE * _SCALE


def require_unread(task: LockedTask, *, actor: Actor) -> None:
    """Raise AlreadyDecided where the actor has read the task: who reads after them must not learn the answer."""
    _require_unread(standing_readings(task.match.pk, task.basis.digest()), actor)


def _require_unread(readings: Sequence[BlindAnswer], actor: Actor) -> None:
    if any(one.user_id == actor.id for one in readings):
        raise AlreadyDecided("You have answered this task; another steward reads it now. Nothing was changed.")


def read_blind(task: LockedTask, outcome: Outcome, *, reason_code: str, comment: str, actor: Actor) -> Reading | None:
    """Keep an answer as a reading; None where the task is not under double review. Call inside the transaction.

    Raises AlreadyDecided where the actor has read the task before, AwaitsSecondPerson. One audit event.
    """
    match, basis_hash = task.match, task.basis.digest()
    earlier = standing_readings(match.pk, basis_hash)
    if not earlier and not in_sample(match):
        return None
    if merge_reasons(match.golden_a, match.golden_b, actor=actor):
        return None
    require_not_proposed(match, (match.golden_a, match.golden_b), None)
    _require_unread(earlier, actor)
    number = len(earlier) + 1
    kept = BlindAnswer.objects.create(
        potential_match=match,
        task_version=task.basis.task_version,
        round=number,
        user_id=actor.id,
        user_name=actor.name,
        outcome=outcome,
        reason_code=reason_code,
        comment=comment,
        decided_at=task.now,
        seconds=task.seconds,
        basis_hash=basis_hash,
    )
    decides = number > 2 or (number == 2 and earlier[0].outcome == outcome)
    if not decides:
        leases.end(match, now=task.now)
    record(
        entry_by(
            actor,
            Action.BLIND_ANSWERED,
            subject=("potential_match", str(match.uuid)),
            related=(golden_subject(match.golden_a.euid), golden_subject(match.golden_b.euid)),
            reason_code=reason_code,
            reason_text=comment,
            detail={"answer": str(outcome), "round": number, "decides": decides},
            recorded_at=task.now,
        )
    )
    return Reading(kept, decides)
