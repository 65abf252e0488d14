"""The guarantee that no message is lost: PostgreSQL is asked what still waits, whatever the broker did."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from mpi.models import IdentityTask, InboundMessage, MessageState, TaskType
from mpi.services.ingest import ingest


def waiting(*, older_than_s: float, limit: int) -> list[int]:
    """Received messages that nobody has applied for a while, oldest first."""
    since = timezone.now() - timedelta(seconds=older_than_s)
    rows = InboundMessage.objects.filter(state=MessageState.RECEIVED, received_at__lt=since).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def release_queued() -> int:
    """Free messages that queue behind a quarantine which a steward has decided meanwhile. Returns how many."""
    open_tasks = IdentityTask.objects.filter(type=TaskType.OVERLAY, status="open")
    held = InboundMessage.objects.filter(pk__in=open_tasks.values("message_id")).values("order_key")
    queued = InboundMessage.objects.filter(state=MessageState.QUEUED).exclude(order_key__in=held)
    return queued.update(state=MessageState.RECEIVED)


def sweep_inbox(*, older_than_s: float | None = None, seconds: float = 20.0) -> int:
    """Apply what was left behind for `older_than_s` (`settings.SWEEP_AFTER_S`), for at most `seconds`.

    Safe beside any number of workers.

    Returns how many messages it dealt with. Stops as soon as a round makes no progress: then others hold them.
    """
    release_queued()
    age_s = settings.SWEEP_AFTER_S if older_than_s is None else older_than_s
    ends = time.monotonic() + seconds
    done = 0
    while time.monotonic() < ends:
        ids = waiting(older_than_s=age_s, limit=settings.INGEST_BATCH)
        dealt = sum(result.state != MessageState.RECEIVED for result in ingest(message_ids=ids).values()) if ids else 0
        if not dealt:
            break
        done += dealt
    return done
