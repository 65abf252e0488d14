"""An index of eight records whose people are known, evaluated."""

from __future__ import annotations

from mpi.models import EvaluationRun, Job
from mpi.services.evaluation import run_evaluation, start_evaluation
from mpi.services.evaluation_truth import Truth
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    KATHERINE_BY_NUMBER,
    KATHERINE_MARRIED,
    MARCUS,
    MARGARET,
    MARJORIE,
    tell,
)

PEOPLE = {
    ("HIS", "1"): (KATHERINE, 0),
    ("LAB", "2"): (KATHERINE_BY_NUMBER, 0),
    ("CLINIC", "3"): (KATHERINE_MARRIED, 0),
    ("HIS", "4"): (MARCUS, 1),
    ("PORTAL", "5"): (MARCUS, 1),
    ("HIS", "6"): (MARGARET, 2),
    ("LAB", "7"): (MARJORIE, 3),
    ("LAB", "8"): (ESTEBAN, 4),
}


def told_index() -> Truth:
    """Eight records of five people, told; who they are."""
    for (system, mrn), (told, _) in PEOPLE.items():
        tell(system, mrn, told)
    return Truth("0" * 64, {record: person for record, (_, person) in PEOPLE.items()})


def evaluated(actor, truth: Truth | None = None) -> EvaluationRun:
    request = start_evaluation(actor=actor, truth=truth, truth_name="t.csv", by_worker=False)
    run = run_evaluation(request.pk)
    assert run is not None, Job.objects.get(evaluation=request).error
    return run
