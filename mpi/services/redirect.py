"""Potential matches follow their golden records when one is merged into another."""

from __future__ import annotations

from audit.actions import Action
from mpi.models import GoldenRecord, IdentityEvent, PotentialMatch, PotentialMatchStatus
from mpi.services.unit import UnitOfWork


def follow_redirect(
    unit: UnitOfWork,
    event: IdentityEvent,
    matches: dict[frozenset[int], PotentialMatch],
    *,
    retired: GoldenRecord,
    survivor: GoldenRecord,
) -> None:
    """Point the open questions of the retired golden record to its survivor; `matches` is kept up to date.

    The question between the two is answered. One that the survivor already has is closed as its double.
    """
    for pair in [pair for pair in matches if retired.pk in pair]:
        match = matches.pop(pair)
        (other,) = pair - {retired.pk}
        if other == survivor.pk:
            _close(unit, event, match, "same-golden-record")
        elif frozenset((survivor.pk, other)) in matches:
            _close(unit, event, match, "double")
        else:
            side = "golden_a_id" if match.golden_a_id == retired.pk else "golden_b_id"
            unit.change_potential_match(event, match, **{side: survivor.pk})
            matches[frozenset((survivor.pk, other))] = match


def _close(unit: UnitOfWork, event: IdentityEvent, match: PotentialMatch, reason: str) -> None:
    unit.close_potential_match(event, match, PotentialMatchStatus.CLOSED, reason)
    unit.audit(Action.POTENTIAL_MATCH_CLOSED, subject=("potential_match", str(match.uuid)), detail={"reason": reason})
