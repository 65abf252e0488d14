"""Source merge: a source says that two of its own numbers are one patient.

HL7 v2.5.1 §3.3.40, A40: MRG-1, the subsumed number, goes into PID-3, the surviving one. The subsumed record has no
link any more and its number answers with the survivor's person; what a steward keeps apart from it is kept apart from
the survivor. Who stays behind in the subsumed record's person is never moved by it, but asked about
(`left_behind`, decision 0010). For its taking back see `source_unmerge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from audit.actions import Action
from audit.uuid7 import uuid7
from mpi.access import Permission, allowed, require
from mpi.commands import Actor
from mpi.errors import (
    AlreadyMerged,
    Flaw,
    InvalidInput,
    NotFound,
    SecondPersonNeeded,
    Separated,
    StaleVersion,
    UnderReview,
)
from mpi.euid import normal_euid
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
from mpi.services.left_behind import ask_about_left
from mpi.services.locking import TryAgain, require_version, run_act
from mpi.services.neighbourhood import open_links, open_matches, separated_pairs
from mpi.services.parse import all_systems, known_system
from mpi.services.questions import settle_questions
from mpi.services.reasons import check_reason
from mpi.services.record_states import close_doubt, close_task, lock_own_keys, open_task, withdraw
from mpi.services.redirect import follow_redirect
from mpi.services.second_person_policy import WORDS, merge_reasons
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
    *,
    system: str,
    survivor_mrn: str,
    subsumed_mrn: str,
    reason_code: str,
    reason: str,
    actor: Actor,
    versions: Mapping[str, int] | None = None,
) -> ActResult:
    """One number of a source is given up for another one of it. One identity event, undoable.

    `versions` are those of both golden records as the caller saw them, by EUID; a source that only passes on its own
    decision has seen none. Raises Forbidden, UnknownSystem, NotFound, InvalidInput (both the same), AlreadyMerged
    (either is merged or deleted), UnderReview (an update of either waits), StaleVersion, Separated (a task is opened,
    nothing else changed), SecondPersonNeeded, Busy.
    """
    require_source(actor)
    check_reason(reason_code, reason)
    known_system(system, all_systems())
    if survivor_mrn == subsumed_mrn:
        flaw = Flaw("subsumed_mrn", "is the surviving number itself", "name another number")
        raise InvalidInput("A number cannot be merged into itself; nothing was changed.", flaws=[flaw])

    def act() -> ActResult | UUID:
        sides = _locked_sides(system, survivor_mrn, subsumed_mrn)
        unit, links = _begin(actor, sides)
        if versions is not None:
            _check_seen(unit, links, versions)
        if contradicted(links):
            return _ask(unit, sides)
        _require_two(unit, links)
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


def require_source(actor: Actor) -> None:
    """A steward, or the source itself, whose word about its own numbers it is."""
    if not allowed(actor, Permission.RECORD_WRITE):
        require(actor, Permission.MERGE)


def numbered(system: str, mrn: str, field: str) -> SourceRecord:
    """The source record under this number; `field` is where the caller named it. Raises NotFound."""
    records = SourceRecord.objects.select_related("source_system")
    found = records.filter(source_system__code=system, mrn=mrn).first()
    if found is None:
        flaw = Flaw(field, "is not a number that this source has told", "send the record first")
        raise NotFound("There is no source record under this system and number.", flaws=[flaw])
    return found


def _locked_sides(system: str, survivor_mrn: str, subsumed_mrn: str) -> _Sides:
    """Both records under their own locks, fit for a merge. Raises NotFound, AlreadyMerged, UnderReview."""
    wanted = (("survivor_mrn", survivor_mrn), ("subsumed_mrn", subsumed_mrn))
    lock_own_keys([numbered(system, mrn, field) for field, mrn in wanted])
    sides = _Sides(*(numbered(system, mrn, field) for field, mrn in wanted))
    check_standing(sides.survivor, "survivor_mrn")
    check_standing(sides.subsumed, "subsumed_mrn")
    return sides


def check_standing(record: SourceRecord, field: str) -> None:
    """Raise AlreadyMerged or UnderReview unless the number stands and nothing of it waits."""
    state = RecordState(record.state)
    if words := _STATE_WORDS.get(state):
        raise AlreadyMerged("Nothing was changed.", flaws=[Flaw(field, words, "name a number that stands")])
    if state == RecordState.QUARANTINED:
        flaw = Flaw(field, "has an update that waits for a steward", "answer that task first, then merge")
        raise UnderReview("Nothing was changed.", flaws=[flaw])


def _begin(actor: Actor, sides: _Sides) -> tuple[UnitOfWork, dict[int, Link]]:
    """The golden records of both, locked, and the two open links by source record. Raises TryAgain."""
    both = (sides.survivor.pk, sides.subsumed.pk)
    before = links_of(both)
    owners = {link.golden_record_id for link in before.values()}
    asked = {pk for pair in open_matches(owners) for pk in pair}
    unit = begin(actor, owners | asked)
    links = links_of(both)
    if {link.pk for link in links.values()} != {link.pk for link in before.values()} or links.keys() != set(both):
        raise TryAgain
    return unit, links


def links_of(record_ids: tuple[int, int]) -> dict[int, Link]:
    """Their open links by source record. One query."""
    found = Link.objects.filter(source_record__in=record_ids, ended_at__isnull=True)
    return {link.source_record_id: link for link in found}


def _check_seen(unit: UnitOfWork, links: Mapping[int, Link], versions: Mapping[str, int]) -> None:
    """Raise StaleVersion unless both golden records are those, and as, the caller saw."""
    seen = {normal_euid(euid): version for euid, version in versions.items()}
    for golden in {
        link.golden_record_id: unit.golden_records[link.golden_record_id] for link in links.values()
    }.values():
        if golden.euid not in seen:
            raise StaleVersion("A number belongs to another golden record than you saw; nothing was done. Look again.")
        require_version(golden, seen[golden.euid])


def _require_two(unit: UnitOfWork, links: Mapping[int, Link]) -> None:
    """A steward's hand is not the source's word: a merge of two persons that needs two people is not had this way.

    Raises SecondPersonNeeded. Two queries, for a steward and two persons only.
    """
    owners = sorted({link.golden_record_id for link in links.values()})
    if len(owners) < 2 or allowed(unit.actor, Permission.RECORD_WRITE):
        return
    one, other = (unit.golden_records[pk] for pk in owners)
    if reasons := merge_reasons(one, other, actor=unit.actor):
        told = " ".join(WORDS[code] for code in reasons)
        raise SecondPersonNeeded(
            f"These numbers belong to two persons, and their merge asks two people. {told} Nothing was changed: "
            "propose the merge of the two golden records. When they are one, the number can be given up.",
            extra={"asked_by": list(reasons)},
        )


def contradicted(links: Mapping[int, Link]) -> bool:
    """Whether a standing decision keeps the two people of these links apart. Two queries."""
    members = open_links({link.golden_record_id for link in links.values()})
    together = {link.source_record_id for link in chain.from_iterable(members.values())}
    return any(set(pair) <= together for pair in separated_pairs(together))


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
    withdraw(unit, event, subsumed, link, state=RecordState.SUBSUMED)
    close_doubt(unit, event, subsumed)
    unit.insert(
        SourceMerge(
            id=unit.new_id(SourceMerge),
            uuid=uuid7(),
            subsumed_id=subsumed.pk,
            survivor_id=survivor.pk,
            event_id=event.pk,
            recorded_at=unit.recorded_at,
        )
    )
    if carried := carried_separations(survivor.pk, subsumed.pk):
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
    ask_about_left(unit, event, subsumed, matches, left=left, home=home)
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


def carried_separations(stays: int, gone: int) -> list[tuple[int, int]]:
    """Who is kept apart from the subsumed record is kept apart from the survivor too. Two queries."""
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
