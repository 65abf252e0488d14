"""The history of a golden record: identity events and changes of its values, newest first. Five queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from mpi import codec
from mpi.models import MERGES, UNDOABLE, EventKind, GoldenRecord, IdentityEvent, Link, Separation
from mpi.queries.person import LABELS

PAGE_SIZE = 30

_WORDS = {
    EventKind.LINK: "Source record linked",
    EventKind.UNLINK: "Source record unlinked",
    EventKind.JOIN: "Golden records joined by the evidence of a new record",
    EventKind.MERGE: "Golden records merged",
    EventKind.UNMERGE: "Golden records unmerged: two people",
    EventKind.UNDO: "Act undone",
    EventKind.SEPARATE: "Kept apart: different people",
    EventKind.LIFT_SEPARATION: "Separation lifted",
    EventKind.SAME_PERSON: "Potential match resolved: same person",
    EventKind.DIFFERENT_PEOPLE: "Potential match resolved: different people",
    EventKind.VERIFY: "Verified by a steward",
    EventKind.CONFIRM: "Confirmed by a second source",
    EventKind.RETIRE: "Golden record retired",
    EventKind.SPLIT: "Source records given a golden record of their own by a rematch",
    EventKind.MOVE: "Source records moved by a rematch",
    EventKind.QUESTION: "Potential match opened or closed by a rematch",
    EventKind.OVERLAY_ACCEPT: "Doubtful update accepted: the same person",
    EventKind.OVERLAY_REJECT: "Doubtful update rejected: another person",
    EventKind.OVERLAY_SPLIT: "Source record split: its number speaks of another person now",
    EventKind.SOURCE_MERGE: "Two numbers of one source merged by their source",
    EventKind.OVERRIDE: "Value set by a steward",
    EventKind.LIFT_OVERRIDE: "Value of a steward lifted",
    EventKind.SOURCE_UNMERGE: "Merge of two numbers taken back by their source",
    EventKind.RELATE: "Recorded as related",
    EventKind.UNRELATE: "Relationship ended",
    EventKind.REGISTER: "Registered at the desk",
}
_RECOMPUTED = {
    "system:survivorship": "Golden values chosen anew by other rules",
    "system:overrides": "Value of a steward expired",
}
_GRAVE = frozenset({EventKind.MERGE, EventKind.UNMERGE, EventKind.SAME_PERSON, EventKind.JOIN})
_ONLY_BY_A_PERSON = frozenset({EventKind.LINK})


@dataclass(frozen=True, slots=True)
class Change:
    """A golden value that became another."""

    label: str
    before: str
    after: str
    shape: str


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line of the history. `uuid` is None where only values changed, without an act on identity.

    `records` are (key, system name) of the source records whose links the act opened.
    """

    uuid: UUID | None
    words: str
    actor_name: str
    by_human: bool
    grave: bool
    recorded_at: datetime
    reason: str = ""
    others: tuple[str, ...] = ()
    records: tuple[tuple[int, str], ...] = ()
    changes: tuple[Change, ...] = ()
    undone: bool = False
    can_undo: bool = False
    can_unmerge: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of events; `older` is the time to ask the next page from, None at the end."""

    events: tuple[TimelineEvent, ...]
    older: datetime | None


def event_words(kind: str) -> str:
    """An event's kind for people."""
    return _WORDS.get(EventKind(kind), kind)


def said(event: IdentityEvent | Separation, reasons: Mapping[str, str]) -> str:
    """Why an act was done; `reasons` gives words for its code."""
    told = (reasons.get(event.reason_code, event.reason_code), event.reason)
    return ": ".join(part for part in told if part)


def is_grave(kind: str) -> bool:
    """Whether the act made people one, or took that back."""
    return EventKind(kind) in _GRAVE


