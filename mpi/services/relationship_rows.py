"""Relationships begin and end under an identity event; what was ended comes back as a row of its own, never edited."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from audit.actions import Action
from audit.uuid7 import uuid7
from mpi.access import golden_subject
from mpi.errors import CannotUndo
from mpi.models import IdentityEvent, Link, Relationship
from mpi.queries.relationships import Sides, sides_of, standing_between
from mpi.services.locking import TryAgain
from mpi.services.unit import UnitOfWork


def open_relationship(
    unit: UnitOfWork,
    event: IdentityEvent,
    *,
    kind: str,
    from_records: list[int],
    to_records: list[int],
    separation_id: int,
    sides: Sides,
    like: Relationship | None = None,
) -> Relationship:
    """The two are related from now on; the separation that it rests on stands. Audited, told to subscribers.

    It is the word of who acts, or of who said it in the row that it is `like`.
    """
    row = Relationship(
        id=unit.new_id(Relationship),
        uuid=uuid7(),
        kind=kind,
        from_records=from_records,
        to_records=to_records,
        reason=like.reason if like else event.reason,
        actor_id=like.actor_id if like else unit.actor.id,
        actor_name=like.actor_name if like else unit.actor.name,
        separation_id=separation_id,
        event_id=event.pk,
        recorded_at=unit.recorded_at,
    )
    unit.insert(row)
    _told(event)["opened"].append(row.pk)
    _tell(unit, event, row, sides, Action.RELATIONSHIP_CREATED, "golden.related")
    return row


def end_relationship(unit: UnitOfWork, event: IdentityEvent, row: Relationship, sides: Sides | None) -> None:
    """They are not said to be related any more. `sides` is None where nobody is left on one. Audited, told."""
    row.ended_at, row.ended_by_event_id = unit.recorded_at, event.pk
    unit.change(row)
    _told(event)["ended"].append(row.pk)
    _tell(unit, event, row, sides, Action.RELATIONSHIP_ENDED, "golden.unrelated")


def _told(event: IdentityEvent) -> dict[str, Any]:
    """What the event says of relationships: {"opened": [id], "ended": [id]}."""
    told: dict[str, Any] = event.payload.setdefault("relationships", {"opened": [], "ended": []})
    return told


def _tell(
    unit: UnitOfWork, event: IdentityEvent, row: Relationship, sides: Sides | None, action: Action, notice: str
) -> None:
    people = [unit.golden_records[pk] for pk in (sides.from_id, sides.to_id)] if sides else []
    unit.audit(
        action,
        subject=("relationship", str(row.uuid)),
        related=[golden_subject(one.euid) for one in people],
        reason=event.reason,
        detail={"event": str(event.uuid), "kind": str(row.kind)},
    )
    for one, other in (people, people[::-1]) if people else ():
        unit.touch(event, one)
        unit.notify(notice, one, related=[other.euid])


def golden_ids_of_relationships(event: IdentityEvent) -> set[int]:
    """Golden records that an undo of the event concerns through relationships. No query without any."""
    told = event.payload.get("relationships")
    if not told:
        return set()
    sides = sides_of([*told["opened"], *told["ended"], *_successors(event)]).values()
    return {pk for one in sides for pk in (one.from_id, one.to_id)}


def _successors(event: IdentityEvent) -> list[int]:
    """Standing relationships that rest on a separation of the event: what it said goes on in them."""
    standing = Relationship.objects.filter(separation__in=event.payload["separations"], ended_at__isnull=True)
    return list(standing.order_by("pk").values_list("pk", flat=True))


def restore_relationships(unit: UnitOfWork, undoing: IdentityEvent, event: IdentityEvent) -> None:
    """Undo what an event did to relationships. What was said in it ends, in whatever row it goes on since.

    Raises CannotUndo where the separation that one rested on is lifted, or a side of it is gone.
    """
    told = event.payload.get("relationships")
    if not told:
        return
    said = list(dict.fromkeys([*told["opened"], *_successors(event)]))
    keys = [*said, *told["ended"]]
    rows = Relationship.objects.select_related("separation__event").in_bulk(keys)
    sides = sides_of(keys)
    for pk in said:
        if rows[pk].ended_at is None:
            end_relationship(unit, undoing, rows[pk], sides.get(pk))
    for pk in told["ended"]:
        if rows[pk].separation.event.undone_by.exists():
            continue  # whoever had said it has taken it back since
        _open_again(unit, undoing, rows[pk], sides.get(pk))


def _open_again(unit: UnitOfWork, undoing: IdentityEvent, row: Relationship, sides: Sides | None) -> None:
    if row.separation.lifted_at is not None:
        raise CannotUndo("The separation that this relationship rests on was lifted since; relate the two anew.")
    if sides is None or sides.from_id == sides.to_id:
        raise CannotUndo("The two whom this relationship was between are not both there any more.")
    open_relationship(
        unit,
        undoing,
        kind=row.kind,
        from_records=row.from_records,
        to_records=row.to_records,
        separation_id=row.separation_id,
        sides=sides,
        like=row,
    )


def leave_behind(unit: UnitOfWork, event: IdentityEvent, *, moving: Collection[int], since: datetime | None) -> None:
    """A number speaks of another patient now: what was said of the first one before stays with the first one.

    Call before the links are written. It goes on under the records that the first patient keeps, and ends where there
    are none. Raises TryAgain where a relative is not locked.
    """
    for row, sides in standing_between(unit.golden_records):
        if since is not None and row.recorded_at >= since:
            continue
        kept = [[pk for pk in side if pk not in moving] for side in (row.from_records, row.to_records)]
        if kept == [row.from_records, row.to_records]:
            continue
        if not {sides.from_id, sides.to_id} <= unit.golden_records.keys():
            raise TryAgain
        end_relationship(unit, event, row, sides)
        owners = unit.owners_of(pk for side in kept for pk in side)
        homes = [next((owners[pk] for pk in side if pk in owners), None) for side in kept]
        if homes[0] is None or homes[1] is None or homes[0] == homes[1]:
            continue
        if not {homes[0], homes[1]} <= unit.golden_records.keys():
            raise TryAgain
        open_relationship(
            unit,
            event,
            kind=row.kind,
            from_records=kept[0],
            to_records=kept[1],
            separation_id=row.separation_id,
            sides=Sides(homes[0], homes[1]),
            like=row,
        )


def related_to(golden_ids: Iterable[int]) -> set[int]:
    """These golden records and all that are or may come to be related to them: whom an act that ends relationships
    must lock. A relationship may go on with any golden record that holds a record of it.
    """
    ids = set(golden_ids)
    standing = standing_between(ids)
    if not standing:
        return ids
    named = {pk for row, _ in standing for pk in (*row.from_records, *row.to_records)}
    held = Link.objects.filter(source_record__in=named, ended_at__isnull=True)
    sides = {pk for _, sides in standing for pk in (sides.from_id, sides.to_id)}
    return ids | sides | set(held.values_list("golden_record_id", flat=True))
