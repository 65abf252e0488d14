"""Who stays behind when a source gives a number up: a person is asked whether they are the surviving number's patient.

IHE ITI-8 has the manager replace the references and then apply its cross-reference logic again. So the two people are
compared anew; but that two numbers are one patient is the word of one source, so nobody is joined by it (decision
0010). Where they are alike it is a potential match, which the next message of either may answer; where they are not,
a task says that the merge and what was linked before contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from matching.decision import Decision as EngineDecision
from matching.decision import Fit
from matching.join import JoinVerdict, Member, may_join
from matching.model import LinkageModel
from matching.verdict import Reason
from mpi import codec
from mpi.models import GoldenRecord, IdentityEvent, PotentialMatch, PotentialMatchStatus, SourceRecord, TaskType
from mpi.services.active_model import active_model
from mpi.services.decisions import keep_decision
from mpi.services.questions import open_question
from mpi.services.record_states import open_task
from mpi.services.unit import UnitOfWork

LEFT_BEHIND = "left_behind_by_source_merge"
_ASKED = Reason("source-merge", "A source says that a number of each is one patient; a steward decides.")


def ask_about_left(
    unit: UnitOfWork,
    event: IdentityEvent,
    subsumed: SourceRecord,
    matches: Mapping[frozenset[int], PotentialMatch],
    *,
    left: GoldenRecord,
    home: GoldenRecord,
) -> None:
    """Ask whether who stays in `left`, which the subsumed record has left, is the person of `home`.

    Nothing is asked where nobody stays, both are one, or the question is open in `matches`.
    """
    if left.pk == home.pk or not unit.members_of([left.pk]):
        return
    pair = {left.pk, home.pk}
    if any(_is_open(match) and {match.golden_a_id, match.golden_b_id} == pair for match in matches.values()):
        return
    active = active_model()
    verdict = compared(unit.members_of([home.pk]), unit.members_of([left.pk]), active.model)
    if not alike(verdict):
        open_task(unit, subsumed, TaskType.SOURCE_MERGE, reasons=[LEFT_BEHIND], event=event)
        return
    fit = _fit(verdict, left.pk)
    engine = _decision(fit, active.model)
    document = engine.to_document() | {"keys": {}, "capped_keys": []}
    decision_id = keep_decision(unit, engine, document, model_version_id=active.pk)
    open_question(unit, event, home, left, fit, decision_id=decision_id, model_version_id=active.pk)


def _is_open(match: PotentialMatch) -> bool:
    return match.status == PotentialMatchStatus.OPEN


def compared(home: Iterable[int], left: Iterable[int], model: LinkageModel) -> JoinVerdict:
    """What the engine makes of these source records of two people. One query."""
    sides = (frozenset(home), frozenset(left))
    found = SourceRecord.objects.in_bulk(sides[0] | sides[1])
    ours, theirs = (
        [Member(pk, codec.standard_record(found[pk])) for pk in sorted(side) if pk in found] for side in sides
    )
    return may_join(ours, theirs, model, separated=frozenset())


def alike(verdict: JoinVerdict) -> bool:
    """Whether the engine would ask about them too."""
    return verdict.best is not None and verdict.best.verdict.grade != "certainly-not"


def _fit(verdict: JoinVerdict, left_id: int) -> Fit:
    best = verdict.best
    if best is None:
        raise ValueError("A question was made of no pair.")
    return Fit(left_id, False, (best.right,), (best,), verdict)


def _decision(fit: Fit, model: LinkageModel) -> EngineDecision:
    return EngineDecision(
        outcome="review",
        subject=fit.best.left,
        person_ids=(),
        grade=fit.best.verdict.grade,
        review=(),
        reasons=(_ASKED,),
        fits=(fit,),
        model_version=model.version,
        model_hash=model.content_hash,
    )
