"""Open questions asked again when their person has learnt something: what is certain now is joined.

So the persons depend on the records, not on the order in which they came (see `matching.settle`).
"""

from __future__ import annotations

from matching.decision import Decision as EngineDecision
from matching.decision import Fit
from matching.model import LinkageModel
from matching.settle import Join, settle
from matching.verdict import Reason
from mpi.models import EventKind, GoldenRecord, Link, PotentialMatch
from mpi.services.active_model import ActiveModel
from mpi.services.decisions import keep_decision
from mpi.services.neighbourhood import Neighbourhood
from mpi.services.redirect import join_golden_records
from mpi.services.unit import UnitOfWork

CERTAIN = Reason("asked-again", "What a new record has told of the person makes the open question certain.")
TOGETHER = Reason("several-records", "Several records of the person together show it.")
SOLE = Reason("sole-candidate", "Little is known, but nobody else in the index fits.")


def ask_again(seen: Neighbourhood, golden_id: int, model: LinkageModel) -> tuple[tuple[Join, ...], frozenset[int]]:
    """The joins that follow now for one golden record, done in memory, and everybody who was looked at for them.

    Cost: nothing without an open question at the golden record; else three round trips, and three for each join.
    """
    near = seen.questions.near(golden_id)
    if not near:
        return (), frozenset()
    looked_at = seen.widen({golden_id, *near})
    questions = seen.questions.at([golden_id, *near])
    members = {pk: tuple(seen.members[pk].values()) for question in questions for pk in question}
    joins = settle(
        members,
        questions,
        {golden_id},
        model,
        separated=seen.separated,
        decided_by_human=seen.human & members.keys(),
    )
    for join in joins:
        looked_at |= seen.widen({join.kept, join.gone})
        seen.move_all(join.gone, join.kept)
    return tuple(joins), frozenset(looked_at | members.keys())


def carry_out_join(
    unit: UnitOfWork,
    active: ActiveModel,
    settled: Join,
    golden: dict[int, GoldenRecord],
    links: dict[int, Link],
    matches: dict[frozenset[int], PotentialMatch],
    *,
    message_id: int,
) -> None:
    """One join as an identity event of its own, on locked golden records. `links` and `matches` are kept up to date."""
    reasons = reasons_of(settled)
    event = unit.event(EventKind.JOIN, reason_code=reasons[0].code, reason=" ".join(part.words for part in reasons))
    event.payload["message"] = message_id
    engine = decision_of(settled, active.model)
    decision_id = keep_decision(unit, engine, document_of(engine), model_version_id=active.pk)
    join_golden_records(
        unit,
        event,
        links,
        matches,
        retired=golden[settled.gone],
        survivor=golden[settled.kept],
        reason_code=event.reason_code,
        reason=event.reason,
        detail={"decision": decision_id},
        message_id=message_id,
    )
    for link in unit.links_opened(event):
        link.decision_id, link.model_version_id = decision_id, active.pk


def reasons_of(join: Join) -> tuple[Reason, ...]:
    """Why the two are one, the deciding reason first."""
    if join.sole:
        return (SOLE,)
    best = join.verdict.best
    return (CERTAIN,) if best is not None and best.certain else (CERTAIN, TOGETHER)


def decision_of(join: Join, model: LinkageModel) -> EngineDecision:
    """The join as a decision on the record that speaks for the survivor: its best pair is the evidence."""
    best = join.verdict.best
    if best is None:
        raise ValueError("A join was made on no pair.")
    fit = Fit(join.gone, False, (best.right,), (best,), join.verdict)
    return EngineDecision(
        outcome="join",
        subject=best.left,
        person_ids=(join.kept, join.gone),
        grade="certain",
        review=(),
        reasons=reasons_of(join),
        fits=(fit,),
        model_version=model.version,
        model_hash=model.content_hash,
    )


def document_of(decision: EngineDecision) -> dict[str, object]:
    """The decision as it is stored: no key has found it, a question was open."""
    return decision.to_document() | {"keys": {}, "capped_keys": []}
