"""What every answer has in common: the locks, the re-check, and the row that is kept of it.

Call inside a transaction. The order is the lock law's: both golden records by ascending key, then the
potential match, then the claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mpi.commands import Actor
from mpi.errors import AlreadyDecided, NotFound
from mpi.models import PotentialMatch, PotentialMatchStatus
from mpi.services.locking import TryAgain, lock_golden_records, transaction_time
from review.basis import Basis, Shown, basis_of, difference
from review.errors import EvidenceChanged
from review.models import FINAL_OUTCOMES, Deferral, Outcome, ReviewDecision
from review.services import leases


@dataclass(frozen=True, slots=True)
class LockedTask:
    """A task that cannot change under our hands any more, and what the steward saw of it."""

    match: PotentialMatch
    basis: Basis
    seconds: float
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a use case of this desk returns: which row was written, and whether it can be undone."""

    decision: UUID
    task: UUID
    outcome: Outcome
    undoable: bool


def lock_task(task: UUID, *, shown: Shown, actor: Actor) -> LockedTask:
    """Lock a task for an answer and check that nothing changed since it was shown.

    Raises NotFound, AlreadyDecided, ClaimedByAnother, EvidenceChanged; TryAgain when the sides were exchanged
    meanwhile.
    """
    seen = PotentialMatch.objects.filter(uuid=task).values_list("golden_a_id", "golden_b_id").first()
    if seen is None:
        raise NotFound("There is no potential match under this number.")
    golden = lock_golden_records(seen)
    match = (
        PotentialMatch.objects.select_for_update(of=("self",), no_key=True)
        .select_related("model_version")
        .defer("model_version__document")
        .get(uuid=task)
    )
    if {match.golden_a_id, match.golden_b_id} != set(seen):
        raise TryAgain
    match.golden_a, match.golden_b = golden[match.golden_a_id], golden[match.golden_b_id]
    now = transaction_time()
    if match.status != PotentialMatchStatus.OPEN:
        raise AlreadyDecided("This question was answered before; your answer was not carried out.")
    leases.require_free(match, actor=actor, now=now)
    basis = basis_of(match)
    if changed := difference(shown.basis, basis):
        raise EvidenceChanged(changed)
    return LockedTask(match=match, basis=basis, seconds=max(now.timestamp() - shown.at, 0.0), now=now)


def keep_answer(
    task: LockedTask, outcome: Outcome, *, reason_code: str, comment: str, actor: Actor, event_uuid: UUID | None = None
) -> ReviewDecision:
    """Write the row of an answer, end the claim and whatever set the task aside before."""
    match = task.match
    _overturn_what_was_undone_elsewhere(task)
    leases.end(match, now=task.now)
    Deferral.objects.filter(potential_match=match, ended_at__isnull=True).update(ended_at=task.now)
    return ReviewDecision.objects.create(
        potential_match=match,
        outcome=outcome,
        reason_code=reason_code,
        comment=comment,
        user_id=actor.id,
        user_name=actor.name,
        decided_at=task.now,
        seconds=task.seconds,
        task_version=task.basis.task_version,
        basis_hash=task.basis.digest(),
        model_version=task.basis.model_version,
        bits=match.bits,
        probability=match.probability,
        event_uuid=event_uuid,
    )


def _overturn_what_was_undone_elsewhere(task: LockedTask) -> None:
    """An open task with a standing final answer was undone through another door: that answer does not stand."""
    standing = ReviewDecision.objects.filter(
        potential_match=task.match, outcome__in=FINAL_OUTCOMES, overturned_at__isnull=True
    )
    standing.update(overturned_at=task.now)
