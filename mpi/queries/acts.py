"""What the pages of acts show before they ask: the event, the separation, the merged values side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mpi import codec
from mpi.errors import NotFound
from mpi.models import GoldenRecord, IdentityEvent, Link, Separation
from mpi.queries.person import LABELS, Banner, banner
from mpi.queries.timeline import Change, changes_of, event_words


@dataclass(frozen=True, slots=True)
class EventView:
    """An identity event with the golden records it touched."""

    uuid: UUID
    kind: str
    words: str
    actor_name: str
    reason: str
    recorded_at: datetime
    people: tuple[Banner, ...]


@dataclass(frozen=True, slots=True)
class SeparationView:
    """A separation and the golden records it keeps apart now."""

    uuid: UUID
    reason: str
    actor_name: str
    recorded_at: datetime
    people: tuple[Banner, ...]


@dataclass(frozen=True, slots=True)
class MergeRow:
    """One golden field on both sides and after the merge."""

    label: str
    shape: str
    survivor: Any
    retired: Any
    result: Any
    changes: bool


def event(uuid: UUID) -> EventView:
    """One event. Two queries. Raises NotFound."""
    row = IdentityEvent.objects.filter(uuid=uuid).first()
    if row is None:
        raise NotFound("There is no identity event under this number.")
    people = GoldenRecord.objects.filter(pk__in=row.golden_record_ids).order_by("pk")
    return EventView(
        uuid=row.uuid,
        kind=row.kind,
        words=event_words(row.kind),
        actor_name=row.actor_name,
        reason=row.reason,
        recorded_at=row.recorded_at,
        people=tuple(banner(golden) for golden in people),
    )


def separation(uuid: UUID) -> SeparationView:
    """One standing separation. Three queries. Raises NotFound."""
    row = Separation.objects.filter(uuid=uuid, lifted_at__isnull=True).first()
    if row is None:
        raise NotFound("There is no standing separation under this number.")
    pairs = row.pairs.values_list("record_low_id", "record_high_id")
    records = {record for pair in pairs for record in pair}
    links = Link.objects.filter(source_record__in=records, ended_at__isnull=True).select_related("golden_record")
    people: Mapping[int, GoldenRecord] = {link.golden_record_id: link.golden_record for link in links}
    return SeparationView(
        uuid=row.uuid,
        reason=row.reason or row.reason_code,
        actor_name=row.actor_name,
        recorded_at=row.recorded_at,
        people=tuple(banner(people[pk]) for pk in sorted(people)),
    )


def merge_rows(survivor: GoldenRecord, retired: GoldenRecord, merged: Mapping[str, Any]) -> Sequence[MergeRow]:
    """Both sides and the result, field by field; fields unknown to both are left out. No query."""
    left, right = codec.golden_values(survivor), codec.golden_values(retired)
    rows = []
    for key, (label, shape) in LABELS.items():
        a, b, result = left.get(key) or "", right.get(key) or "", merged.get(key) or ""
        if a or b or result:
            rows.append(MergeRow(label, shape, a, b, result, changes=a != result))
    return rows


def changed_values(golden: GoldenRecord, after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The golden values that will be others, of all that will be. No query."""
    return tuple(changes_of(codec.golden_values(golden), after))
