"""Evaluations: against a truth as a plain count over all pairs has it, against decisions, as a job, kept for good."""

from __future__ import annotations

import time
from itertools import combinations

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import AuditEvent
from matching.evaluate_pairs import GRADES
from matching.policy import judge
from matching.score import score
from mpi import codec
from mpi.errors import Forbidden, InvalidInput, NotFound
from mpi.models import (
    EvaluationRequest,
    EvaluationRun,
    Job,
    JobStatus,
    Link,
    SourceRecord,
    TruthFile,
)
from mpi.services import evaluation, evaluation_records, evaluation_run
from mpi.services.active_model import active_model
from mpi.services.evaluation import resume_evaluations, run_evaluation, start_evaluation
from mpi.services.evaluation_truth import Truth
from mpi.services.locking import LockClass
from tests.services.evaluating import PEOPLE, evaluated, told_index
from tests.services.telling import (
    MARCUS,
    owner,
    tell,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def index() -> Truth:
    return told_index()


def test_figures_are_those_of_a_plain_count_over_all_pairs(index, auditor) -> None:
    figures = evaluated(auditor, index).figures
    model = active_model().model
    records = list(SourceRecord.objects.select_related("source_system"))
    plain = dict.fromkeys(GRADES, (0, 0))
    joined = true = both = 0
    for one, other in combinations(records, 2):
        a, b = codec.standard_record(one), codec.standard_record(other)
        scored = score(a, b, model)
        same = PEOPLE[one.source_system.code, one.mrn][1] == PEOPLE[other.source_system.code, other.mrn][1]
        grade = judge(a, b, scored, model).grade
        plain[grade] = (plain[grade][0] + 1, plain[grade][1] + same)
        together = owner(one.source_system.code, one.mrn) == owner(other.source_system.code, other.mrn)
        joined, true, both = joined + together, true + same, both + (same and together)
    bands = figures["pairs"]["bands"]
    for grade in ("certain", "probable", "possible"):
        assert (bands[grade]["pairs"], bands[grade]["one_person"]["hits"]) == plain[grade]
    persons = figures["persons"]
    assert (persons["precision"]["hits"], persons["precision"]["of"]) == (both, joined)
    assert (persons["recall"]["hits"], persons["recall"]["of"]) == (both, true)
    assert figures["pairs"]["blocking"]["found"]["of"] == true
    assert figures["records"] == {"index": 8, "judged": 8, "people": 5}


def test_each_blocking_rule_says_what_it_found(index, auditor) -> None:
    rules = {row["rule"]: row for row in evaluated(auditor, index).figures["pairs"]["blocking"]["rules"]}
    # True pairs: Katherine 1-2, 1-3, 2-3 and Marcus 4-5; the number is told by 1 and 2 and by both of Marcus.
    assert (rules["ssn"]["found"]["hits"], rules["ssn"]["found"]["of"]) == (2, 4)
    assert rules["email"]["found"]["hits"] == 1


def test_links_and_questions_stand_on_the_ladders(index, auditor) -> None:
    told = evaluated(auditor, index).figures["ladders"]
    linked = Link.objects.filter(origin="engine", supporting_record__isnull=False).count()
    assert sum(map(sum, told["links"].values())) == linked
    apart = [counts for name in ("free", "held") for counts in told[name].values()]
    assert sum(counts[1] for counts in apart) >= 1, "Margaret and Marjorie are two people, asked about"


def test_records_without_a_known_person_are_not_judged(index, auditor) -> None:
    known = Truth("1" * 64, {("HIS", "4"): 0, ("PORTAL", "5"): 0})
    figures = evaluated(auditor, known).figures
    assert figures["records"] == {"index": 8, "judged": 2, "people": 1}
    assert sum(band["judged"] for band in figures["pairs"]["bands"].values()) == 1


def test_what_was_asked_and_found_is_written_down_once_each(index, auditor) -> None:
    run = evaluated(auditor, index)
    assert AuditEvent.objects.get(action="evaluation.started").actor_id == auditor.id
    stored = AuditEvent.objects.get(action="evaluation.stored")
    assert stored.subject_id == str(run.uuid)
    assert stored.detail["data_fingerprint"] == run.data_fingerprint
    assert stored.correlation_id == run.correlation_id


def test_the_fingerprint_tells_whether_the_data_are_the_same(index, auditor) -> None:
    first, second = evaluated(auditor, index), evaluated(auditor)
    assert first.data_fingerprint == second.data_fingerprint
    tell("HIS", "9", MARCUS, given_name="Marcel")
    assert evaluated(auditor).data_fingerprint != first.data_fingerprint


@pytest.mark.parametrize("model", [TruthFile, EvaluationRequest, EvaluationRun])
def test_nothing_of_an_evaluation_can_be_rewritten(index, auditor, model) -> None:
    evaluated(auditor, index)
    for statement in (f"UPDATE {model._meta.db_table} SET id = id", f"DELETE FROM {model._meta.db_table}"):
        with pytest.raises(DatabaseError, match=r"append-only|permission"), transaction.atomic():
            connection.cursor().execute(statement)


def test_a_second_evaluation_waits_for_the_first(index, auditor) -> None:
    start_evaluation(actor=auditor)
    with pytest.raises(InvalidInput, match=r"waits for a worker; “manage.py up” starts them"):
        start_evaluation(actor=auditor)
    assert Job.objects.filter(kind="evaluation").count() == 1


def test_one_that_is_computed_elsewhere_is_waited_for_and_one_whose_process_died_is_not(index, auditor) -> None:
    first = start_evaluation(actor=auditor, by_worker=False)
    Job.objects.filter(evaluation=first).update(counts={"done": 3, "attempts": 1})
    elsewhere = connection.copy()
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LockClass.EVALUATION.value, first.pk])
        with pytest.raises(InvalidInput, match="under way; wait for it"):
            start_evaluation(actor=auditor)
    finally:
        elsewhere.close()
    for _ in range(50):
        try:
            second = start_evaluation(actor=auditor, by_worker=False)
        except InvalidInput:  # the server has not noticed yet that the other one is gone
            time.sleep(0.1)
        else:
            break
    assert run_evaluation(second.pk) is not None
    died = Job.objects.get(evaluation=first)
    assert (died.status, died.error[:17]) == (JobStatus.FAILED, "Its process ended")


