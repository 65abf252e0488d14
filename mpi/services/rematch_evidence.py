"""Why a rematch changed something, kept as every decision is: both values, levels and bits, encrypted.

Call inside the transaction of the change, on locked golden records.
"""

from __future__ import annotations

from collections.abc import Sequence

from matching.decide import Outcome
from matching.decision import Decision as EngineDecision
from matching.decision import Fit
from matching.join import Member, judge_join, scored_pair
from matching.model import LinkageModel
from matching.verdict import Reason
from mpi.models import RematchChange
from mpi.services.decisions import keep_decision
from mpi.services.rematch_read import View
from mpi.services.unit import UnitOfWork

REASON = Reason("rematch", "A rematch of the whole index under this model decided it.")


def members_of(view: View, record_ids: Sequence[int]) -> dict[int, Member]:
    """The records as the model reads them; those under suspicion of an overlay are left out."""
    told = view.these(record_ids)
    return {one.record_id: Member(one.record_id, one.standard) for one in told if one.standard is not None}


def fit_of(subject: Member, others: Sequence[Member], golden_id: int, model: LinkageModel, *, human: bool) -> Fit:
    """How the subject fits the person of these records."""
    pairs = tuple(scored_pair(subject, other, model) for other in others)
    return Fit(golden_id, human, tuple(others), pairs, judge_join(pairs, frozenset()))


def keep_change(
    unit: UnitOfWork,
    change: RematchChange,
    outcome: Outcome,
    fit: Fit,
    model: LinkageModel,
    *,
    model_version_id: int,
) -> int:
    """Store the decision of one change and return its key."""
    engine = EngineDecision(
        outcome=outcome,
        subject=fit.best.left,
        person_ids=(fit.person_id,) if outcome in ("link", "join") else (),
        grade=change.grade,
        review=(),
        reasons=(REASON,),
        fits=(fit,),
        model_version=model.version,
        model_hash=model.content_hash,
    )
    document = engine.to_document()
    document |= {"keys": {}, "capped_keys": [], "rematch": {"run": str(change.run.uuid), "change": change.number}}
    return keep_decision(unit, engine, document, model_version_id=model_version_id)
