"""Separate: a standing decision that two golden records are different people; and its lifting."""

from __future__ import annotations

from itertools import product
from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, golden_subject, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Flaw, InvalidInput, NotFound, Related
from mpi.models import (
    EventKind,
    GoldenRecord,
    IdentityEvent,
    Link,
    PotentialMatch,
    PotentialMatchStatus,
    Separation,
)
from mpi.services.act import ActResult, begin, check_sides, done, find_golden_record
from mpi.services.locking import run_act
from mpi.services.neighbourhood import open_links, open_matches
from mpi.services.reasons import check_note, check_reason
from mpi.services.unit import UnitOfWork


def separate(*, euid_a: str, euid_b: str, reason_code: str, reason: str, actor: Actor) -> ActResult:
    """Keep two golden records apart for good, on every path.

    Raises Forbidden, NotFound, InvalidInput, AlreadyMerged, Busy. An open potential match of the pair
    is answered by it.
    """
    require(actor, Permission.MERGE)
    check_reason(reason_code, reason)

    def act() -> ActResult:
        one, other = find_golden_record(euid_a), find_golden_record(euid_b)
        if one.pk == other.pk:
            flaw = Flaw("euid_b", "is the same golden record", "to take it apart, unmerge it or unlink a source record")
            raise InvalidInput("A golden record cannot be kept apart from itself; nothing was changed.", flaws=[flaw])
        unit = begin(actor, [one.pk, other.pk])
        event = unit.event(EventKind.SEPARATE, reason_code=reason_code, reason=reason)
        result = separate_locked(unit, event, one_id=one.pk, other_id=other.pk)
        unit.flush()
        return result

    return run_act(act)


def separate_locked(
    unit: UnitOfWork, event: IdentityEvent, *, one_id: int, other_id: int, resolved: PotentialMatch | None = None
) -> ActResult:
    """The body of a separation, on locked golden records. `resolved` is the potential match that this act answers."""
    one, other = unit.golden_records[one_id], unit.golden_records[other_id]
    check_sides([one, other], {})
    unit.touch(event, one)
    unit.touch(event, other)
    links = open_links([one_id, other_id])
    ones, others = ([link.source_record_id for link in links[pk]] for pk in (one_id, other_id))
    unit.separate(event, product(ones, others), reason_code=event.reason_code, reason=event.reason)
    match = resolved or open_matches([one_id, other_id]).get(frozenset((one_id, other_id)))
    if match is not None:
        unit.close_potential_match(event, match, PotentialMatchStatus.DIFFERENT, "resolved")
    unit.notify("golden.separated", one, related=[other.euid])
    unit.notify("golden.separated", other, related=[one.euid])
    return done(event, "The two are kept apart as different people.", one, other)


def lift_separation(*, separation_uuid: UUID | str, reason: str, actor: Actor) -> ActResult:
    """End a separation: the engine and stewards may join the two again.

    Raises NotFound, AlreadyDecided, Related (two related persons are two people: end that first), Busy.
    """
    require(actor, Permission.MERGE)
    check_note(reason)

    def act() -> ActResult:
        separation = Separation.objects.select_for_update().filter(uuid=separation_uuid).first()
        if separation is None:
            raise NotFound("There is no separation under this number.")
        if separation.lifted_at is not None:
            raise AlreadyDecided("This separation was lifted before.")
        related = separation.relationships.filter(ended_at__isnull=True).first()
        if related is not None:
            raise Related(
                "The two are recorded as related, so they are two people; nothing was changed. End that relationship "
                "first, if you know it to be wrong.",
                extra={"relationship": str(related.uuid)},
            )
        records = [pk for pair in separation.pairs.values_list("record_low", "record_high") for pk in pair]
        owners = Link.objects.filter(source_record__in=records, ended_at__isnull=True)
        unit = begin(actor, owners.values_list("golden_record", flat=True))
        event = unit.event(EventKind.LIFT_SEPARATION, reason=reason)
        golden: list[GoldenRecord] = [unit.golden_records[pk] for pk in sorted(unit.golden_records)]
        for one in golden:
            unit.touch(event, one)
            unit.notify("golden.separation-lifted", one)
        separation.lifted_at = unit.recorded_at
        separation.lifted_by_event_id = event.pk
        unit.change(separation)
        unit.audit(
            Action.SEPARATION_LIFTED,
            subject=("separation", str(separation.uuid)),
            related=[golden_subject(one.euid) for one in golden],
            reason=reason,
        )
        unit.flush()
        return done(event, "The separation is lifted.", *golden, undoable=False)

    return run_act(act)
