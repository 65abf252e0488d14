"""Evaluations as a page finds them: the newest run, earlier ones, and how far one is that is being computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from mpi.errors import NotFound
from mpi.models import EvaluationRun, Job, JobStatus

RUNS_SHOWN = 50
_TRUTHS_SHOWN = 3


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


def runs_of_record(version_id: int) -> tuple[EvaluationRun, ...]:
    """What a version is to be judged by, with figures: the newest run against each truth file, those that judge the
    most records first, and the newest against decisions. So a small new file hides no large one, and no run is chosen
    for its result. Two queries and one a run.
    """
    told = runs(version_id=version_id).values_list("uuid", "request__truth__sha256", "figures__records__judged")
    newest: dict[str | None, tuple[int, UUID]] = {}
    for uuid, sha256, judged in told:
        newest.setdefault(sha256, (judged, uuid))
    decisions = newest.pop(None, None)
    truths = sorted(newest.values(), key=lambda found: -found[0])[:_TRUTHS_SHOWN]
    return tuple(run(uuid) for _, uuid in (*truths, *([decisions] if decisions else ())))


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
