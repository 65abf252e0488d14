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
from mpi.errors import AlreadyDecided, Flaw, InvalidInput, NotFound, StaleVersion
from mpi.models import (
    EventKind,
    GoldenRecord,
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
from mpi.services.locking import run_act
from mpi.services.reasons import check_note
from mpi.services.record_states import (
    change_message,
    change_record,
    close_task,
    lock_own_keys,
    owner_of,
    release,
    retell,
)
from mpi.services.unit import UnitOfWork


@dataclass(frozen=True, slots=True)
class OverlayAnswer:
    """A decided overlay task and the event that can be undone."""

    task: IdentityTask
    event_uuid: UUID


@dataclass(frozen=True, slots=True)
class OverlayCase:
    """An open overlay task with its record and the open link of it, all locked in `unit`.

    held    the update waits; else it was applied
    link    the open link of the record
    before  the link that the update ended when it was applied, where it moved the record; else None
    """

    unit: UnitOfWork
    task: IdentityTask
    record: SourceRecord
    message: InboundMessage
    link: Link | None
    before: Link | None
    held: bool

    @property
    def golden(self) -> GoldenRecord | None:
        """Whose the record is."""
        return owner_of(self.unit, self.link)


def decide_overlay(
    *, task_uuid: UUID | str, accept: bool, reason: str, actor: Actor, version: int | None = None
) -> OverlayAnswer:
    """Accept: still the same person, the update takes effect. Reject: another person, the record is as it was.

    Messages that queued behind it follow in their order, in either case. `version` is the task's as the caller saw
    it. Raises Forbidden, NotFound, AlreadyDecided, StaleVersion, InvalidInput (no reason), Busy.
    """
    require(actor, Permission.REVIEW)
    check_words(reason)

    def act() -> OverlayAnswer:
        case = open_case(task_uuid, version, actor)
        kind = EventKind.OVERLAY_ACCEPT if accept else EventKind.OVERLAY_REJECT
        event = case.unit.event(kind, reason=reason)
        if case.golden is not None:
            case.unit.touch(event, case.golden)
        (_accept if accept else _reject)(case, event)
        close_task(case.unit, event, case.task, "accepted" if accept else "rejected")
        tell_answer(case, event, reason, {"accepted": accept})
        waiting = release(case.message)
        case.unit.flush()
        hint(waiting)
        return OverlayAnswer(case.task, event.uuid)

    return run_act(act)


def check_words(reason: str) -> None:
    """Raise InvalidInput unless something is said, short and in plain text."""
    check_note(reason)
    if not reason.strip():
        unsaid = Flaw("reason", "is empty", "say in a few words how you know")
        raise InvalidInput("A reason is needed; nothing was changed.", flaws=[unsaid])


def open_case(task_uuid: UUID | str, version: int | None, actor: Actor) -> OverlayCase:
    """Lock an open overlay task, its record and its golden records. Raises NotFound, AlreadyDecided, StaleVersion."""
    task = IdentityTask.objects.select_for_update().filter(uuid=task_uuid, type=TaskType.OVERLAY).first()
    if task is None:
        raise NotFound("There is no overlay task under this number.")
    if task.status != "open":
        raise AlreadyDecided(f"This overlay was {task.status} before.")
    if version is not None and task.version != version:
        raise StaleVersion(
            "The task has changed since you looked; nothing was done. Look again and decide anew.",
            extra={"your_version": version, "present_version": task.version},
        )
    message = InboundMessage.objects.get(pk=task.message_id or 0)
    lock_own_keys([SourceRecord.objects.select_related("source_system").get(pk=task.source_record_id)])
    record = SourceRecord.objects.select_related("source_system").get(pk=task.source_record_id)
    link = Link.objects.filter(source_record=record, ended_at__isnull=True).select_related("decision").first()
    before = _moved_from(link, message)
    unit = begin(actor, {owner.golden_record_id for owner in (link, before) if owner is not None})
    held = record.state == RecordState.QUARANTINED
    return OverlayCase(unit, task, record, message, link, before, held)


def tell_answer(case: OverlayCase, event: IdentityEvent, reason: str, detail: dict[str, object]) -> None:
    """One audit event of the answer, with the event that undoes it."""
    owners = [case.golden] if case.golden is not None else []
    case.unit.audit_record(
        Action.TASK_RESOLVED,
        case.record,
        *owners,
        reason=reason,
        detail={**detail, "task": str(case.task.uuid), "event": str(event.uuid)},
        message_id=case.message.pk,
    )


def _accept(case: OverlayCase, event: IdentityEvent) -> None:
    if case.held:
        # `recorded_at` stays: it says when the source told the values, and the newest telling survives.
        follows = [case.message.pk]
        change_record(case.unit, event, case.record, state=RecordState.ACTIVE, link=case.link, follows=follows)
        change_message(case.unit, event, case.message, MessageState.RECEIVED)


def _reject(case: OverlayCase, event: IdentityEvent) -> None:
    unit, record = case.unit, case.record
    if case.held:
        change_record(unit, event, record, state=RecordState.ACTIVE, link=case.link)
        change_message(unit, event, case.message, MessageState.REJECTED)
        return
    if record.message_id != case.message.pk or record.state != RecordState.ACTIVE:
        raise StaleVersion(
            "The source has told more of this patient since the update was applied; nothing was changed. "
            "Accept it, or split the record at the time of the update."
        )
    retell(unit, event, record, record.version - 1, link=case.link)
    change_message(unit, event, case.message, MessageState.REJECTED)
    if case.before is not None and case.link is not None and case.golden is not None:
        home = unit.golden_records[case.before.golden_record_id]
        unit.move_link(event, case.link, case.golden, home)
        unit.notify("link.moved", home, record_ids=[record.pk], related=[case.golden.euid])
        unit.notify("link.moved", case.golden, record_ids=[record.pk], related=[home.euid])


def _moved_from(link: Link | None, message: InboundMessage) -> Link | None:
    """The link that ended when this message moved the record to where it is now, if its golden record lives."""
    if link is None or link.decision is None or link.decision.message_id != message.pk:
        return None
    ended = Link.objects.filter(source_record=link.source_record_id, ended_by_event=link.opened_by_event_id)
    return ended.exclude(golden_record__status="merged").first()
