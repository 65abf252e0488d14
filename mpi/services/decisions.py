"""Decisions of the engine as rows: whoever decides keeps what was decided on, encrypted, in this one way."""

from __future__ import annotations

from collections.abc import Mapping

from audit.uuid7 import uuid7
from matching.decision import Decision as EngineDecision
from mpi import codec
from mpi.models import Decision
from mpi.services.rows import new_row
from mpi.services.unit import UnitOfWork


def keep_decision(
    unit: UnitOfWork,
    engine: EngineDecision,
    document: Mapping[str, object],
    *,
    model_version_id: int,
    message_id: int | None = None,
) -> int:
    """Put the decision into the unit of work and return its key. `document` is what is shown of it ever after."""
    best = engine.fits[0].best.score if engine.fits else None
    decision = new_row(
        Decision,
        id=unit.new_id(Decision),
        uuid=uuid7(),
        source_record_id=engine.subject.record_id,
        message_id=message_id,
        model_version_id=model_version_id,
        outcome=engine.outcome,
        grade=engine.grade,
        bits=best.bits if best else None,
        probability=best.probability if best else None,
        recorded_at=unit.recorded_at,
    )
    decision.evidence = codec.seal_evidence(document, decision.uuid)
    unit.insert(decision)
    return decision.pk
