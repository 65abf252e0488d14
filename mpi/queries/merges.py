"""The merges of a golden record, into it and of it into another one, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mpi.models import MERGES, EventKind, GoldenRecord, GoldenStatus, IdentityEvent
from mpi.queries.keyset import Page, newest_first
from mpi.queries.timeline import event_words, said

PAGE_SIZE = 20
_UNDONE: Mapping[str, str] = {EventKind.UNDO: "Undone, a slip", EventKind.UNMERGE: "Unmerged: they are two people"}


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Who took a merge back, how and when."""

    words: str
    actor_name: str
    reason: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Merge:
    """One act that made golden records one. `into` is the EUID that went on, `retired` are those that lead there since.

    records    how many source records came along
    is_into    whether it is the golden record of the page that went on
    """

    uuid: UUID
    words: str
    actor_name: str
    by_human: bool
    recorded_at: datetime
    reason: str
    into: str
    retired: tuple[str, ...]
    records: int
    is_into: bool
    taken_back: TakenBack | None


def merges(golden: GoldenRecord, reasons: Mapping[str, str], *, before: int | None = None) -> Page[Merge]:
    """Merges newest first, after the key `before`. `reasons` gives words for reason codes. Three queries.

    An act that only moved a question about this golden record to another one is none of its merges, and left out.
    """
    acts = IdentityEvent.objects.filter(golden_record_ids__contains=[golden.pk], kind__in=MERGES)
    page = newest_first(acts.prefetch_related("undone_by"), before=before, size=PAGE_SIZE)
    sides = {row.pk: _sides(row) for row in page.rows}
    known = {pk for into, retired in sides.values() for pk in (into, *retired) if pk is not None}
    euids = dict(GoldenRecord.objects.filter(pk__in=known).values_list("pk", "euid"))
    found = tuple(
        _merge(row, golden, *sides[row.pk], euids, reasons)
        for row in page.rows
        if golden.pk == sides[row.pk][0] or golden.pk in sides[row.pk][1]
    )
    return Page(found, older=page.older, newer=page.newer)


def _sides(event: IdentityEvent) -> tuple[int | None, tuple[int, ...]]:
    """(who went on, who was retired into it) by the states that the event keeps."""
    merged = str(GoldenStatus.MERGED)
    states: Mapping[str, Mapping[str, Mapping[str, object]]] = event.payload["golden_records"]
    retired = {
        int(pk): state["after"]["merged_into"]
        for pk, state in states.items()
        if state["after"]["status"] == merged and state["before"]["status"] != merged
    }
    into = next((int(str(survivor)) for survivor in retired.values() if survivor is not None), None)
    return into, tuple(retired)


def _merge(
    row: IdentityEvent,
    golden: GoldenRecord,
    into: int | None,
    retired: Iterable[int],
    euids: Mapping[int, str],
    reasons: Mapping[str, str],
) -> Merge:
    undoing = next(iter(row.undone_by.all()), None)
    return Merge(
        uuid=row.uuid,
        words=event_words(row.kind),
        actor_name=row.actor_name,
        by_human=row.actor_kind != "system",
        recorded_at=row.recorded_at,
        reason=said(row, reasons),
        into=euids.get(into or 0, ""),
        retired=tuple(euids[pk] for pk in retired if pk in euids),
        records=len(row.payload["links_opened"]),
        is_into=golden.pk == into,
        taken_back=_taken_back(undoing, reasons) if undoing else None,
    )


def _taken_back(undoing: IdentityEvent, reasons: Mapping[str, str]) -> TakenBack:
    words = _UNDONE.get(undoing.kind, event_words(undoing.kind))
    return TakenBack(words, undoing.actor_name, said(undoing, reasons), undoing.recorded_at)
