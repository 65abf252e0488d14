"""Evaluations as a page finds them: the newest run, earlier ones, and how far one is that is being computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from mpi.errors import NotFound
from mpi.models import EvaluationRun, EvaluationSource, Job, JobStatus

RUNS_SHOWN = 50


def runs(*, version_id: int | None = None) -> QuerySet[EvaluationRun]:
    """Runs, newest first, without their figures and models."""
    found = EvaluationRun.objects.select_related("model_version", "request__truth").order_by("-pk")
    found = found.defer("figures", "model_version__document", "request__truth__mapping")
    return found if version_id is None else found.filter(model_version=version_id)


def run(uuid: UUID) -> EvaluationRun:
    """One run with its figures. Raises NotFound."""
    found = runs().defer(None).defer("model_version__document", "request__truth__mapping").filter(uuid=uuid).first()
    if found is None:
        raise NotFound("There is no evaluation under this number.")
    return found


def newest(version_id: int, source: EvaluationSource) -> EvaluationRun | None:
    """The newest run of a version against one source, with its figures."""
    found = runs(version_id=version_id).filter(source=source).values_list("uuid", flat=True).first()
    return run(found) if found else None


def under_way() -> Job | None:
    """The evaluation that is being computed, or the newest one if that failed and nothing came after it."""
    job = Job.objects.filter(kind="evaluation").order_by("-pk").first()
    return job if job is not None and job.status in (JobStatus.RUNNING, JobStatus.FAILED) else None


def runs_to_compare(uuids: Sequence[UUID]) -> tuple[EvaluationRun, ...]:
    """Two runs, the older first. Raises NotFound."""
    return tuple(sorted((run(uuid) for uuid in uuids), key=lambda found: found.pk))


@dataclass(frozen=True, slots=True)
class Underway:
    """How far the evaluation is that is being computed."""

    uuid: UUID
    name: str
    status: str
    error: str
    done: int
    total: int
    started_at: datetime

    @property
    def running(self) -> bool:
        """Whether a page should look again."""
        return self.status == JobStatus.RUNNING


def progress() -> Underway | None:
    """The evaluation that is being computed, or that failed last. One query."""
    job = under_way()
    if job is None:
        return None
    done = job.counts.get("done", 0)
    return Underway(job.uuid, job.name, job.status, job.error, done, job.total or 0, job.started_at)
