"""The messages page: what came in and what became of it. Two queries a list, three a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from mpi.errors import NotFound
from mpi.models import InboundMessage, MessageState, SourceRecord
from mpi.queries.keyset import Page, newest_first

PAGE_SIZE = 50

MEANINGS: Mapping[str, str] = {
    MessageState.RECEIVED: "stored, waits for a worker",
    MessageState.QUEUED: "waits behind a quarantined record",
    MessageState.APPLIED: "has taken effect",
    MessageState.REJECTED: "cannot be applied as it is; its sender must mend it",
    MessageState.DEAD: "given up after repeated faults of ours; can be replayed",
}


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many messages are in one state."""

    state: str
    means: str
    count: int


def state_counts() -> tuple[StateCount, ...]:
    """Every state with its count. One query."""
    counted = dict(InboundMessage.objects.order_by().values_list("state").annotate(Count("pk")))
    return tuple(StateCount(state, means, counted.get(state, 0)) for state, means in MEANINGS.items())


def messages(*, state: str, before: int | None) -> Page[InboundMessage]:
    """A page of messages, newest first, without their payloads. One query."""
    rows = InboundMessage.objects.defer("payload").select_related("job")
    if state in MEANINGS:
        rows = rows.filter(state=state)
    return newest_first(rows, before=before, size=PAGE_SIZE)


def message(uuid: UUID) -> InboundMessage:
    """One message without its payload. One query. Raises NotFound."""
    found = InboundMessage.objects.defer("payload").select_related("job").filter(uuid=uuid).first()
    if found is None:
        raise NotFound("There is no message under this number.")
    return found


def record_of(row: InboundMessage) -> SourceRecord | None:
    """The source record a message spoke of, with its system. One query, none when it never got so far."""
    if row.source_record_id is None:
        return None
    return SourceRecord.objects.select_related("source_system").filter(pk=row.source_record_id).first()
