"""Reading the log: filters, keyset pages newest first, and the log's own state for health pages."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from audit.actions import Category, actions_of, words_of
from audit.models import AuditEvent, Checkpoint, PendingEvent, SealedEntry
from audit.record import fitted, subject_key
from audit.roles import roles_enforced

_GUARDS = (
    ("audit_event", "audit_event_append_only"),
    ("audit_event", "audit_event_note_pending"),
    ("audit_sealed_entry", "audit_sealed_entry_append_only"),
    ("audit_tree_node", "audit_tree_node_append_only"),
    ("audit_checkpoint", "audit_checkpoint_append_only"),
)


class BadCursor(ValueError):
    """A page cursor that this log did not give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What to look for; everything that is set must hold. An empty filter is the whole log.

    `subjects` are (type, id) pairs of which one must be touched: for a person pass every EUID it ever had, so that
    merges are followed both ways. `since` is inclusive, `until` exclusive.
    """

    subjects: tuple[tuple[str, str], ...] = ()
    actor_id: str | None = None
    action: str | None = None
    category: Category | None = None
    outcome: str | None = None
    correlation_id: UUID | None = None
    message_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether this is the whole log."""
        return self == AuditFilter()


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event with its place in the sealed log (None while it waits for the sealer)."""

    event: AuditEvent
    seq: int | None

    @property
    def words(self) -> str:
        """The action in words."""
        return words_of(self.event.action)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of events, newest first; `next_cursor` is None on the last one."""

    events: tuple[LoggedEvent, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class LogState:
    """How the log stands. Times in seconds; `last_checkpoint` is None before the first."""

    events: int
    sealed: int
    pending: int
    oldest_pending_age_s: float | None
    last_checkpoint: Checkpoint | None
    roles_enforced: bool
    triggers_enabled: bool


def page(wanted: AuditFilter, after_cursor: str | None = None, size: int = 50) -> AuditPage:
    """Events newest first, after the event of a cursor. Two queries. Raises BadCursor."""
    found = matching(wanted)
    if after_cursor:
        moment, row = _read_cursor(after_cursor)
        found = found.filter(Q(recorded_at__lt=moment) | Q(recorded_at=moment, id__lt=row), recorded_at__lte=moment)
    events = list(found.order_by("-recorded_at", "-id")[: size + 1])
    next_cursor = _cursor(events[size - 1]) if len(events) > size else None
    return AuditPage(events=logged(events[:size]), next_cursor=next_cursor)


def for_subject(subject_type: str, subject_ids: tuple[str, ...], *, size: int = 50) -> AuditPage:
    """The newest events of one subject under all the ids it ever had."""
    return page(AuditFilter(subjects=tuple((subject_type, subject_id) for subject_id in subject_ids)), size=size)


def event_by_id(event_id: UUID) -> LoggedEvent | None:
    """One event by its event id."""
    found = logged(AuditEvent.objects.filter(event_id=event_id))
    return found[0] if found else None


def matching(wanted: AuditFilter) -> QuerySet[AuditEvent]:
    """The events of a filter, unordered."""
    found = AuditEvent.objects.all()
    if wanted.subjects:
        found = found.filter(subjects__overlap=[subject_key(*subject) for subject in wanted.subjects])
    exact = {
        "actor_id": None if wanted.actor_id is None else fitted(wanted.actor_id),
        "action": None if wanted.action is None else fitted(wanted.action),
        "outcome": None if wanted.outcome is None else fitted(wanted.outcome),
        "correlation_id": wanted.correlation_id,
        "message_id": wanted.message_id,
        "recorded_at__gte": wanted.since,
        "recorded_at__lt": wanted.until,
    }
    found = found.filter(**{name: value for name, value in exact.items() if value is not None})
    if wanted.category is not None:
        found = found.filter(action__in=[action.value for action in actions_of(wanted.category)])
    return found


def logged(events: Iterable[AuditEvent]) -> tuple[LoggedEvent, ...]:
    """Each event with its place in the sealed log; one query for all places."""
    held = list(events)
    entries = SealedEntry.objects.filter(event__in=[event.pk for event in held])
    places = dict(entries.values_list("event", "seq"))
    return tuple(LoggedEvent(event, places.get(event.pk)) for event in held)


def last_checkpoint() -> Checkpoint | None:
    """The newest signed checkpoint."""
    return Checkpoint.objects.order_by("-size").first()


def log_state() -> LogState:
    """The log's figures for the health page. Cheap: nothing is counted but the pending events."""
    newest = SealedEntry.objects.order_by("-seq").values_list("seq", flat=True).first()
    sealed = 0 if newest is None else newest + 1
    waiting = PendingEvent.objects.aggregate(count=Count("event"), oldest=Min("noted_at"))
    pending, oldest = waiting["count"], waiting["oldest"]
    return LogState(
        events=sealed + pending,
        sealed=sealed,
        pending=pending,
        oldest_pending_age_s=None if oldest is None else (timezone.now() - oldest).total_seconds(),
        last_checkpoint=last_checkpoint(),
        roles_enforced=roles_enforced(),
        triggers_enabled=_triggers_enabled(),
    )


def _triggers_enabled() -> bool:
    """Whether every guard of the log is there and fires always."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger JOIN unnest(%s::text[], %s::text[]) AS guard(place, name) "
            "ON tgname = name AND tgrelid = to_regclass(place) WHERE tgenabled = 'A'",
            [[place for place, _ in _GUARDS], [name for _, name in _GUARDS]],
        )
        (enabled,) = cursor.fetchone()
    return bool(enabled == len(_GUARDS))


def _cursor(event: AuditEvent) -> str:
    text = f"{event.recorded_at.astimezone(UTC).isoformat()}|{event.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    try:
        moment, _, row = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        when, number = datetime.fromisoformat(moment).astimezone(UTC), int(row)
    except (ValueError, OverflowError, binascii.Error):
        raise BadCursor("The page cursor is not one of this log.") from None
    if not 0 <= number < 2**63:
        raise BadCursor("The page cursor is not one of this log.")
    return when, number
