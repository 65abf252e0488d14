"""What a doubtful update that was applied has done: where it has put its source record, and whom it has joined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mpi.errors import StaleVersion
from mpi.models import EventKind, GoldenRecord, IdentityEvent, Link


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source record is, and how it got there.

    link     its open link
    before   the link that the update ended when it was applied, where it moved the record; else None
    home_id  the golden record of `before`, or the one that it was merged into
    strayed  somebody has moved the record since the update did, and that stands
    """

    link: Link | None
    before: Link | None = None
    home_id: int | None = None
    strayed: bool = False

    def golden_ids(self) -> set[int]:
        """The golden records of it."""
        now = self.link.golden_record_id if self.link else None
        return {pk for pk in (now, self.home_id) if pk is not None}


def place_of(record_id: int, message_id: int | None) -> Place:
    """Where the record is, and whether this message has put it there; None for one that was not applied."""
    links = list(Link.objects.filter(source_record=record_id).order_by("pk"))
    link = next((own for own in links if own.ended_at is None), None)
    first = None
    if message_id is not None:
        first = Link.objects.filter(source_record=record_id, decision__message_id=message_id).order_by("pk").first()
    before = next((own for own in links if first and own.ended_by_event_id == first.opened_by_event_id), None)
    if first is None or before is None:
        return Place(link)
    later = [own.opened_by_event_id for own in links if own.pk > first.pk]
    stands = link is not None and link.golden_record_id == first.golden_record_id and _cancel_out(later, first)
    return Place(link, before, _survivor(before.golden_record_id), strayed=not stands)


def _cancel_out(event_ids: Iterable[int], first: Link) -> bool:
    """Whether of these events each was undone, or undid one that came after the first link."""
    events = IdentityEvent.objects.filter(pk__in=set(event_ids)).prefetch_related("undone_by")
    return all((event.undoes_id or 0) >= first.opened_by_event_id or event.undone_by.all() for event in events)


def _survivor(golden_id: int) -> int:
    golden = GoldenRecord.objects.get(pk=golden_id)
    while golden.merged_into is not None:
        golden = golden.merged_into
    return golden.pk


def require_not_strayed(place: Place) -> None:
    """Raise StaleVersion where the record was moved since the update had put it somewhere."""
    if place.strayed:
        since = place.link.opened_by_event if place.link else None
        raise StaleVersion(
            "The record was moved since the update was applied; nothing was changed. Undo that act, or link the "
            "record by hand and accept the update.",
            extra={"event": str(since.uuid)} if since else {},
        )


def join_of(record_id: int, message_ids: Iterable[int]) -> IdentityEvent | None:
    """The last join of a golden record that this record was ever in, caused by one of these messages and standing."""
    own = Link.objects.filter(source_record=record_id).values_list("golden_record", flat=True)
    joins = IdentityEvent.objects.filter(
        kind=EventKind.JOIN,
        golden_record_ids__overlap=list(own),
        payload__message__in=list(message_ids),
        undone_by__isnull=True,
    )
    return joins.order_by("-pk").first()


def require_no_join(record_id: int, message_ids: Iterable[int]) -> None:
    """Raise StaleVersion where what these messages told has joined two golden records."""
    join = join_of(record_id, message_ids)
    if join is not None:
        raise StaleVersion(
            "The update joined two golden records; nothing was changed. Undo that act first.",
            extra={"event": str(join.uuid)},
        )
