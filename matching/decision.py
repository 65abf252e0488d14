"""The Decision: what was decided, why, and the evidence for it, as stored and shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matching.evidence import Evidence, explain
from matching.join import JoinVerdict, Member, ScoredPair
from matching.score import Score
from matching.verdict import Reason, Verdict


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One person in the review band, with its record that is closest to the subject."""

    person_id: int
    record_id: int
    score: Score
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Fit:
    """How one candidate person fits the subject: `pairs` with each of its records, and the join over all."""

    person_id: int
    decided_by_human: bool
    members: tuple[Member, ...]
    pairs: tuple[ScoredPair, ...]
    join: JoinVerdict

    @property
    def best(self) -> ScoredPair:
        """The strongest pair; a Fit always has one."""
        if self.join.best is None:
            raise ValueError("A fit was made of no pair.")
        return self.join.best

    def evidence(self, keys: Iterable[str] = ()) -> Evidence:
        """Evidence of the strongest pair, subject on the left. `keys` are the blocking rules that found the person."""
        best = self.best
        return explain(best.left.record, best.right.record, best.score, best.verdict, keys=keys)


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the subject belongs.

    outcome        `link`: to the one person of `person_ids`; `join`: those persons and the subject are one;
                   `review`: a provisional person of its own, and a potential match for each item of `review`;
                   `new`: a provisional person of its own
    grade          of the link, or of the strongest held candidate
    review         every other person in the review or probable band, strongest first (with `link` and `join` too)
    reasons        why this outcome; why a pair was held is in its verdict
    fits           every person that came near, strongest first
    fits_current   for an update: whether the person it is linked to now is among `person_ids`
    """

    outcome: str
    subject: Member = field(repr=False)
    person_ids: tuple[int, ...]
    grade: str
    review: tuple[ReviewItem, ...]
    reasons: tuple[Reason, ...]
    fits: tuple[Fit, ...] = field(repr=False)
    model_version: str
    model_hash: str
    fits_current: bool | None = None

    @property
    def supporting_record_id(self) -> int | None:
        """The record that earned a link, None without one."""
        if not self.person_ids:
            return None
        return next(fit.best.right.record_id for fit in self.fits if fit.person_id in self.person_ids)

    def to_document(self, keys: Mapping[int, Iterable[str]] | None = None) -> dict[str, object]:
        """Plain JSON with the evidence of each person considered. Holds patient data: store it encrypted.

        `keys` are the blocking rules that found each person.
        """
        found_by = keys or {}
        return {
            "outcome": self.outcome,
            "grade": self.grade,
            "person_ids": list(self.person_ids),
            "reasons": [_reason(reason) for reason in self.reasons],
            "model_version": self.model_version,
            "model_hash": self.model_hash,
            "fits_current": self.fits_current,
            "considered": [_considered(fit, found_by.get(fit.person_id, ())) for fit in self.fits],
        }


def _considered(fit: Fit, keys: Iterable[str]) -> dict[str, object]:
    return {
        "person_id": fit.person_id,
        "record_id": fit.best.right.record_id,
        "earned": fit.join.earned,
        "refusals": [{"record_id": refusal.right_id, **_reason(refusal.reason)} for refusal in fit.join.refusals],
        "evidence": fit.evidence(keys).to_document(),
    }


def _reason(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "words": reason.words}