def timeline(golden: GoldenRecord, reasons: Mapping[str, str], *, before: datetime | None = None) -> Timeline:
    """Events and changes recorded before a time. `reasons` gives words for reason codes."""
    acts = IdentityEvent.objects.filter(golden_record_ids__contains=[golden.pk]).prefetch_related("undone_by")
    versions = GoldenRecord.history.filter(id=golden.pk)
    if before is not None:
        acts = acts.filter(recorded_at__lt=before)
        versions = versions.filter(recorded_at__lt=before)
    rows = list(acts.order_by("-recorded_at", "-pk")[: PAGE_SIZE + 1])
    changes = _changes(list(versions.order_by("-recorded_at", "-history_id")[: PAGE_SIZE + 1]))
    names = _Names(golden.pk, _euids(rows, golden), _records(rows), reasons)
    events = [_event(row, changes.pop(row.correlation_id, None), names) for row in rows]
    events += [_recomputed(version) for version in changes.values()]
    events.sort(key=lambda event: event.recorded_at, reverse=True)
    more = len(events) > PAGE_SIZE
    events = events[:PAGE_SIZE]
    return Timeline(tuple(events), older=events[-1].recorded_at if more else None)


@dataclass(frozen=True, slots=True)
class _Version:
    actor: str
    recorded_at: datetime
    changes: tuple[Change, ...]


def _changes(versions: list[Any]) -> dict[UUID | None, _Version]:
    """Changed values of each version by its correlation id; a version that changed none is left out."""
    found: dict[UUID | None, _Version] = {}
    for newer, older in pairwise(versions):
        changed = tuple(changes_of(codec.golden_values(older), codec.golden_values(newer)))
        if changed and newer.history_correlation_id not in found:
            found[newer.history_correlation_id] = _Version(newer.history_user_id or "", newer.recorded_at, changed)
    return found


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[Change]:
    """The golden values that differ, in the order of the page."""
    for key, (label, shape) in LABELS.items():
        old, new = before.get(key) or "", after.get(key) or ""
        if old != new:
            yield Change(label, old, new, shape)


def _euids(rows: list[IdentityEvent], golden: GoldenRecord) -> dict[int, str]:
    others = {pk for row in rows for pk in row.golden_record_ids} - {golden.pk}
    return dict(GoldenRecord.objects.filter(pk__in=others).values_list("pk", "euid"))


def _records(rows: list[IdentityEvent]) -> dict[int, tuple[int, str]]:
    """(record key, system name) of every link that the events opened."""
    opened = [pk for row in rows for pk in row.payload.get("links_opened", ())]
    told = Link.objects.filter(pk__in=opened).values_list(
        "pk", "source_record_id", "source_record__source_system__name"
    )
    return {pk: (record_id, system) for pk, record_id, system in told}


@dataclass(frozen=True, slots=True)
class _Names:
    """What the keys in events stand for."""

    golden_id: int
    euids: Mapping[int, str]
    records: Mapping[int, tuple[int, str]]
    reasons: Mapping[str, str]


def _event(row: IdentityEvent, version: _Version | None, names: _Names) -> TimelineEvent:
    undone = bool(row.undone_by.all())
    opened = row.payload.get("links_opened", ())
    by_human = row.actor_kind != "system"
    undoable = row.kind in UNDOABLE and (by_human or row.kind not in _ONLY_BY_A_PERSON)
    return TimelineEvent(
        uuid=row.uuid,
        words=event_words(row.kind),
        actor_name=row.actor_name,
        by_human=by_human,
        grave=is_grave(row.kind),
        recorded_at=row.recorded_at,
        reason=said(row, names.reasons),
        others=tuple(names.euids[pk] for pk in row.golden_record_ids if pk in names.euids and pk != names.golden_id),
        records=tuple(names.records[pk] for pk in opened if pk in names.records),
        changes=version.changes if version else (),
        undone=undone,
        can_undo=undoable and not undone,
        can_unmerge=not undone and row.kind in MERGES,
    )


def _recomputed(version: _Version) -> TimelineEvent:
    return TimelineEvent(
        uuid=None,
        words=_RECOMPUTED.get(version.actor, "Golden values changed with a source record"),
        actor_name=version.actor.removeprefix("system:"),
        by_human=not version.actor.startswith("system:"),
        grave=False,
        recorded_at=version.recorded_at,
        changes=version.changes,
    )
