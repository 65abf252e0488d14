"""What undoing an identity act would move: where every record would be if the act had never happened.

The links of a record are its history. Leaving one act out of it, the later acts either carry the record
along as they did (a person linked it by hand, an earlier merge was undone), or they no longer concern it
(a merge of a golden record in which it would not have been).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import Q

from mpi.errors import CannotUndo, NotFound
from mpi.models import (
    MERGES,
    UNDOABLE,
    EventKind,
    GoldenRecord,
    GoldenStatus,
    IdentityEvent,
    Link,
    LinkOrigin,
    PotentialMatch,
    PotentialMatchStatus,
)
from mpi.services.neighbourhood import open_matches
from mpi.services.override_rows import golden_ids_of_overrides
from mpi.services.relationship_rows import golden_ids_of_relationships
from mpi.services.undo_records import Home, homes_of_records

CAME_TOGETHER = frozenset({"same-golden-record", "double"})
"""Why a question closes when golden records are merged: it is asked again when they come apart."""
_UNDOINGS = frozenset({EventKind.UNDO, EventKind.UNMERGE, EventKind.SOURCE_UNMERGE})
_ONLY_BY_A_PERSON = frozenset({EventKind.LINK, EventKind.UNLINK})


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoing an event would change.

    moves       open links, and the golden record that each goes to
    reopened    ended links of source records that nobody has now, and the golden record that each opens at again
    golden_ids  every golden record that must be locked
    matches     the event's potential matches, all open ones of these golden records, and those closed by
                merges of them, by key
    """

    event: IdentityEvent
    moves: tuple[Home, ...]
    reopened: tuple[Home, ...]
    golden_ids: frozenset[int]
    matches: dict[int, PotentialMatch] = field(repr=False)


def find_event(event_uuid: UUID | str) -> IdentityEvent:
    """The identity event of this number. Raises NotFound."""
    event = IdentityEvent.objects.filter(uuid=event_uuid).first()
    if event is None:
        raise NotFound("There is no identity event under this number.")
    return event


def plan_undo(event_uuid: UUID | str) -> UndoPlan:
    """What an undo would move, read now. Raises NotFound, CannotUndo."""
    event = find_event(event_uuid)
    _check_undoable(event)
    moves = _members_back(event)
    back, reopened = homes_of_records(event)
    live = _survivors({home for _, home in (*back, *reopened)}, event)
    moves |= {link.pk: (link, live[home]) for link, home in back if live[home] != link.golden_record_id}
    moves |= _followers(moves, event)
    matches = PotentialMatch.objects.in_bulk([int(pk) for pk in event.payload["potential_matches"]])
    touched = {int(pk) for pk in event.payload["golden_records"]}
    touched |= {pk for link, home in moves.values() for pk in (link.golden_record_id, home)}
    touched |= {live[home] for _, home in reopened}
    touched |= golden_ids_of_overrides(event) | golden_ids_of_relationships(event)
    matches |= _come_together(touched)
    touched |= {pk for match in matches.values() for pk in (match.golden_a_id, match.golden_b_id)}
    asked = [pk for match in matches.values() for pk in (match.record_a_id, match.record_b_id)]
    touched |= set(
        Link.objects.filter(source_record__in=asked, ended_at__isnull=True).values_list("golden_record", flat=True)
    )
    matches = {match.pk: match for match in open_matches(touched).values()} | matches
    opens = tuple((link, live[home]) for link, home in reopened)
    return UndoPlan(event, tuple(moves[pk] for pk in sorted(moves)), opens, frozenset(touched), matches)


def _come_together(golden_ids: set[int]) -> dict[int, PotentialMatch]:
    """Questions that closed by themselves because a merge brought their records, or those of another one, together."""
    members = Link.objects.filter(golden_record__in=golden_ids, ended_at__isnull=True).values("source_record")
    closed = PotentialMatch.objects.filter(
        Q(record_a__in=members) | Q(record_b__in=members),
        status=PotentialMatchStatus.CLOSED,
        closed_reason__in=CAME_TOGETHER,
    )
    return {match.pk: match for match in closed}


def _check_undoable(event: IdentityEvent) -> None:
    by_engine = event.actor_kind == "system" and event.kind in _ONLY_BY_A_PERSON
    if event.kind not in UNDOABLE or by_engine:
        raise CannotUndo(f"An act of the kind “{event.kind}” is not undone; do the opposite act instead.")
    later = event.undone_by.first()
    if later is not None:
        raise CannotUndo(f"{later.actor_name} has undone this act already.", extra={"event": str(later.uuid)})


