"""Match: who could this be? Read-only but for the audit; the same engine and evidence as ingest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from audit.actions import Action
from matching.decide import decide
from matching.decision import Fit
from matching.join import Member
from matching.records import PatientRecord
from matching.standardise import standardise
from mpi import codec
from mpi.access import Permission, audit_search, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import GoldenRecord
from mpi.services.active_model import active_model
from mpi.services.neighbourhood import look_for
from mpi.services.parse import keys_of
from mpi.services.rows import stored

MOST_CANDIDATES = 50
_NOT_STORED = 0
"""The record id of a subject that is in no index."""


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
    several that cannot be told apart (FHIR R4 Patient/$match, onlyCertainMatches). Raises Forbidden,
    InvalidInput when nothing in the request can be searched by.
    """
    require(actor, Permission.MATCH)
    active = active_model()
    standard = codec.protected_standard(standardise(record, excessive=active.model.excessive))
    keys = keys_of(standard)
    if not keys:
        flaw = Flaw("record", "tells too little to search by", "give a name and a birth date, or an identifier")
        raise InvalidInput("Nobody can be searched for with this.", flaws=[flaw])
    seen = look_for(keys)
    rules = seen.candidates(keys, besides=_NOT_STORED)
    decision = decide(Member(_NOT_STORED, standard), seen.persons(sorted(rules)), active.model, separated=frozenset())
    fits = [fit for fit in decision.fits if _grade(fit, decision.person_ids) != "certainly-not"]
    if only_certain:
        fits = [fit for fit in fits if fit.person_id in decision.person_ids] if len(decision.person_ids) == 1 else []
    golden = stored(GoldenRecord, [fit.person_id for fit in fits[:limit]])
    found = tuple(_candidate(fit, golden, decision.person_ids, rules) for fit in fits[:limit])
    audit_search(actor, [candidate.golden.euid for candidate in found], action=Action.MATCH_REQUESTED)
    return found


def _grade(fit: Fit, chosen: tuple[int, ...]) -> str:
    """`certain` only for what the engine would link; else the policy's grade, at most probable."""
    if fit.person_id in chosen:
        return "certain"
    grade = fit.best.verdict.grade
    return "probable" if grade == "certain" else grade


def _candidate(
    fit: Fit, golden: dict[int, GoldenRecord], chosen: tuple[int, ...], rules: dict[int, tuple[str, ...]]
) -> MatchCandidate:
    best = fit.best
    return MatchCandidate(
        golden=golden[fit.person_id],
        probability=best.score.probability,
        bits=best.score.bits,
        grade=_grade(fit, chosen),
        record_id=best.right.record_id,
        evidence=fit.evidence(rules[fit.person_id]).to_document(),
        reasons=[{"code": reason.code, "words": reason.words} for reason in best.verdict.reasons],
        keys=rules[fit.person_id],
    )
