"""How the index is: database, broker, workers, inbox, audit log. Each check says what it means when it is not well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Min
from django.utils import timezone
from redis.exceptions import RedisError

from audit.standing import standing
from mpi.models import InboundMessage, MessageState

HEARTBEAT_KEY = "worker-heartbeat"
_LATE_S = 60

State = Literal["good", "late", "bad"]


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the index and how it is."""

    name: str
    state: State
    words: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """All checks, in page order."""

    checks: tuple[Check, ...]

    @property
    def waiting(self) -> tuple[Check, ...]:
        """Those that are not well."""
        return tuple(check for check in self.checks if check.state != "good")


def health() -> Health:
    """Check everything. A dozen small queries and one look into the cache."""
    now = timezone.now()
    return Health((_database(), _broker_and_workers(now), _inbox(now), *_audit()))


def _database() -> Check:
    """It answered: the page could not be made otherwise."""
    return Check("PostgreSQL", "good", _kind(embedded=settings.MPI_EMBEDDED_POSTGRES))


def _kind(*, embedded: bool) -> str:
    return "embedded, answers" if embedded else "external, answers"


def _broker_and_workers(now: datetime) -> Check:
    try:
        beat = cache.get(HEARTBEAT_KEY)
    except (RedisError, OSError):
        return Check("Valkey and workers", "bad", "the broker does not answer; messages wait in the inbox")
    kind = _kind(embedded=settings.MPI_EMBEDDED_VALKEY)
    if not isinstance(beat, datetime):
        return Check("Valkey and workers", "late", f"broker {kind}; no worker has reported lately")
    if (now - beat).total_seconds() > _LATE_S:
        return Check("Valkey and workers", "late", f"broker {kind}; workers are silent since", beat)
    return Check("Valkey and workers", "good", f"broker {kind}; a worker reported", beat)


def _inbox(now: datetime) -> Check:
    open_states = (MessageState.RECEIVED, MessageState.QUEUED)
    told = InboundMessage.objects.filter(state__in=open_states).aggregate(count=Count("pk"), oldest=Min("received_at"))
    failed = InboundMessage.objects.filter(state__in=(MessageState.REJECTED, MessageState.DEAD)).count()
    refused = f"; {failed:,} rejected or given up" if failed else ""
    if not told["count"]:
        return Check("Inbox", "good", f"no message waits{refused}")
    late = (now - told["oldest"]).total_seconds() > _LATE_S
    words = f"{told['count']:,} messages wait{refused}, the oldest since"
    return Check("Inbox", "late" if late else "good", words, told["oldest"])


def _audit() -> tuple[Check, Check]:
    """As `audit.standing` judges the log: the same as a monitor is told."""
    found = standing()
    state = found.state
    if not state.triggers_enabled:
        guard = Check("Audit log", "bad", "a guard of the append-only tables is missing or switched off")
    elif not state.roles_enforced:
        guard = Check("Audit log", "late", "append-only by trigger; the database role could still switch it off")
    else:
        guard = Check("Audit log", "good", f"append-only by trigger and role; {state.events:,} events")
    if found.inconsistency:
        return guard, Check("Sealed log", "bad", f"{found.inconsistency} Run “manage.py verifyaudit”.")
    words = f"{state.sealed:,} sealed, {state.pending:,} wait for the sealer"
    sealing: State = "late" if found.is_late else "good"
    if state.last_checkpoint is None:
        return guard, Check("Sealed log", sealing, f"{words}; no checkpoint yet")
    return guard, Check("Sealed log", sealing, f"{words}; last checkpoint", state.last_checkpoint.signed_at)
