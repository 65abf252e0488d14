"""Source merge: a source says that two of its own numbers are one patient; and its taking that back.

HL7 v2.5.1 §3.3.40, A40: MRG-1, the subsumed number, goes into PID-3, the surviving one. The subsumed record has no
link any more and its number answers with the survivor's person; what a steward keeps apart from it is kept apart from
the survivor. Who was linked on the strength of the subsumed record is never moved by it: the records say on which
evidence they stand, and the next message of one of them is decided anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from uuid import UUID, uuid4

from audit.actions import Action
from mpi.access import Permission, allowed, require
from mpi.commands import Actor
from mpi.errors import AlreadyMerged, Flaw, InvalidInput, NotFound, Separated, UnderReview
from mpi.models import (
    EventKind,
    GoldenRecord,
    IdentityEvent,
    IdentityTask,
    Link,
    RecordState,
    SourceMerge,
    SourceRecord,
    TaskType,
)
from mpi.queries.identity_tasks import SURVIVOR
from mpi.services.act import ActResult, begin, done
from mpi.services.locking import TryAgain, run_act
from mpi.services.neighbourhood import open_links, open_matches, separated_pairs
from mpi.services.parse import all_systems, known_system
from mpi.services.questions import settle_questions
from mpi.services.reasons import check_reason
from mpi.services.record_states import close_doubt, close_task, lock_own_keys, open_task, withdraw
from mpi.services.redirect import follow_redirect
from mpi.services.undo import find_event, plan_undo, undo_locked
from mpi.services.unit import UnitOfWork

_STATE_WORDS = {
    RecordState.DELETED: "was deleted by its source",
    RecordState.SUBSUMED: "was merged into another number before",
}


@dataclass(frozen=True, slots=True)
class _Sides:
    survivor: SourceRecord
    subsumed: SourceRecord


def merge_source_records(
    *, system: str, survivor_mrn: str, subsumed_mrn: str, reason_code: str, reason: str, actor: Actor
) -> ActResult:
    """One number of a source is given up for another one of it. One identity event, undoable.

    Raises Forbidden, UnknownSystem, NotFound, InvalidInput (both the same), AlreadyMerged (either is merged or
    deleted), UnderReview (an update of either waits), Separated (a task is opened, nothing else changed), Busy.
    """
    _require(actor)
    check_reason(reason_code, reason)
    known_system(system, all_systems())
    if survivor_mrn == subsumed_mrn:
        flaw = Flaw("subsumed_mrn", "is the surviving number itself", "name another number")
        raise InvalidInput("A number cannot be merged into itself; nothing was changed.", flaws=[flaw])

    def act() -> ActResult | UUID:
        sides = _locked_sides(system, survivor_mrn, subsumed_mrn)
        unit, links = _begin(actor, sides)
        if _contradicted(links):
            return _ask(unit, sides)
        event = unit.event(EventKind.SOURCE_MERGE, reason_code=reason_code, reason=reason)
        result = _merge(unit, event, sides, links)
        unit.flush()
        return result

    result = run_act(act)
    if isinstance(result, UUID):
        raise Separated(
            "A steward decided that these are different people; the numbers stay as they are and a task asks who is "
            "right. Lift the separation and merge again, or close the task where the source is wrong.",
            extra={"task": str(result)},
        )
    return result


def unmerge_source_records(*, system: str, subsumed_mrn: str, reason_code: str, reason: str, actor: Actor) -> ActResult:
    """The source takes its merge back: the number stands for itself again, where it was linked before.

    Raises Forbidden, UnknownSystem, NotFound, InvalidInput, CannotUndo (naming what stands in the way), Busy.
    """
    _require(actor)
    check_reason(reason_code, reason)
    known_system(system, all_systems())

    def act() -> ActResult:
        record = _record(system, subsumed_mrn, "subsumed_mrn")
        lock_own_keys([record])
        merge = SourceMerge.objects.filter(subsumed=record, ended_at__isnull=True).select_related("event").first()
        if merge is None:
            raise NotFound("This number was not merged into another one.")
        plan = plan_undo(merge.event.uuid)
        unit = begin(actor, plan.golden_ids)
        now = plan_undo(merge.event.uuid)
        if now.golden_ids != plan.golden_ids:
            raise TryAgain
        undoing = unit.event(
            EventKind.SOURCE_UNMERGE, reason_code=reason_code, reason=reason, undoes=find_event(merge.event.uuid)
        )
        restored = undo_locked(unit, undoing, now)
        unit.audit_record(
            Action.RECORDS_UNMERGED, record, *restored, reason_code=reason_code, reason=reason, detail=_names(undoing)
        )
        unit.flush()
        return done(undoing, "The number stands for itself again.", *restored, undoable=False)

    return run_act(act)


def _require(actor: Actor) -> None:
    """A steward, or the source itself, whose word about its own numbers it is."""
    if not allowed(actor, Permission.RECORD_WRITE):
        require(actor, Permission.MERGE)


def _record(system: str, mrn: str, field: str) -> SourceRecord:
    records = SourceRecord.objects.select_related("source_system")
    found = records.filter(source_system__code=system, mrn=mrn).first()
    if found is None:
        flaw = Flaw(field, "is not a number that this source has told", "send the record first")
        raise NotFound("There is no source record under this system and number.", flaws=[flaw])
    return found


def _locked_sides(system: str, survivor_mrn: str, subsumed_mrn: str) -> _Sides:
    """Both records under their own locks, fit for a merge. Raises NotFound, AlreadyMerged, UnderReview."""
    wanted = (("survivor_mrn", survivor_mrn), ("subsumed_mrn", subsumed_mrn))
    lock_own_keys([_record(system, mrn, field) for field, mrn in wanted])
    sides = _Sides(*(_record(system, mrn, field) for field, mrn in wanted))
    for (field, _), record in zip(wanted, (sides.survivor, sides.subsumed), strict=True):
        state = RecordState(record.state)
        if words := _STATE_WORDS.get(state):
            raise AlreadyMerged("Nothing was changed.", flaws=[Flaw(field, words, "name a number that stands")])
        if state == RecordState.QUARANTINED:
            flaw = Flaw(field, "has an update that waits for a steward", "answer that task first, then merge")
            raise UnderReview("Nothing was changed.", flaws=[flaw])
    return sides


def _begin(actor: Actor, sides: _Sides) -> tuple[UnitOfWork, dict[int, Link]]:
    """The golden records of both, locked, and the two open links by source record. Raises TryAgain."""
    both = (sides.survivor.pk, sides.subsumed.pk)
    before = _links(both)
    owners = {link.golden_record_id for link in before.values()}
    asked = {pk for pair in open_matches(owners) for pk in pair}
    unit = begin(actor, owners | asked)
    links = _links(both)
    if {link.pk for link in links.values()} != {link.pk for link in before.values()} or links.keys() != set(both):
        raise TryAgain
    return unit, links


def _links(record_ids: tuple[int, int]) -> dict[int, Link]:
    found = Link.objects.filter(source_record__in=record_ids, ended_at__isnull=True)
    return {link.source_record_id: link for link in found}


def _contradicted(links: dict[int, Link]) -> bool:
    """Whether a standing decision keeps either record apart from the other one or from a member of its person."""
    members = open_links({link.golden_record_id for link in links.values()})
    together = {link.source_record_id for link in chain.from_iterable(members.values())}
    return any(set(pair) <= together for pair in separated_pairs(links))


def _ask(unit: UnitOfWork, sides: _Sides) -> UUID:
    """One task, however often the source repeats it; one about another surviving number takes its place."""
    kind, reasons = TaskType.SOURCE_MERGE, ["source_merge_across_separation", f"{SURVIVOR}{sides.survivor.uuid}"]
    known = IdentityTask.objects.filter(source_record=sides.subsumed, type=kind, status="open").first()
    if known is not None and known.reasons == reasons:
        return known.uuid
    if known is not None:
        close_task(unit, None, known, "closed")
        unit.audit_record(Action.TASK_CLOSED, sides.subsumed)
    task = open_task(unit, sides.subsumed, kind, reasons=reasons)
    unit.flush()
    return task.uuid


def _merge(unit: UnitOfWork, event: IdentityEvent, sides: _Sides, links: dict[int, Link]) -> ActResult:
    subsumed, survivor = sides.subsumed, sides.survivor
    link, home = links[subsumed.pk], unit.golden_records[links[survivor.pk].golden_record_id]
    left = unit.golden_records[link.golden_record_id]
    unit.touch(event, home)
    carried = _carried(sides)
    withdraw(unit, event, subsumed, link, state=RecordState.SUBSUMED)
    close_doubt(unit, event, subsumed)
    unit.insert(
        SourceMerge(
            id=unit.new_id(SourceMerge),
            uuid=uuid4(),
            subsumed_id=subsumed.pk,
            survivor_id=survivor.pk,
            event_id=event.pk,
            recorded_at=unit.recorded_at,
        )
    )
    if carried:
        unit.separate(event, carried, reason_code=event.reason_code, reason=event.reason)
    _close_task(unit, event, subsumed)
    matches = open_matches([left.pk, home.pk])
    if left.pk != home.pk and not unit.members_of([left.pk]):
        # Nobody else is in it: its EUID answers with the survivor's person for ever.
        unit.merge(event, left, home, ())
        why = {"reason_code": event.reason_code, "reason": event.reason}
        unit.audit_golden(Action.GOLDEN_MERGED, home, left, detail=_names(event), **why)
        follow_redirect(unit, event, matches, retired=left, survivor=home)
    settle_questions(unit, event, matches.values())
    unit.audit_record(
        Action.RECORDS_MERGED,
        subsumed,
        home,
        reason_code=event.reason_code,
        reason=event.reason,
        detail={**_names(event), "survivor": str(survivor.uuid)},
    )
    unit.notify("source-records.merged", home, record_ids=[survivor.pk, subsumed.pk])
    return done(event, "The two numbers of the source are one now.", *_concerned(home, left))


def _concerned(home: GoldenRecord, left: GoldenRecord) -> tuple[GoldenRecord, ...]:
    return (home,) if left.pk == home.pk or left.merged_into_id else (home, left)


def _carried(sides: _Sides) -> list[tuple[int, int]]:
    """Who is kept apart from the subsumed record is kept apart from the survivor too."""
    gone, stays = sides.subsumed.pk, sides.survivor.pk
    standing = separated_pairs([stays])
    others = {pk for pair in separated_pairs([gone]) for pk in pair} - {gone, stays}
    return [(stays, pk) for pk in sorted(others) if (min(stays, pk), max(stays, pk)) not in standing]


def _close_task(unit: UnitOfWork, event: IdentityEvent, subsumed: SourceRecord) -> None:
    task = IdentityTask.objects.filter(source_record=subsumed, type=TaskType.SOURCE_MERGE, status="open").first()
    if task is not None:
        close_task(unit, event, task, "accepted")
        unit.audit_record(Action.TASK_CLOSED, subsumed, detail=_names(event))


def _names(event: IdentityEvent) -> dict[str, object]:
    return {"event": str(event.uuid)}