def test_an_evaluation_that_is_interrupted_at_the_terminal_is_over(index, auditor, monkeypatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation_run, "by_decisions", interrupt)
    request = start_evaluation(actor=auditor, by_worker=False)
    with pytest.raises(KeyboardInterrupt):
        run_evaluation(request.pk)
    assert Job.objects.get(evaluation=request).status == JobStatus.FAILED
    assert start_evaluation(actor=auditor).pk > request.pk


def test_a_repeated_hint_computes_nothing_twice(index, auditor) -> None:
    run = evaluated(auditor, index)
    again = run_evaluation(run.request_id)
    assert again == run
    assert EvaluationRun.objects.count() == 1


def test_what_goes_wrong_is_told_and_nothing_is_stored(index, auditor, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(evaluation_run, "by_truth", fail)
    request = start_evaluation(actor=auditor, truth=index, truth_name="t.csv", by_worker=False)
    with pytest.raises(RuntimeError):
        run_evaluation(request.pk)
    job = Job.objects.get(evaluation=request)
    assert (job.status, EvaluationRun.objects.count()) == (JobStatus.FAILED, 0)
    assert "RuntimeError" in job.error


def test_an_evaluation_that_dies_again_and_again_is_given_up(index, auditor) -> None:
    request = start_evaluation(actor=auditor)
    Job.objects.filter(evaluation=request).update(counts={"attempts": 3})
    assert run_evaluation(request.pk) is None
    assert Job.objects.get(evaluation=request).status == JobStatus.FAILED


def test_an_evaluation_nobody_works_on_is_taken_up_again(index, auditor, monkeypatch) -> None:
    hinted: list[int] = []
    request = start_evaluation(actor=auditor)
    monkeypatch.setattr(evaluation, "hint_evaluation", hinted.append)
    assert resume_evaluations() == 0, "a young one is left to its hint"
    monkeypatch.setattr(evaluation, "_LEFT_ALONE", -evaluation._LEFT_ALONE)
    assert resume_evaluations() == 1
    assert hinted == [request.pk]


def test_who_may_not_evaluate_is_refused(index, steward, clerk) -> None:
    for actor in (steward, clerk):
        with pytest.raises(Forbidden):
            start_evaluation(actor=actor)
    assert not Job.objects.filter(kind="evaluation").exists()


def test_an_unknown_model_is_refused(index, auditor) -> None:
    with pytest.raises(NotFound):
        start_evaluation(actor=auditor, version_id=10**9)


def test_progress_moves_while_pairs_are_compared_and_ends_at_the_whole(index, auditor, monkeypatch) -> None:
    monkeypatch.setattr(evaluation_records, "_PAIRS_AT_ONCE", 2)
    told: list[int] = []
    request = start_evaluation(actor=auditor, truth=index, truth_name="t.csv", by_worker=False)
    assert run_evaluation(request.pk, advance=told.append) is not None
    assert sum(told) == 2 * len(PEOPLE), "each record is read, then compared"
    assert len([count for count in told if count]) > 3, "more steps than one a stage"
