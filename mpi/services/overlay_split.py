"""Split at a time: from then on a number speaks of another patient (decision 0009).

What the source told before stays with the golden record that it had, as of then. What it told from then on, and all
that it tells later, is another person. The source is asked to give the first patient a number again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import (
    EventKind,
    GoldenRecord,
    IdentityEvent,
    IdentityTask,
    Link,
    LinkOrigin,
    MessageState,
    RecordState,
    SourceRecord,
    TaskType,
)
from mpi.services.dispatch import hint
from mpi.services.locking import run_act
from mpi.services.neighbourhood import open_links, open_matches
from mpi.services.overlay import HOW, OverlayAnswer, OverlayCase, open_case, tell_answer
from mpi.services.overlay_moves import require_no_join, require_not_strayed
from mpi.services.questions import settle_questions
from mpi.services.reasons import check_words
from mpi.services.record_states import (
    change_message,
    change_record,
    close_task,
    note_record,
    open_like,
    open_task,
    release,
    withdraw,
)
from mpi.services.relationship_rows import leave_behind
from mpi.services.second_person_policy import Approval, require_two, split_reasons
from mpi.services.waiting_update import waiting_update

_REASON = "data-entry-error"


@dataclass(frozen=True, slots=True)
class Telling:
    """One version of a source record: when its source told it, and when the index recorded it."""

    version: int
    told_at: datetime
    recorded_at: datetime


def split_overlay(
    *, task_uuid: UUID | str, at: datetime | None = None, reason: str, actor: Actor, version: int | None = None
) -> OverlayAnswer:
    """Split the record of an open overlay task at a time; the time of the doubtful update unless told.

    Raises Forbidden, NotFound, AlreadyDecided, StaleVersion, InvalidInput (no reason, a time outside the history,
    a record without a link), SecondPersonNeeded, Busy.
    """
    require(actor, Permission.REVIEW)
    require(actor, Permission.MERGE)
    check_words(reason, mend=HOW)
    return run_act(lambda: split_within(task_uuid=task_uuid, at=at, reason=reason, actor=actor, version=version))


def split_within(
    *,
    task_uuid: UUID | str,
    at: datetime | None,
    reason: str,
    actor: Actor,
    version: int | None,
    approval: Approval | None = None,
) -> OverlayAnswer:
    """The same inside the caller's durable transaction; `approval` where another person has proposed it."""
    case = open_case(task_uuid, version, actor)
    tellings = tellings_of(case.record)
    moment = check_time(at or _time_of(case, tellings), tellings, case)
    later = [telling for telling in tellings if telling.told_at >= moment]
    require_two(actor, split_reasons(), approval)
    event = case.unit.event(EventKind.OVERLAY_SPLIT, reason_code=_REASON, reason=reason)
    detail: dict[str, object] = {"split_at": moment.isoformat()}
    if later:
        detail |= _move(case, event, since=min(telling.recorded_at for telling in later))
    else:
        _begin_anew(case, event)
    close_task(case.unit, event, case.task, "split")
    _ask_the_source(case, event)
    tell_answer(case, event, reason, detail)
    waiting = release(case.message)
    case.unit.flush()
    hint(waiting)
    return OverlayAnswer(case.task, event.uuid)


def _ask_the_source(case: OverlayCase, event: IdentityEvent) -> None:
    """The first patient needs a number again: a task says so until somebody has seen to it."""
    kind, message_id = TaskType.SOURCE_CORRECTION, case.message.pk
    if not IdentityTask.objects.filter(source_record=case.record, type=kind, status="open").exists():
        open_task(case.unit, case.record, kind, reasons=["number_reused"], message_id=message_id, event=event)


def tellings_of(record: SourceRecord) -> list[Telling]:
    """What a source has told of a record so far, in order. One query."""
    rows = SourceRecord.history.filter(id=record.pk).order_by("version", "history_id")
    found: dict[int, Telling] = {}
    for version, effective, recorded in rows.values_list("version", "effective_at", "recorded_at"):
        found.setdefault(version, Telling(version, effective or recorded, recorded))
    return list(found.values())


def check_time(moment: datetime, tellings: list[Telling], case: OverlayCase) -> datetime:
    """Raise InvalidInput unless something was told before this time, and something at it or later."""
    last = tellings[-1].told_at
    if case.held:
        last = max(last, _told_at(case))
    if tellings[0].told_at < moment <= last:
        return moment
    mend = f"give a time after {tellings[0].told_at.isoformat()} and not after {last.isoformat()}"
    raise InvalidInput(
        "The record cannot be split at this time; nothing was changed.",
        flaws=[Flaw("at", "is outside the history of the source record", mend)],
    )


def _time_of(case: OverlayCase, tellings: list[Telling]) -> datetime:
    """When the source told the doubtful update."""
    if case.held:
        return _told_at(case)
    told = SourceRecord.history.filter(id=case.record.pk, message_id=case.message.pk).order_by("history_id").first()
    version = told.version if told else tellings[-1].version
    return next(telling.told_at for telling in tellings if telling.version == version)


def _told_at(case: OverlayCase) -> datetime:
    """The source's own time of an update that waits, else when it came."""
    return waiting_update(case.task).source_time or case.message.received_at


def _begin_anew(case: OverlayCase, event: IdentityEvent) -> None:
    """Nothing of the other patient was applied yet: the record is withdrawn, and the update brings it back."""
    unit, follows = case.unit, [case.message.pk]
    change_message(unit, event, case.message, MessageState.RECEIVED)
    if case.link is None or case.golden is None:
        change_record(unit, event, case.record, state=RecordState.DELETED, follows=follows)
        return
    withdraw(unit, event, case.record, case.link, follows=follows)
    _keep_apart(case, event, case.golden, {case.record.pk}, since=None)


