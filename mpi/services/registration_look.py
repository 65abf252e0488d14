"""Look before you register: who is known already and may be this patient."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from matching.records import SSN_AUTHORITY, PatientRecord
from mpi.access import audit_search
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, StaleVersion
from mpi.models import GoldenRecord
from mpi.queries.search import Query, find
from mpi.services.match import match
from mpi.services.reasons import REASONS, check_reason
from mpi.services.registration_begin import Shown

MOST_LIKELY = 8
SAME_NUMBER = "same-number"
"""The grade of somebody who has the same SSN and nothing else in common."""
WHY_NEW = {
    code: REASONS[code]
    for code in ("documents-seen", "patient-confirmed", "family-member", "twins", "namesake", "other")
}
"""Why none of those shown is the patient: code to words."""


class LookAgain(StaleVersion):
    """Somebody like the patient was found whom the clerk has not been shown."""

    code = "look-again"
    title = "Look again before you register"


@dataclass(frozen=True, slots=True)
class Likely:
    """One person who may be the patient. `evidence` is that of the match, {} where a number alone is shared."""

    golden: GoldenRecord
    probability: float | None
    grade: str
    reasons: list[dict[str, str]]
    evidence: dict[str, Any] = field(repr=False)

    def shown(self) -> Shown:
        """What is kept of it."""
        return Shown(self.golden.euid, self.probability, self.grade)


def look(record: PatientRecord, *, actor: Actor, besides: Collection[str] = ()) -> tuple[Likely, ...]:
    """Persons who may be the patient, likeliest first; those who only share the SSN last. Audited; writes nothing else.

    `besides` are EUIDs that are left out. Raises Forbidden.
    """
    likely = [one for one in _matched(record, actor) if one.golden.euid not in besides]
    known = {one.golden.euid for one in likely}.union(besides)
    return (*likely, *_with_same_ssn(record, known, actor))


def _matched(record: PatientRecord, actor: Actor) -> list[Likely]:
    try:
        found = match(record=record, actor=actor, limit=MOST_LIKELY)
    except InvalidInput:  # too little to search by
        return []
    return [Likely(one.golden, one.probability, one.grade, one.reasons, one.evidence) for one in found]


def _with_same_ssn(record: PatientRecord, known: Collection[str], actor: Actor) -> list[Likely]:
    ssn = next((part.value for part in record.identifiers if part.authority == SSN_AUTHORITY), "")
    if not ssn:
        return []
    hits = [hit.person.euid for hit in find(Query(number=ssn)).hits if hit.person.euid not in known]
    audit_search(actor, hits)
    reason = {"code": SAME_NUMBER, "words": "Has the same social security number; nothing else was found alike."}
    return [
        Likely(golden, None, SAME_NUMBER, [reason], {})
        for golden in GoldenRecord.objects.filter(euid__in=hits).order_by("pk")
    ]


def require_looked(likely: Sequence[Likely], seen: Iterable[str]) -> None:
    """Raise LookAgain when somebody is likely whom the clerk has not seen."""
    if fresh := {one.golden.euid for one in likely}.difference(seen):
        raise LookAgain(
            f"{len(fresh)} like the patient {'was' if len(fresh) == 1 else 'were'} found that you have not been shown; "
            "nothing was registered. Look at them, then decide."
        )


def require_reason(likely: Sequence[Likely], code: str, words: str) -> None:
    """Raise InvalidInput when likely patients were shown and nothing says why none of them is the patient."""
    if not likely and not code:
        return
    if code not in WHY_NEW:
        flaw = Flaw("reason_code", "is missing", "say why none of those shown is this patient")
        raise InvalidInput("Nothing was registered.", flaws=[flaw])
    check_reason(code, words)
