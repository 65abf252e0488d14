"""Wait for a job, and help it along: whatever happens to workers and servers, its messages are applied."""

from __future__ import annotations

import time
from itertools import islice

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import QuerySet

from mpi.commands import Actor
from mpi.errors import MpiError
from mpi.management.progress import progress_bar
from mpi.models import InboundMessage, Job, MessageState
from mpi.services.dispatch import hint
from mpi.services.import_file import finish_job
from mpi.services.locking import outlast
from mpi.services.sweep import sweep_inbox

_LOOK_S = 0.3
_STALL_S = 10.0
_GIVE_UP_S = 120.0


def wait_for_job(job: Job, *, actor: Actor) -> Job:
    """Return when no line of the job's file waits any more; sweeps by itself when nothing moves.

    An earlier import of the file that was interrupted may have left lines too: they count.
    A database that went away is waited for (the embedded one is started again by the next connection);
    raises its error after two minutes.
    """
    outlast(lambda again: _hint_again(job))
    total = outlast(lambda again: _open(job))
    left, moved, lost = total, time.monotonic(), 0.0
    with progress_bar("Matching", total) as advance:
        while left:
            time.sleep(_LOOK_S)
            try:
                now = _open(job)
                if now == left and time.monotonic() - moved > _STALL_S:
                    sweep_inbox(older_than_s=0, seconds=5)
                    now = _open(job)
                lost = 0.0
            except (OperationalError, InterfaceError, MpiError):
                connection.close()
                lost = lost or time.monotonic()
                if time.monotonic() - lost > _GIVE_UP_S:
                    raise
                continue
            if now != left:
                advance(left - now)
                left, moved = now, time.monotonic()
    outlast(lambda again: finish_job(job.pk, actor))
    outlast(lambda again: job.refresh_from_db())
    return job


def _open(job: Job) -> int:
    return _waiting(Job.objects.filter(file_hash=job.file_hash)).count()


def _hint_again(job: Job) -> None:
    """What an interrupted import of the same file left: its hints may have gone with it."""
    earlier = _waiting(Job.objects.filter(file_hash=job.file_hash).exclude(pk=job.pk))
    ids = iter(earlier.order_by("pk").values_list("pk", flat=True))
    while part := list(islice(ids, settings.INGEST_BATCH)):
        hint(part)


def _waiting(jobs: QuerySet[Job]) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(job__in=jobs, state=MessageState.RECEIVED)
