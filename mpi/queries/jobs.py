"""The jobs page: imports and their progress. Live counts come from the messages themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from mpi.errors import NotFound
from mpi.models import InboundMessage, Job, JobStatus, LineError, MessageState
from mpi.queries.keyset import Page, newest_first

PAGE_SIZE = 25
ERRORS_SHOWN = 100

_DONE = (MessageState.APPLIED, MessageState.REJECTED, MessageState.DEAD)


@dataclass(frozen=True, slots=True)
class Progress:
    """A job and how far it is; `errors` counts lines that were refused, at reading or at applying."""

    job: Job
    done: int
    waiting: int
    errors: int

    @property
    def total(self) -> int:
        """Lines in all, as far as they are read."""
        return self.job.total or self.done + self.waiting

    @property
    def running(self) -> bool:
        """Whether a page should look again."""
        return self.job.status in (JobStatus.READING, JobStatus.RUNNING)

    def seconds_left(self, now: datetime) -> float | None:
        """Time left at the speed so far; None before there is a speed."""
        if not self.running or not self.done or not self.job.total:
            return None
        elapsed = (now - self.job.started_at).total_seconds()
        return elapsed / self.done * max(self.job.total - self.done, 0)


@dataclass(frozen=True, slots=True)
class LineFlaw:
    """What was wrong with a line. No value of the line is in it."""

    line: int | None
    column: int | None
    field: str
    problem: str
    mend: str


def jobs(*, before: int | None) -> Page[Progress]:
    """A page of jobs with their progress. Three queries."""
    page = newest_first(Job.objects.all(), before=before, size=PAGE_SIZE)
    return Page(_progress(page.rows), page.older, page.newer)


def job(uuid: UUID) -> Progress:
    """One job. Three queries. Raises NotFound."""
    found = Job.objects.filter(uuid=uuid).first()
    if found is None:
        raise NotFound("There is no job under this number.")
    return _progress([found])[0]


def _progress(rows: Sequence[Job]) -> tuple[Progress, ...]:
    states: dict[int, dict[str, int]] = defaultdict(dict)
    counted = InboundMessage.objects.filter(job__in=rows).order_by().values_list("job_id", "state")
    for job_id, state, count in counted.annotate(Count("pk")):
        if job_id is not None:
            states[job_id][state] = count
    refused = dict(LineError.objects.filter(job__in=rows).order_by().values_list("job_id").annotate(Count("pk")))
    return tuple(_of(row, states[row.pk], refused.get(row.pk, 0)) for row in rows)


def _of(row: Job, states: dict[str, int], refused: int) -> Progress:
    errors = states.get(MessageState.REJECTED, 0) + states.get(MessageState.DEAD, 0)
    return Progress(
        job=row,
        done=sum(states.get(state, 0) for state in _DONE) + refused,
        waiting=states.get(MessageState.RECEIVED, 0) + states.get(MessageState.QUEUED, 0),
        errors=refused + errors,
    )


def flaws(row: Job, *, limit: int | None = ERRORS_SHOWN) -> Iterator[LineFlaw]:
    """What was wrong, by line: first the lines that could not be read, then those that could not be applied."""
    for error in LineError.objects.filter(job=row).order_by("line", "pk")[:limit].iterator():
        yield LineFlaw(error.line, error.column, error.field, error.problem, error.mend)
    rejected = InboundMessage.objects.filter(job=row, state__in=(MessageState.REJECTED, MessageState.DEAD))
    for line, errors in rejected.order_by("line", "pk").values_list("line", "errors")[:limit].iterator():
        yield from message_flaws(errors, line=line)


def message_flaws(errors: object, *, line: int | None = None) -> Iterator[LineFlaw]:
    """The flaws stored with a message (see `mpi.errors.Flaw.as_document`)."""
    for flaw in errors if isinstance(errors, list) else ():
        yield LineFlaw(
            line=flaw.get("line", line),
            column=flaw.get("column"),
            field=str(flaw.get("field", "")),
            problem=str(flaw.get("problem", "")),
            mend=str(flaw.get("mend", "")),
        )
