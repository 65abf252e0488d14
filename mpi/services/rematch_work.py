"""What a worker does for a rematch run: whatever its status asks for, for a while; then the next hint goes out."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from mpi.errors import Busy, ServiceDown
from mpi.models import RematchChange, RematchRun, RematchStatus
from mpi.services.dispatch import hint_rematch
from mpi.services.rematch import make_preview
from mpi.services.rematch_apply import continue_applying
from mpi.services.rematch_run import WAITING, close_interrupted
from mpi.services.rematch_undo import continue_undoing

log = logging.getLogger(__name__)
_SECONDS = 20.0
"""How long one task works: far below the broker's visibility timeout."""
_QUIET_S = 30.0
"""A run at work of which no change was made for so long has lost its worker."""


def work_on(run_id: int, *, seconds: float = _SECONDS) -> None:
    """Go on with the run. A comparison is made in one go; changes are made and undone for at most `seconds`."""
    run = RematchRun.objects.select_related("model_version").filter(pk=run_id).first()
    if run is None:
        return
    try:
        if run.status == RematchStatus.PREVIEWING and run.stage == WAITING:
            make_preview(run)
            return
        if run.status == RematchStatus.APPLYING:
            done = continue_applying(run, seconds=seconds)
        elif run.status == RematchStatus.UNDOING:
            done = continue_undoing(run, seconds=seconds)
        else:
            return
    except (Busy, ServiceDown) as error:
        log.warning("rematch run %d waits for the sweep: %s", run_id, error.code)
        return
    if not done:
        hint_rematch(run_id)


def resume_rematches() -> None:
    """Hint runs that lost their worker again; close comparisons whose process has ended."""
    since = timezone.now() - timedelta(seconds=_QUIET_S)
    for run in RematchRun.objects.filter(status=RematchStatus.PREVIEWING, stage=WAITING, started_at__lt=since):
        hint_rematch(run.pk)
    for run in RematchRun.objects.filter(status__in=(RematchStatus.APPLYING, RematchStatus.UNDOING)):
        last = RematchChange.objects.filter(run=run).aggregate(last=Max("changed_at"))["last"]
        if last is None or last < since:
            hint_rematch(run.pk)
    close_interrupted()
