"""Potential matches follow their source records: a question is always about the golden records that hold its pair."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from audit.actions import Action
from audit.uuid7 import uuid7
from matching.decision import Fit
from mpi.access import golden_subject
from mpi.models import (
    GoldenRecord,
    IdentityEvent,
    PotentialMatch,
    PotentialMatchKind,
    PotentialMatchStatus,
    Separation,
    SeparationPair,
)
from mpi.services.neighbourhood import separated_pairs
from mpi.services.unit import UnitOfWork


def question_values(
    golden_id: int, other_id: int, fit: Fit, *, decision_id: int, model_version_id: int
) -> dict[str, Any]:
    """What a potential match says: the pair of records that asks, how strong it is and what held it back."""
    best = fit.best
    left, right = best.left.record, best.right.record
    reasons = [{"code": reason.code, "words": reason.words} for reason in best.verdict.reasons]
    reasons += [
        {"code": refusal.reason.code, "words": f"Another source record of this person: {refusal.reason.words}"}
        for refusal in fit.join.refusals
        if refusal.right_id != best.right.record_id
    ]
    one_source = left.source_system == right.source_system
    return {
        "golden_a_id": golden_id,
        "golden_b_id": other_id,
        "record_a_id": best.left.record_id,
        "record_b_id": best.right.record_id,
        "kind": PotentialMatchKind.DUPLICATE if one_source else PotentialMatchKind.OVERLAP,
        "grade": best.verdict.grade,
        "bits": best.score.bits,
        "probability": best.score.probability,
        "risk": best.score.probability * (1 + len(fit.members)),
        "reasons": reasons,
        "decision_id": decision_id,
        "model_version_id": model_version_id,
    }


def open_question(
    unit: UnitOfWork,
    event: IdentityEvent,
    golden: GoldenRecord,
    other: GoldenRecord,
    fit: Fit,
    *,
    decision_id: int,
    model_version_id: int,
    detail: dict[str, object] | None = None,
) -> PotentialMatch:
    """Ask whether the two are one person; the caller made sure that this is not asked yet. Audited."""
    values = question_values(golden.pk, other.pk, fit, decision_id=decision_id, model_version_id=model_version_id)
    match = PotentialMatch(id=unit.new_id(PotentialMatch), uuid=uuid7(), opened_at=unit.recorded_at, **values)
    unit.open_potential_match(event, match)
    for side in (golden, other):
        unit.touch(event, side)
    unit.audit(
        Action.POTENTIAL_MATCH_OPENED,
        subject=("potential_match", str(match.uuid)),
        related=[golden_subject(golden.euid), golden_subject(other.euid)],
        reason_code=event.reason_code,
        reason=event.reason,
        detail=detail,
    )
    return match


def settle_questions(unit: UnitOfWork, event: IdentityEvent, matches: Iterable[PotentialMatch]) -> None:
    """Bring open questions in line with where their records are now, the changes of this unit included.

    `matches` are all that touch the golden records of the act. A question whose records have come together, or
    that doubles another one, or that a separation has answered, is closed.
    """
    standing = [match for match in matches if match.status == PotentialMatchStatus.OPEN]
    standing.sort(key=lambda match: match.pk)
    owners = unit.owners_of(pk for match in standing for pk in (match.record_a_id, match.record_b_id))
    pairs: set[frozenset[int]] = set()
    for match in standing:
        one, other = owners.get(match.record_a_id), owners.get(match.record_b_id)
        if one is None or other is None:
            close_question(unit, event, match, "record-gone")
        elif one == other:
            close_question(unit, event, match, "same-golden-record")
        elif frozenset((one, other)) in pairs:
            close_question(unit, event, match, "double")
        elif kept_apart(unit, one) & unit.members_of([other]):
            close_question(unit, event, match, "separated")
        elif (one, other) == (match.golden_a_id, match.golden_b_id):
            pairs.add(frozenset((one, other)))
        else:
            pairs.add(frozenset((one, other)))
            unit.change_potential_match(event, match, golden_a_id=one, golden_b_id=other)


def follow_record(
    unit: UnitOfWork,
    event: IdentityEvent,
    matches: dict[frozenset[int], PotentialMatch],
    record_id: int,
    *,
    sides: tuple[int | None, int],
    others: Iterable[int],
) -> set[int]:
    """What rests on a record that goes from one side to the other is open there; what is open there already, once.
    A record that was nowhere before (None) takes nothing along.

    `matches` are the open questions by their golden records, and are kept up. Returns those of `others`, whom the
    record is still asked about, whose question has come along: the caller writes it anew.
    """
    left, taker = sides
    followed: set[int] = set()
    if left is None:
        return followed
    for other in others:
        match = matches.get(frozenset((left, other)))
        if match is None or record_id not in (match.record_a_id, match.record_b_id):
            continue
        del matches[frozenset((left, other))]
        if frozenset((taker, other)) in matches:
            close_question(unit, event, match, "double")
        else:
            matches[frozenset((taker, other))] = match
            followed.add(other)
    return followed


def kept_apart(unit: UnitOfWork, golden_id: int) -> set[int]:
    """Source records that a decision keeps apart from a member of this golden record, those of this unit included."""
    members = unit.members_of([golden_id])
    pairs = separated_pairs(members, besides=unit.changed_keys(Separation))
    pairs |= {(pair.record_low_id, pair.record_high_id) for pair in unit.new_rows(SeparationPair)}
    return {pk for pair in pairs if len(members.intersection(pair)) == 1 for pk in pair} - members


def close_question(unit: UnitOfWork, event: IdentityEvent, match: PotentialMatch, reason: str) -> None:
    """Close a question by itself: its reason is gone. Audited."""
    unit.close_potential_match(event, match, PotentialMatchStatus.CLOSED, reason)
    unit.audit(Action.POTENTIAL_MATCH_CLOSED, subject=("potential_match", str(match.uuid)), detail={"reason": reason})
