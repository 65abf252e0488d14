"""The guarantee that no message is lost: PostgreSQL is asked what still waits, whatever the broker did."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from mpi.models import InboundMessage, MessageState
from mpi.services.ingest import ingest


def waiting(*, older_than_s: float, limit: int) -> list[int]:
    """Received messages that nobody has applied for a while, oldest first."""
    since = timezone.now() - timedelta(seconds=older_than_s)
    rows = InboundMessage.objects.filter(state=MessageState.RECEIVED, received_at__lt=since).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def sweep_inbox(*, older_than_s: float = 15.0, seconds: float = 20.0) -> int:
    """Apply what was left behind, for at most `seconds`. Safe beside any number of workers.

    Returns how many messages it dealt with. Stops as soon as a round makes no progress: then others hold them.
    """
    ends = time.monotonic() + seconds
    done = 0
    while time.monotonic() < ends:
        ids = waiting(older_than_s=older_than_s, limit=settings.INGEST_BATCH)
        dealt = sum(result.state != MessageState.RECEIVED for result in ingest(message_ids=ids).values()) if ids else 0
        if not dealt:
            break
        done += dealt
    return done