def _move(case: OverlayCase, event: IdentityEvent, *, since: datetime) -> dict[str, object]:
    """The record tells of the other patient already: it, and who came on its strength since, are another person.

    Returns what the audit log says of it besides. Raises StaleVersion where somebody has moved the record since the
    update, or what it told has joined golden records.
    """
    unit, link, golden = case.unit, case.link, case.golden
    if case.held:
        follows = [case.message.pk]
        change_record(unit, event, case.record, state=RecordState.ACTIVE, link=link, follows=follows)
        change_message(unit, event, case.message, MessageState.RECEIVED)
    else:
        note_record(event, case.record)
    if link is None or golden is None:
        flaw = Flaw("at", "is a time from which the record belongs to nobody", "there is nothing to take apart")
        raise InvalidInput("Nothing was changed.", flaws=[flaw])
    require_not_strayed(case.place)
    told = SourceRecord.history.filter(id=case.record.pk, recorded_at__gte=since, message_id__isnull=False)
    require_no_join(case.record.pk, set(told.values_list("message_id", flat=True)))
    moving = _came_with(case.record.pk, golden, since)
    if case.home is not None:
        return _stay(case, event, case.home, moving, since=since)
    own = unit.create_golden_record(event)
    for moved in open_links([golden.pk])[golden.pk]:
        if moved.source_record_id in moving:
            unit.end_link(event, moved, golden)
            _pin(case, event, moved, own)
    _tell_links(case, event, moving, golden, own)
    unit.notify("link.opened", own, record_ids=moving, related=[golden.euid])
    unit.notify("link.ended", golden, record_ids=moving, related=[own.euid])
    _keep_apart(case, event, golden, moving, since=since)
    return {} if unit.members_of([golden.pk]) else {"restored": _as_it_was(golden, since)}


def _stay(
    case: OverlayCase, event: IdentityEvent, left: GoldenRecord, moving: set[int], *, since: datetime
) -> dict[str, object]:
    """The update has put the record with its true person already: there it stays, apart from those whom it left."""
    unit, link, golden = case.unit, case.link, case.golden
    if link is None or golden is None:
        raise ValueError("A record that an update has moved is linked.")
    unit.touch(event, left)
    unit.end_link(event, link, golden)
    _pin(case, event, link, golden)
    _tell_links(case, event, {case.record.pk}, golden, golden)
    unit.notify("link.moved", golden, record_ids=[case.record.pk], related=[left.euid])
    _keep_apart(case, event, left, moving, since=since)
    return {}


def _pin(case: OverlayCase, event: IdentityEvent, ended: Link, golden: GoldenRecord) -> None:
    """Open a link like the ended one; that of the split record is a person's word from now on."""
    is_first = ended.source_record_id == case.record.pk
    origin = LinkOrigin.STEWARD if is_first else LinkOrigin.MERGE
    open_like(case.unit, event, ended, golden, origin=origin, by_human=is_first or ended.by_human)


def _tell_links(
    case: OverlayCase, event: IdentityEvent, moving: set[int], golden: GoldenRecord, own: GoldenRecord
) -> None:
    """Two audit events a source record that was linked anew."""
    why = {"reason_code": event.reason_code, "reason": event.reason}
    for record in SourceRecord.objects.filter(pk__in=moving).order_by("pk"):
        case.unit.audit_record(Action.LINK_ENDED, record, golden, **why)
        case.unit.audit_record(Action.LINK_OPENED, record, own, **why)


def _came_with(record_id: int, golden: GoldenRecord, since: datetime) -> set[int]:
    """The record, and those that came to the golden record since then on the strength of one of these."""
    came = {record_id}
    links = [link for link in open_links([golden.pk])[golden.pk] if link.opened_at >= since and not link.by_human]
    grew = True
    while grew:
        more = {link.source_record_id for link in links if link.supporting_record_id in came} - came
        came |= more
        grew = bool(more)
    return came


def _keep_apart(
    case: OverlayCase, event: IdentityEvent, golden: GoldenRecord, moving: set[int], *, since: datetime | None
) -> None:
    """Who stays is somebody else than who goes, on every path; open questions follow their records.

    Who was recorded as related, before `since` where that is told, stays related to the first patient.
    """
    unit = case.unit
    leave_behind(unit, event, moving=moving, since=since)
    if stays := unit.members_of([golden.pk]) - moving:
        pairs = [(one, other) for one in moving for other in stays]
        unit.separate(event, pairs, reason_code=event.reason_code, reason=event.reason)
    settle_questions(unit, event, open_matches([golden.pk]).values())
    unit.notify("golden.split", golden, record_ids=[case.record.pk])


def _as_it_was(golden: GoldenRecord, since: datetime) -> list[str]:
    """A golden record that nobody is left in keeps the first patient's values, not those of the other one.

    Returns the names of the values that are others by it.
    """
    then = GoldenRecord.history.filter(id=golden.pk, history_date__lt=since).order_by("-history_id").first()
    if then is None:
        return []
    names = golden.values.keys() | then.values.keys()
    restored = sorted(name for name in names if golden.values.get(name) != then.values.get(name))
    for name in ("values", "provenance", "family_name", "given_name", "birth_date"):
        setattr(golden, name, getattr(then, name))
    return restored
