"""Potential matches follow their golden records when one is merged into another."""

from __future__ import annotations

from mpi.models import GoldenRecord, IdentityEvent, PotentialMatch
from mpi.services.questions import close_question, kept_apart
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

    The question between the two is answered. One that the survivor already has is closed as its double; one
    that the separations of the members answer now is closed too.
    """
    apart = kept_apart(unit, survivor.pk)
    for pair in [pair for pair in matches if retired.pk in pair]:
        match = matches.pop(pair)
        (other,) = pair - {retired.pk}
        if other == survivor.pk:
            close_question(unit, event, match, "same-golden-record")
        elif frozenset((survivor.pk, other)) in matches:
            close_question(unit, event, match, "double")
        else:
            side = "golden_a_id" if match.golden_a_id == retired.pk else "golden_b_id"
            unit.change_potential_match(event, match, **{side: survivor.pk})
            matches[frozenset((survivor.pk, other))] = match
    for pair in [pair for pair in matches if apart and survivor.pk in pair]:
        if apart & unit.members_of(pair - {survivor.pk}):
            close_question(unit, event, matches.pop(pair), "separated")
