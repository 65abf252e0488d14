"""Undo an identity act: the exact state before, the potential match open again.

Links that the act moved go back; what arrived since goes where the record that earned its link goes.
A record that a person has decided on since stays where that person put it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import CannotUndo, NotFound
from mpi.models import (
    LIVE_STATUSES,
    EventKind,
    GoldenRecord,
    GoldenStatus,
    IdentityEvent,
    Link,
    PotentialMatch,
    PotentialMatchStatus,
    Separation,
)
from mpi.services.act import ActResult, begin, done
from mpi.services.locking import TryAgain, run_act
from mpi.services.unit import UnitOfWork

UNDOABLE = frozenset(
    {
        EventKind.MERGE,
        EventKind.SAME_PERSON,
        EventKind.DIFFERENT_PEOPLE,
        EventKind.SEPARATE,
        EventKind.UNLINK,
        EventKind.JOIN,
        EventKind.VERIFY,
    }
)
MERGES = frozenset({EventKind.MERGE, EventKind.SAME_PERSON, EventKind.JOIN})
_PERSONS_MOVE = MERGES | {EventKind.UNDO, EventKind.UNMERGE}


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoing an event would move: links now open, and the golden record that each goes to."""

    event: IdentityEvent
    moves: tuple[tuple[Link, int], ...]
    golden_ids: frozenset[int]
    matches: dict[int, PotentialMatch] = field(repr=False)


def undo_event(*, event_uuid: UUID | str, reason: str, actor: Actor) -> ActResult:
    """Undo a slip. Raises Forbidden, NotFound, CannotUndo (naming what stands in the way), Busy."""
    require(actor, Permission.MERGE)

    def act() -> ActResult:
        plan = plan_undo(event_uuid)
        unit = begin(actor, plan.golden_ids)
        if plan_undo(event_uuid).golden_ids != plan.golden_ids:
            raise TryAgain
        undoing = unit.event(EventKind.UNDO, reason_code="slip", reason=reason, undoes=plan.event)
        restored = undo_locked(unit, undoing, plan_undo(event_uuid))
        unit.audit_golden(
            Action.IDENTITY_UNDONE,
            restored[0],
            *restored[1:],
            reason=reason,
            detail={"event": str(undoing.uuid), "undone": str(plan.event.uuid), "kind": str(plan.event.kind)},
        )
        unit.flush()
        return done(undoing, "Undone: everything is as it was before.", *restored, undoable=False)

    return run_act(act)


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
    ended = list(Link.objects.filter(pk__in=event.payload["links_ended"]))
    came_from = {link.source_record_id: link.golden_record_id for link in ended}
    owners = {int(pk) for pk in event.payload["golden_records"]}
    standing = Link.objects.filter(ended_at__isnull=True).select_related("opened_by_event")
    moved = list(standing.filter(source_record__in=came_from))
    moves = {link.pk: (link, came_from[link.source_record_id]) for link in moved if _may_go_back(link, event)}
    _add_followers(moves, came_from, event)
    matches = PotentialMatch.objects.in_bulk([int(pk) for pk in event.payload["potential_matches"]])
    touched = owners | {link.golden_record_id for link, _ in moves.values()} | {home for _, home in moves.values()}
    touched |= {pk for match in matches.values() for pk in (match.golden_a_id, match.golden_b_id)}
    return UndoPlan(event, tuple(moves[pk] for pk in sorted(moves)), frozenset(touched), matches)


def _check_undoable(event: IdentityEvent) -> None:
    if event.kind not in UNDOABLE:
        raise CannotUndo(f"An act of the kind “{event.kind}” is not undone; do the opposite act instead.")
    later = event.undone_by.first()
    if later is not None:
        raise CannotUndo(f"{later.actor_name} has undone this act already.", extra={"event": str(later.uuid)})


def _may_go_back(link: Link, event: IdentityEvent) -> bool:
    """Whether the record is where this act, or a later act on whole persons, put it."""
    return link.opened_by_event_id == event.pk or link.opened_by_event.kind in _PERSONS_MOVE


def _add_followers(moves: dict[int, tuple[Link, int]], came_from: dict[int, int], event: IdentityEvent) -> None:
    """Records that arrived since, on the strength of a record that goes back, go with it."""
    if event.kind not in MERGES:
        return
    home = dict(came_from)
    places = {link.golden_record_id for link, _ in moves.values()}
    later = list(
        Link.objects.filter(
            golden_record__in=places, ended_at__isnull=True, opened_by_event__gt=event.pk, by_human=False
        ).order_by("pk")
    )
    grew = True
    while grew:
        grew = False
        for link in later:
            target = home.get(link.supporting_record_id or 0)
            if target is not None and link.source_record_id not in home:
                home[link.source_record_id] = target
                moves[link.pk] = (link, target)
                grew = True