def _members_back(event: IdentityEvent) -> dict[int, tuple[Link, int]]:
    """Open links of the records that the act moved, and where each would be without it, by the link's key."""
    ended = Link.objects.filter(pk__in=event.payload["links_ended"])
    came_from = {link.source_record_id: link.golden_record_id for link in ended}
    chains: dict[int, list[Link]] = defaultdict(list)
    later = Link.objects.filter(source_record__in=came_from, opened_by_event__gte=event.pk)
    for link in later.select_related("opened_by_event").order_by("pk"):
        chains[link.source_record_id].append(link)
    undone = _undone({link.opened_by_event_id for chain in chains.values() for link in chain})
    homes = {
        chain[-1].pk: (chain[-1], _without(event, came_from[record_id], chain, undone))
        for record_id, chain in chains.items()
        if chain[-1].ended_at is None
    }
    live = _survivors({home for _, home in homes.values()}, event)
    settled = {pk: (link, live[home]) for pk, (link, home) in homes.items()}
    return {pk: move for pk, move in settled.items() if move[1] != move[0].golden_record_id or _pinned(event, move[0])}


def _pinned(event: IdentityEvent, link: Link) -> bool:
    """Whether the act has made the link of a record a person's word where it was: the one before is restored."""
    return event.kind == EventKind.OVERLAY_SPLIT and link.opened_by_event_id == event.pk


def _undone(event_ids: Iterable[int]) -> frozenset[int]:
    """Those of the events that were undone."""
    rows = IdentityEvent.objects.filter(undoes__in=set(event_ids))
    return frozenset(pk for pk in rows.values_list("undoes", flat=True) if pk is not None)


def _without(event: IdentityEvent, home: int, chain: Sequence[Link], undone: frozenset[int]) -> int:
    """Where a record that came from `home` would be now, had the event not moved it.

    `chain` holds its links from the event on. A later act and its undoing cancel each other out; a later merge
    carries the record along only from where it would have been.
    """
    for before, link in pairwise(chain):
        opened = link.opened_by_event
        if opened.pk in undone or (opened.kind in _UNDOINGS and (opened.undoes_id or 0) >= event.pk):
            continue
        if opened.kind not in MERGES or home == before.golden_record_id:
            home = link.golden_record_id
    return home


def _survivors(golden_ids: set[int], event: IdentityEvent) -> dict[int, int]:
    """Where each golden record stands: itself if it lives or the undo restores it, else its survivor."""
    found: dict[int, int] = {}
    for start in golden_ids:
        golden = GoldenRecord.objects.get(pk=start)
        while golden.merged_into is not None and not was_retired_by(event, golden.pk):
            golden = golden.merged_into
        found[start] = golden.pk
    return found


def was_retired_by(event: IdentityEvent, golden_id: int) -> bool:
    """Whether the event merged this golden record into another one."""
    states: Mapping[str, Any] = event.payload["golden_records"].get(str(golden_id), {})
    if not states:
        return False
    merged = str(GoldenStatus.MERGED)
    return bool(states["before"]["status"] != merged and states["after"]["status"] == merged)


def _followers(moves: Mapping[int, tuple[Link, int]], event: IdentityEvent) -> dict[int, tuple[Link, int]]:
    """Records that arrived since, on the strength of a record that goes back: they go with it.

    Not those that were there before, nor those that a person has put there.
    """
    home = {link.source_record_id: target for link, target in moves.values()}
    places = {link.golden_record_id for link, _ in moves.values()}
    later = Link.objects.filter(golden_record__in=places, ended_at__isnull=True, opened_by_event__gte=event.pk)
    theirs = Link.objects.filter(source_record__in=later.values("source_record"))
    stood_before = theirs.filter(
        Q(ended_at__isnull=True) | Q(ended_by_event__gte=event.pk), opened_by_event__lt=event.pk
    )
    put_there = theirs.filter(origin=LinkOrigin.STEWARD, opened_by_event__gte=event.pk)
    staying = stood_before.values("source_record").union(put_there.values("source_record"))
    arrived = list(later.exclude(source_record__in=staying).order_by("pk"))
    found: dict[int, tuple[Link, int]] = {}
    grew = True
    while grew:
        grew = False
        for link in arrived:
            target = home.get(link.supporting_record_id or 0)
            is_there = target == link.golden_record_id
            if target is not None and not is_there and link.source_record_id not in home:
                home[link.source_record_id] = target
                found[link.pk] = (link, target)
                grew = True
    return found
