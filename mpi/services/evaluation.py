"""Evaluate: how right the index is, against a truth file or the decisions of stewards. Long work, by a Celery job.

The request and its truth are stored first; a worker computes and stores the run. Nothing of it is ever edited.
A hint may be lost and a worker may die: an evaluation that nobody works on is taken up again (`resume_evaluations`).
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from contextlib import AbstractContextManager
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from matching.evaluate import Evaluation, after_review, evaluate
from matching.model_document import from_document
from mpi.access import Permission, require
from mpi.commands import Actor, system_actor
from mpi.errors import InvalidInput, MpiError, NotFound
from mpi.models import (
    EvaluationRequest,
    EvaluationRun,
    EvaluationSource,
    Job,
    JobStatus,
    LinkageModelVersion,
    ModelStatus,
    TruthFile,
)
from mpi.services import evaluation_run
from mpi.services.dispatch import hint_evaluation
from mpi.services.evaluation_records import Advance
from mpi.services.evaluation_truth import Truth, keep_truth, read_truth, truth_mapping
from mpi.services.export import links, review_pairs
from mpi.services.locking import LockClass, at_work, transaction_time
from mpi.services.rows import fetch

__all__ = ["evaluate_index", "read_truth", "resume_evaluations", "run_evaluation", "start_evaluation"]

KIND = "evaluation"
_STARTING = 0
"""Beside the keys of requests in their class of locks: held while one is started."""
_MOST_ATTEMPTS = 3
_TOLD_EVERY_S = 1.0
_LEFT_ALONE = timedelta(seconds=30)


def evaluate_index(truth: Truth) -> tuple[Evaluation, Evaluation]:
    """The persons of the index as they are, and as they would be after a perfect review; no pair is scored.

    Raises InvalidInput when no record of the truth is in the index: a figure over nothing says nothing.
    """
    found: dict[Hashable, Hashable] = dict(links())
    people: dict[Hashable, Hashable] = dict(truth.people)
    if not found.keys() & people.keys():
        raise InvalidInput("No record of the truth file is in the index; there is nothing to evaluate.")
    pairs = review_pairs()
    reviewed = after_review(found, people, pairs)
    return evaluate(found, people, pairs), evaluate(reviewed, people)


def start_evaluation(
    *,
    actor: Actor,
    truth: Truth | None = None,
    truth_name: str = "",
    kept_truth: TruthFile | None = None,
    version_id: int | None = None,
    by_worker: bool = True,
) -> EvaluationRequest:
    """Ask for an evaluation of the active model (or of `version_id`), against a truth or, without one, decisions.

    `kept_truth` is a truth that was stored before. Raises Forbidden, NotFound, InvalidInput when nothing of the truth
    is in the index or an evaluation is already under way. Audited.
    """
    require(actor, Permission.EVALUATION)
    with transaction.atomic():
        version = _version(version_id)
        _require_none_under_way()
        kept = keep_truth(truth, truth_name, actor=actor) if truth is not None else kept_truth
        source = EvaluationSource.DECISIONS if kept is None else EvaluationSource.TRUTH
        job = Job.objects.create(
            kind=KIND,
            name=f"{version.name}, against {source.label}",
            status=JobStatus.RUNNING,
            counts={"done": 0},
            actor_id=actor.id,
            actor_name=actor.name,
            correlation_id=actor.correlation_id,
            started_at=transaction_time(),
        )
        request = EvaluationRequest.objects.create(job=job, model_version=version, source=source, truth=kept)
        told = {"model": version.name, "source": str(source), "truth": kept.sha256 if kept else ""}
        record(entry_by(actor, Action.EVALUATION_STARTED, subject=("job", str(job.uuid)), detail=told))
        if by_worker:
            hint_evaluation(request.pk)
    return request


def _require_none_under_way() -> None:
    """Raise InvalidInput while another one is computed or waits. One whose process has ended stands in nobody's way.

    Call inside a transaction: of two that start at once, one sees the other.
    """
    fetch("SELECT pg_advisory_xact_lock(%s, %s)", LockClass.EVALUATION.value, _STARTING)
    running = EvaluationRequest.objects.select_related("job").filter(job__status=JobStatus.RUNNING)
    for request in running:
        begun = request.job.counts.get("attempts", 0) > 0
        with _alone(request.pk) as left:
            if left and begun:
                _fail(request.job, "Its process ended before it was done, and another evaluation was started.")
                continue
        told = "is under way; wait for it" if begun else "waits for a worker; “manage.py up” starts them"
        raise InvalidInput(f"An evaluation {told}. Nothing was started.")


def _version(version_id: int | None) -> LinkageModelVersion:
    versions = LinkageModelVersion.objects.defer("document")
    wanted = versions.filter(pk=version_id) if version_id else versions.filter(status=ModelStatus.ACTIVE)
    found = wanted.first()
    if found is None:
        raise NotFound("There is no such linkage model; nothing was started.")
    return found


def run_evaluation(request_id: int, *, advance: Advance = lambda _: None) -> EvaluationRun | None:
    """Compute and store a requested evaluation. None when it is done already or somebody else is at it.

    `advance` is told of records read and then of records compared. What went wrong is written into the job.
    """
    request = EvaluationRequest.objects.select_related("job", "truth", "model_version").get(pk=request_id)
    with _alone(request_id) as alone:
        if not alone:
            return None
        job = request.job
        job.refresh_from_db()
        if job.status != JobStatus.RUNNING:
            return EvaluationRun.objects.filter(request=request).first()
        attempts = job.counts.get("attempts", 0) + 1
        if attempts > _MOST_ATTEMPTS:
            _fail(job, f"It was interrupted {_MOST_ATTEMPTS} times; look into the log of the workers.")
            return None
        job.counts = {"done": 0, "attempts": attempts}
        job.save(update_fields=["counts"])
        try:
            return _compute(request, job, advance)
        except MpiError as error:
            _fail(job, error.detail)
            return None
        except BaseException as error:
            _fail(job, f"It ended with {type(error).__name__}; nothing was stored.")
            raise


def _compute(request: EvaluationRequest, job: Job, advance: Advance) -> EvaluationRun:
    began = time.monotonic()
    model = from_document(request.model_version.document)
    tell = _Teller(job, advance)
    if request.truth is not None:
        result = evaluation_run.by_truth(truth_mapping(request.truth), model, advance=tell)
    else:
        result = evaluation_run.by_decisions(model, advance=tell)
    actor = system_actor(KIND, correlation_id=job.correlation_id)
    with transaction.atomic():
        run = EvaluationRun.objects.create(
            request=request,
            model_version=request.model_version,
            source=request.source,
            decisions_until=result.decisions_until,
            data_fingerprint=result.fingerprint,
            records=result.records,
            figures=result.figures,
            seconds=round(time.monotonic() - began, 2),
            actor_id=job.actor_id,
            actor_name=job.actor_name,
            correlation_id=job.correlation_id,
            recorded_at=transaction_time(),
        )
        job.status, job.finished_at = JobStatus.FINISHED, run.recorded_at
        job.counts = {"done": job.total or result.records}
        job.save(update_fields=["status", "finished_at", "counts"])
        told = {"model": request.model_version.name, "source": request.source, "records": result.records}
        told |= {"data_fingerprint": result.fingerprint, "job": str(job.uuid)}
        record(entry_by(actor, Action.EVALUATION_STORED, subject=("evaluation", str(run.uuid)), detail=told))
    return run


class _Teller:
    """Writes the progress into the job, once a second at most. A record counts when read and when compared."""

    def __init__(self, job: Job, advance: Advance) -> None:
        self._job, self._advance = job, advance
        self._next = 0.0
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM mpi_link WHERE ended_at IS NULL")
            (records,) = cursor.fetchone()
        job.total = 2 * records
        job.save(update_fields=["total"])

    def __call__(self, count: int) -> None:
        self._advance(count)
        self._job.counts["done"] += count
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _TOLD_EVERY_S
            self._job.save(update_fields=["counts"])


def _fail(job: Job, words: str) -> None:
    with transaction.atomic():
        job.status, job.error, job.finished_at = JobStatus.FAILED, words, transaction_time()
        job.save(update_fields=["status", "error", "finished_at"])
        actor = system_actor(KIND, correlation_id=job.correlation_id)
        record(entry_by(actor, Action.JOB_FINISHED, subject=("job", str(job.uuid)), outcome="failed"))


def _alone(request_id: int) -> AbstractContextManager[bool]:
    """Whether nobody else works on it: for the block, or until the worker dies."""
    return at_work(LockClass.EVALUATION, request_id)


def resume_evaluations() -> int:
    """Hint at evaluations that nobody works on: their hint was lost, or their worker died. Returns how many."""
    old = timezone.now() - _LEFT_ALONE
    waiting = EvaluationRequest.objects.filter(job__status=JobStatus.RUNNING, job__started_at__lt=old)
    left = []
    for request_id in waiting.values_list("pk", flat=True):
        with _alone(request_id) as alone:
            if alone:
                left.append(request_id)
    for request_id in left:
        hint_evaluation(request_id)
    return len(left)