def undo_locked(unit: UnitOfWork, undoing: IdentityEvent, plan: UndoPlan) -> list[GoldenRecord]:
    """The body of an undo, on locked golden records. Returns the live golden records, the restored ones first."""
    event = plan.event
    for pk_text, states in event.payload["golden_records"].items():
        _restore_golden(unit, undoing, int(pk_text), states, event)
    for link, home in plan.moves:
        _move_back(unit, undoing, link, home, event)
    for separation in Separation.objects.filter(pk__in=event.payload["separations"], lifted_at__isnull=True):
        separation.lifted_at = unit.recorded_at
        separation.lifted_by_event_id = undoing.pk
        unit.change(separation)
        unit.audit(Action.SEPARATION_LIFTED, subject=("separation", str(separation.uuid)))
    for pk_text, states in event.payload["potential_matches"].items():
        _restore_match(unit, undoing, plan.matches[int(pk_text)], states)
    restored = [unit.golden_records[pk] for pk in undoing.golden_record_ids]
    live = [golden for golden in restored if golden.status in LIVE_STATUSES]
    return sorted(live, key=lambda golden: golden.pk) or restored


def _restore_golden(
    unit: UnitOfWork, undoing: IdentityEvent, pk: int, states: dict[str, Any], event: IdentityEvent
) -> None:
    golden, before, after = unit.golden_records[pk], states["before"], states["after"]
    unit.touch(undoing, golden)
    if before["status"] != GoldenStatus.MERGED and after["status"] == GoldenStatus.MERGED:
        if golden.status != GoldenStatus.MERGED:
            raise CannotUndo("The golden record that this act retired lives again already.")
        golden.status = before["status"]
        golden.merged_into_id = None
        unit.notify("golden.restored", golden)
    if event.kind == EventKind.VERIFY:
        golden.verified = before["verified"]


def _move_back(unit: UnitOfWork, undoing: IdentityEvent, link: Link, home: int, event: IdentityEvent) -> None:
    giver, taker = unit.golden_records[link.golden_record_id], unit.golden_records[home]
    back = unit.move_link(undoing, link, giver, taker)
    original = Link.objects.filter(pk__in=event.payload["links_ended"], source_record=link.source_record_id).first()
    if original is not None:
        back.origin, back.by_human = original.origin, original.by_human
        back.supporting_record_id = original.supporting_record_id
    unit.notify("link.moved", taker, record_ids=[link.source_record_id], related=[giver.euid])
    unit.notify("link.moved", giver, record_ids=[link.source_record_id], related=[taker.euid])


def _restore_match(unit: UnitOfWork, undoing: IdentityEvent, match: PotentialMatch, states: dict[str, Any]) -> None:
    before, after = states["before"], states["after"]
    if match.version != after["version"]:
        return  # somebody has decided on it since: that stands
    if not before:
        if match.status == PotentialMatchStatus.OPEN:
            unit.close_potential_match(undoing, match, PotentialMatchStatus.CLOSED, "undone")
        return
    is_open = before["status"] == PotentialMatchStatus.OPEN
    if is_open and not _pair_is_free(unit, match, before):
        return
    unit.change_potential_match(
        undoing,
        match,
        golden_a_id=before["golden_a_id"],
        golden_b_id=before["golden_b_id"],
        status=before["status"],
        closed_reason=before["closed_reason"],
        closed_at=None if is_open else match.closed_at,
        resolved_by_event_id=None if is_open else match.resolved_by_event_id,
    )


def _pair_is_free(unit: UnitOfWork, match: PotentialMatch, before: dict[str, Any]) -> bool:
    """Whether both sides are live and no other question is open for the pair."""
    pair = [before["golden_a_id"], before["golden_b_id"]]
    if any(pk in unit.golden_records and unit.golden_records[pk].status not in LIVE_STATUSES for pk in pair):
        return False
    others = PotentialMatch.objects.filter(
        status=PotentialMatchStatus.OPEN, golden_a__in=pair, golden_b__in=pair
    ).exclude(pk=match.pk)
    return not others.exists()
