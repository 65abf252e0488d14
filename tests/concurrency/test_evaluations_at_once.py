"""Two people ask for an evaluation at the same instant: one is begun, the other is told."""

from __future__ import annotations

from mpi.errors import InvalidInput
from mpi.models import EvaluationRequest, Job
from mpi.services.evaluation import start_evaluation
from tests.concurrency.racing import Racers
from tests.services.telling import KATHERINE, tell


def test_of_two_evaluations_started_at_once_one_is_begun(racers: Racers, supervisor, auditor) -> None:
    tell("HIS", "1", KATHERINE)
    results = racers.race([lambda actor=actor: start_evaluation(actor=actor) for actor in (supervisor, auditor)])
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [InvalidInput]
    assert EvaluationRequest.objects.count() == Job.objects.filter(kind="evaluation").count() == 1
