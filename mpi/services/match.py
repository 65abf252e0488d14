"""Match: who could this be? Read-only but for the audit; the same engine and evidence as ingest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.actions import Action
from matching.decide import decide
from matching.decision import Fit
from matching.join import SEPARATED, Member, Separations
from matching.records import PatientRecord, StandardRecord
from matching.standardise import standardise
from matching.verdict import Reason
from mpi import codec
from mpi.access import Permission, audit_search, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import GoldenRecord
from mpi.services.active_model import ActiveModel, last_active_model, none_active, seen_active
from mpi.services.match_search import Found, search
from mpi.services.parse import keys_of

MOST_CANDIDATES = 50
_NOT_STORED = 0
"""The record id of a subject that is in no index."""
_KEPT_APART = Reason(SEPARATED.code, "A steward keeps this person apart from another one that fits: a person chooses.")


@dataclass(frozen=True, slots=True)
class MatchCandidate:
    """One golden record that may be the person asked for, with the evidence of its closest source record."""

    golden: GoldenRecord
    probability: float
    bits: float
    grade: str
    record_id: int
    evidence: dict[str, Any] = field(repr=False)
    reasons: list[dict[str, str]]
    keys: tuple[str, ...]


def match(
    *, record: PatientRecord, actor: Actor, limit: int = 10, only_certain: bool = False
) -> tuple[MatchCandidate, ...]:
    """Golden records from likeliest to least, at most `limit` (1 to 50).

    With `only_certain` the answer is the one certain golden record, or nothing when there is none or
    several that cannot be told apart (FHIR R4 Patient/$match, onlyCertainMatches). Of two persons that a steward keeps
    apart at most one is certain, and the other says why it is not. Raises Forbidden, InvalidInput when nothing in the
    request can be searched by.
    """
    require(actor, Permission.MATCH)
    active, standard, found = _look(record)
    separated = found.separated()
    decision = decide(Member(_NOT_STORED, standard), found.persons(), active.model, separated=separated)
    chosen = decision.person_ids
    fits = [fit for fit in decision.fits if _grade(fit, chosen) != "certainly-not"]
    apart = _kept_apart(fits, separated).difference(chosen)
    if only_certain:
        fits = [fit for fit in fits if fit.person_id in chosen] if len(chosen) == 1 else []
    candidates = tuple(_candidate(fit, found, chosen, fit.person_id in apart) for fit in fits[:limit])
    audit_search(actor, [candidate.golden.euid for candidate in candidates], action=Action.MATCH_REQUESTED)
    return candidates


def _look(record: PatientRecord) -> tuple[ActiveModel, StandardRecord, Found]:
    """The record in standard form and who is found by it, under the model that is active at that moment.

    The model decides which values are worth searching by. The search begins with the model of the question before
    and is repeated in the rare case that another one has become active since. Raises InvalidInput.
    """
    active = last_active_model()
    while True:
        standard = codec.protected_standard(standardise(record, excessive=active.model.excessive))
        keys = keys_of(standard)
        found = search(keys)
        if found.model == (active.pk, active.content_hash):
            break
        active = seen_active(*found.model) if found.model else none_active()
    if not keys:
        flaw = Flaw("record", "tells too little to search by", "give a name and a birth date, or an identifier")
        raise InvalidInput("Nobody can be searched for with this.", flaws=[flaw])
    return active, standard, found


def _grade(fit: Fit, chosen: tuple[int, ...]) -> str:
    """`certain` only for what the engine would link; else the policy's grade, at most probable."""
    if fit.person_id in chosen:
        return "certain"
    grade = fit.best.verdict.grade
    return "probable" if grade == "certain" else grade


def _kept_apart(fits: Sequence[Fit], separated: Separations) -> set[int]:
    """Which of these persons a steward keeps apart from another one of them."""
    if not separated:
        return set()
    owner = {member.record_id: fit.person_id for fit in fits for member in fit.members}
    sides = ((owner.get(low), owner.get(high)) for low, high in separated)
    return {side for pair in sides if None not in pair for side in pair if side is not None}


def _candidate(fit: Fit, found: Found, chosen: tuple[int, ...], kept_apart: bool) -> MatchCandidate:
    best, keys = fit.best, tuple(sorted(found.rules[fit.person_id]))
    reasons = (*best.verdict.reasons, _KEPT_APART) if kept_apart else best.verdict.reasons
    return MatchCandidate(
        golden=found.golden(fit.person_id),
        probability=best.score.probability,
        bits=best.score.bits,
        grade=_grade(fit, chosen),
        record_id=best.right.record_id,
        evidence=fit.evidence(keys).to_document(),
        reasons=[{"code": reason.code, "words": reason.words} for reason in reasons],
        keys=keys,
    )
