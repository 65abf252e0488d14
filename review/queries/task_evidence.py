"""The evidence of a task: as it was stored when the task opened, and the same pair as it is today."""

from __future__ import annotations

from dataclasses import replace

from matching.evidence import explain
from matching.model import LinkageModel
from matching.policy import judge
from matching.records import StandardRecord
from matching.score import score
from mpi import codec
from mpi.models import PotentialMatch
from mpi.queries.evidence import Evidence, evidence_of
from mpi.queries.linkage import model_of


def why(match: PotentialMatch, evidence: Evidence) -> str:
    """Why a person is asked, in one sentence."""
    percent = "more than 99.9 %" if evidence.probability > 0.999 else f"{evidence.probability * 100:.1f} %"
    held = list(evidence.held_by) or [reason["words"] for reason in match.reasons if reason.get("words")]
    if evidence.probability > evidence.link_over:
        because = _inner(held[0]) if held else "another golden record fits as well"
        return f"the evidence alone says {percent}, enough to link by itself, but the index does not dare: {because}"
    more = f" Also: {_inner(held[0])}" if held else ""
    low, high = f"{evidence.review_from * 100:g} %", f"{evidence.link_over * 100:g} %"
    return f"the evidence says {percent}: over {low}, so it may be one person; not over {high}, so nothing links.{more}"


def _inner(words: str) -> str:
    """A sentence to follow a colon: small first letter unless the word is a name or number."""
    head, _, _ = words.partition(" ")
    keep = head.isupper() or any(char.isdigit() for char in head)
    return words if keep else f"{words[:1].lower()}{words[1:]}"


def evidence_then_and_now(match: PotentialMatch) -> tuple[Evidence, Evidence | None, tuple[str, ...]]:
    """Evidence as stored, as it is today where a record changed since, and the names of the sides that changed."""
    stored = _stored(match)
    since = match.decision.recorded_at if match.decision else match.opened_at
    pair = (match.record_a, match.record_b)
    changed = tuple(f"{record.source_system.name} {record.mrn}" for record in pair if record.recorded_at > since)
    if stored is None:
        return _today(match), None, ()
    return stored, _today(match) if changed else None, changed


def _stored(match: PotentialMatch) -> Evidence | None:
    """The stored evidence of the pair, side A on the left; None where the decision was about another pair."""
    if match.decision is None:
        return None
    subject = match.decision.source_record_id
    if subject not in {match.record_a_id, match.record_b_id}:
        return None
    other = match.record_b_id if subject == match.record_a_id else match.record_a_id
    considered = codec.decision_evidence(match.decision).get("considered", ())
    told = next((part["evidence"] for part in considered if part["record_id"] == other), None)
    if told is None:
        return None
    evidence = evidence_of(told, model_of(match.model_version))
    return evidence if subject == match.record_a_id else _turned(evidence)


def _turned(evidence: Evidence) -> Evidence:
    return replace(evidence, rows=tuple(replace(row, left=row.right, right=row.left) for row in evidence.rows))


def _today(match: PotentialMatch) -> Evidence:
    """The pair scored now, under the model version of the task."""
    a, b = codec.standard_record(match.record_a), codec.standard_record(match.record_b)
    return evidence_today(a, b, model_of(match.model_version))


def evidence_today(a: StandardRecord, b: StandardRecord, model: LinkageModel) -> Evidence:
    """Two standard records as a pair, with its words about each value. No query."""
    scored = score(a, b, model)
    return evidence_of(explain(a, b, scored, judge(a, b, scored, model)).to_document(), model)
