"""Overlay: a steward says whether a doubtful update speaks of the same person, or of another one (accept, reject).

The update waits (quarantined), or it was applied and is to be looked at; either answer is one identity event and can
be undone. For a number that belongs to another patient from some time on see `overlay_split`.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, NotFound, Separated, StaleVersion
from mpi.models import (
    EventKind,
    GoldenRecord,
    GoldenStatus,
    IdentityEvent,
    IdentityTask,
    InboundMessage,
    Link,
    MessageState,
    RecordState,
    SourceRecord,
    TaskType,
)
from mpi.services.act import begin
from mpi.services.dispatch import hint
from mpi.services.locking import TryAgain, run_act
from mpi.services.neighbourhood import open_matches, separated_pairs
from mpi.services.overlay_moves import Place, place_of, require_no_join, require_not_strayed
from mpi.services.questions import settle_questions
from mpi.services.reasons import check_words
from mpi.services.record_states import (
    change_message,
    change_record,
    close_task,
    lock_own_keys,
    owner_of,
    release,
    retell,
)
from mpi.services.relationship_rows import related_to
from mpi.services.second_person_policy import require_no_split_proposed
from mpi.services.unit import UnitOfWork

HOW = "say in a few words how you know"
"""What an answer without a reason is told to do."""


@dataclass(frozen=True, slots=True)
class OverlayAnswer:
    """A decided overlay task and the event that can be undone."""

    task: IdentityTask
    event_uuid: UUID


@dataclass(frozen=True, slots=True)
class OverlayCase:
    """An open overlay task with its record and the open link of it, all locked in `unit`.

    held    the update waits; else it was applied
    place   where the record is, and whether the update has put it there
    """

    unit: UnitOfWork
    task: IdentityTask
    record: SourceRecord
    message: InboundMessage
    place: Place
    held: bool

    @property
    def link(self) -> Link | None:
        """The open link of the record."""
        return self.place.link

    @property
    def golden(self) -> GoldenRecord | None:
        """Whose the record is."""
        return owner_of(self.unit, self.link)

    @property
    def home(self) -> GoldenRecord | None:
        """Whose it was before the update moved it, None where it did not."""
        home_id = self.place.home_id
        moved = home_id is not None and self.link is not None and home_id != self.link.golden_record_id
        return self.unit.golden_records[home_id] if moved and home_id is not None else None


def decide_overlay(
    *, task_uuid: UUID | str, accept: bool, reason: str, actor: Actor, version: int | None = None
) -> OverlayAnswer:
    """Accept: still the same person, the update takes effect. Reject: another person, the record is as it was.

    Messages that queued behind it follow in their order, in either case. `version` is the task's as the caller saw
    it. Raises Forbidden, NotFound, AlreadyDecided, AwaitsSecondPerson (a split is proposed), StaleVersion,
    InvalidInput (no reason), Busy.
    """
    require(actor, Permission.REVIEW)
    check_words(reason, mend=HOW)

    def act() -> OverlayAnswer:
        case = open_case(task_uuid, version, actor)
        require_no_split_proposed(case.task)
        kind = EventKind.OVERLAY_ACCEPT if accept else EventKind.OVERLAY_REJECT
        event = case.unit.event(kind, reason=reason)
        if case.golden is not None:
            case.unit.touch(event, case.golden)
        also = (_accept if accept else _reject)(case, event)
        close_task(case.unit, event, case.task, "accepted" if accept else "rejected")
        tell_answer(case, event, reason, {"accepted": accept}, *also)
        waiting = release(case.message)
        case.unit.flush()
        hint(waiting)
        return OverlayAnswer(case.task, event.uuid)

    return run_act(act)


def open_case(task_uuid: UUID | str, version: int | None, actor: Actor) -> OverlayCase:
    """Lock an open overlay task, its record and its golden records. Raises NotFound, AlreadyDecided, StaleVersion.

    The keys of the record come first, as in ingest: a message of it may want to close or open the task.
    """
    found = IdentityTask.objects.filter(uuid=task_uuid, type=TaskType.OVERLAY).first()
    if found is None:
        raise NotFound("There is no overlay task under this number.")
    records = SourceRecord.objects.select_related("source_system").filter(pk=found.source_record_id)
    record = records.get()
    lock_own_keys([record], versions={record.pk: record.version - 1})
    record = records.get()
    task = IdentityTask.objects.select_for_update().get(pk=found.pk)
    check_task(task, version)
    message = InboundMessage.objects.get(pk=task.message_id or 0)
    held = record.state == RecordState.QUARANTINED
    applied = None if held else message.pk
    place = place_of(record.pk, applied)
    unit = begin(actor, related_to(place.golden_ids()))
    if place_of(record.pk, applied) != place:
        raise TryAgain
    return OverlayCase(unit, task, record, message, place, held)


def check_task(task: IdentityTask, version: int | None) -> None:
    """Raise AlreadyDecided or StaleVersion unless the task is open and as the caller saw it."""
    if task.status != "open":
        raise AlreadyDecided(f"This task was {task.status} before.")
    if version is not None and task.version != version:
        raise StaleVersion(
            "The task has changed since you looked; nothing was done. Look again and decide anew.",
            extra={"your_version": version, "present_version": task.version},
        )


def tell_answer(
    case: OverlayCase, event: IdentityEvent, reason: str, detail: dict[str, object], *also: GoldenRecord
) -> None:
    """One audit event of the answer, with the event that undoes it. `also` are other golden records that it changed."""
    owners = [case.golden, *also] if case.golden is not None else also
    case.unit.audit_record(
        Action.TASK_RESOLVED,
        case.record,
        *owners,
        reason=reason,
        detail={**detail, "task": str(case.task.uuid), "event": str(event.uuid)},
        message_id=case.message.pk,
    )


def _accept(case: OverlayCase, event: IdentityEvent) -> tuple[GoldenRecord, ...]:
    if case.held:
        # `recorded_at` stays: it says when the source told the values, and the newest telling survives.
        follows = [case.message.pk]
        change_record(case.unit, event, case.record, state=RecordState.ACTIVE, link=case.link, follows=follows)
        change_message(case.unit, event, case.message, MessageState.RECEIVED)
    return ()


def _reject(case: OverlayCase, event: IdentityEvent) -> tuple[GoldenRecord, ...]:
    """Returns the golden record that the record goes back to, where the update had moved it."""
    unit, record = case.unit, case.record
    if case.held:
        change_record(unit, event, record, state=RecordState.ACTIVE, link=case.link)
        change_message(unit, event, case.message, MessageState.REJECTED)
        return ()
    if record.message_id != case.message.pk or record.state != RecordState.ACTIVE:
        raise StaleVersion(
            "The source has told more of this patient since the update was applied; nothing was changed. "
            "Accept it, or split the record at the time of the update."
        )
    require_not_strayed(case.place)
    require_no_join(record.pk, [case.message.pk])
    retell(unit, event, record, record.version - 1, link=case.link)
    change_message(unit, event, case.message, MessageState.REJECTED)
    return _move_home(case, event)


def _move_home(case: OverlayCase, event: IdentityEvent) -> tuple[GoldenRecord, ...]:
    """The record goes back to whom the update took it from, with the decision that had linked it there."""
    unit, record, before = case.unit, case.record, case.place.before
    link, golden, home = case.link, case.golden, case.home
    if link is None or golden is None or home is None or before is None:
        return ()
    _require_welcome(case, home)
    if home.status == GoldenStatus.RETIRED:
        unit.notify("golden.restored", home)
    back = unit.move_link(event, link, golden, home)
    back.supporting_record_id = before.supporting_record_id
    back.decision_id, back.model_version_id = before.decision_id, before.model_version_id
    settle_questions(unit, event, open_matches([golden.pk, home.pk]).values())
    unit.audit_record(Action.LINK_ENDED, record, golden, reason=event.reason)
    unit.audit_record(Action.LINK_OPENED, record, home, reason=event.reason)
    unit.notify("link.moved", home, record_ids=[record.pk], related=[golden.euid])
    unit.notify("link.moved", golden, record_ids=[record.pk], related=[home.euid])
    return (home,)


def _require_welcome(case: OverlayCase, home: GoldenRecord) -> None:
    """Raise Separated or StaleVersion where a person has decided that the record cannot go back there."""
    pairs = separated_pairs([case.record.pk])
    if {pk for pair in pairs for pk in pair} & (case.unit.members_of([home.pk]) - {case.record.pk}):
        raise Separated(
            "A steward keeps this record apart from the golden record that it would go back to; nothing was changed. "
            "Lift that first."
        )
    retired = IdentityEvent.objects.filter(kind=EventKind.RETIRE, golden_record_ids__contains=[home.pk])
    standing = retired.filter(undone_by__isnull=True).order_by("-pk").first()
    if home.status == GoldenStatus.RETIRED and standing is not None:
        raise StaleVersion(
            "The golden record that the record would go back to was retired since; nothing was changed. Undo that "
            "first.",
            extra={"event": str(standing.uuid)},
        )
