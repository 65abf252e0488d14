"""A rematch run as a piece of work: who acts for it, how far it is, and what is audited of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from mpi.commands import Actor, Source, system_actor
from mpi.errors import Busy, InvalidInput, NotFound
from mpi.models import RematchRun, RematchStatus
from mpi.services.locking import LockClass, at_work, run_act, transaction_time

REASON_CODE = "rematch"
WAITING = "waiting for a worker"
"""Stage of a run that nobody has begun to compare for."""
Tell = Callable[[str, int, int], None]
"""Told the stage of the work, how much of it is done, and how much there is."""

_LOOK_S = 1.0
_PATIENCE = 20
"""How often a step waits for records that others hold, a second each, before the run pauses."""
_JUST_BEGUN = timedelta(seconds=30)


def silent(_stage: str, _done: int, _total: int) -> None:
    """For who wants to be told nothing."""


def find_run(run_uuid: UUID | str) -> RematchRun:
    """The run of this number, or of the beginning of it (eight characters or more). Raises NotFound, InvalidInput."""
    wanted = str(run_uuid).lower()
    runs = RematchRun.objects.select_related("model_version").defer("model_version__document")
    runs = runs.annotate(number=Cast("uuid", CharField()))
    if len(wanted) < 8 or not set(wanted) <= set("0123456789abcdef-"):
        raise InvalidInput("A run is named by its number, or by the first eight characters of it at least.")
    found: list[RematchRun] = list(runs.filter(number__startswith=wanted)[:2])
    if len(found) != 1:
        raise NotFound("There is no rematch run under this number." if not found else "Several runs begin like this.")
    return found[0]


def actor_of(run: RematchRun, *, source: Source = "worker") -> Actor:
    """The run itself acts, so that all it did can be found by its actor and its correlation id."""
    own = system_actor(f"rematch:{run.uuid}", source=source, correlation_id=run.correlation_id)
    return replace(own, name=f"rematch {str(run.uuid)[:8]}")


def reason_of(run: RematchRun) -> str:
    """Why a change of the run was made, in words."""
    return f"Rematch {str(run.uuid)[:8]} under model {run.model_version.name}"


def note(run: RematchRun, action: Action, actor: Actor, **detail: object) -> None:
    """Audit an act on the run. Call inside a transaction."""
    told = {"model": run.model_version.name, "records": run.records, **detail}
    record(entry_by(actor, action, subject=("rematch_run", str(run.uuid)), detail=told))


def step_by_step(
    step: Callable[[], RematchRun], status: RematchStatus, *, seconds: float | None, tell: Tell = silent
) -> bool:
    """Take step after step, each a transaction of its own, while the run has this status, for at most `seconds`.

    Returns whether the run is done. Raises Busy when others hold the records of one step for too long.
    """
    ends = time.monotonic() + seconds if seconds is not None else None
    patience = _PATIENCE
    while ends is None or time.monotonic() < ends:
        try:
            now = run_act(step)
        except Busy:
            patience -= 1
            if not patience:
                raise
            time.sleep(1)
            continue
        patience = _PATIENCE
        tell(str(status), now.done, now.total)
        if now.status != status:
            return True
    return False


class Progress:
    """Tells the caller each step, and the row of the run once a second, so that a page can show it."""

    def __init__(self, run: RematchRun, tell: Tell) -> None:
        self._run = run
        self._tell = tell
        self._told_at = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        self._tell(stage, done, total)
        now = time.monotonic()
        if stage != self._run.stage or done >= total or now - self._told_at > _LOOK_S:
            self._told_at = now
            self._run.stage, self._run.done, self._run.total = stage, done, total
            self._run.save(update_fields=["stage", "done", "total"])


@contextmanager
def held(run: RematchRun) -> Iterator[bool]:
    """Says that this process compares for the run: for the block, or until it dies. Gives False where another does."""
    with at_work(LockClass.REMATCH, run.pk) as is_ours:
        if is_ours:
            run.refresh_from_db(fields=["status", "stage"])
        yield is_ours


def close_interrupted() -> int:
    """Mark comparisons as failed that were begun and whose process has ended. Returns how many."""
    closed = 0
    begun = RematchRun.objects.filter(status=RematchStatus.PREVIEWING).exclude(stage=WAITING)
    for run in begun.filter(started_at__lt=timezone.now() - _JUST_BEGUN):
        with held(run) as is_free:
            if is_free and run.stage != WAITING:
                closed += fail(run, "The process that compared ended before it was done. Start another comparison.")
    return closed


def fail(run: RematchRun, error: str) -> int:
    """The preview came to nothing; the index is as it was. Returns 1 if the run was still open."""
    return RematchRun.objects.filter(pk=run.pk, status=RematchStatus.PREVIEWING).update(
        status=RematchStatus.FAILED, error=error, finished_at=transaction_time()
    )
