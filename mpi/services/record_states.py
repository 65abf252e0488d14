"""Acts of people on source records themselves: what changes is kept in the event, so that an undo restores it exactly.

The payload of such an event has, besides what every event has,
"records"   {id: {"before": {...}, "after": {...}, "link": id of the open link before, "follows": [message ids]}}
"tasks"     {id: {"before": status, "after": status}}
"messages"  {id: {"before": state, "after": state}}
`follows` are messages that the act lets through: what they tell afterwards does not stand in the way of an undo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audit.actions import Action
from audit.uuid7 import uuid7
from mpi import codec
from mpi.models import (
    BlockingKey,
    GoldenRecord,
    IdentityEvent,
    IdentityTask,
    InboundMessage,
    Link,
    LinkOrigin,
    MessageState,
    RecordState,
    SourceRecord,
    TaskType,
)
from mpi.services.identifiers import rewrite_identifiers
from mpi.services.locking import TryAgain, lock_keys
from mpi.services.parse import keys_of
from mpi.services.receive import order_key
from mpi.services.rows import fetch, table_of, write_values
from mpi.services.unit import UnitOfWork
from mpi.services.writing import TOLD_FIELDS

ANOTHER_PERSON = "a steward rejected it as an overlay: it speaks of another person"
"""What is told of a message that was rejected so."""
_FOUND = (RecordState.ACTIVE, RecordState.QUARANTINED)
"""States in which a record can be found by its blocking keys."""
_DROP_KEYS = "DELETE FROM mpi_blocking_key WHERE key = ANY(%s::bigint[]) AND source_record_id = %s RETURNING key"
_HAS_KEYS = "SELECT key FROM mpi_blocking_key WHERE key = ANY(%s::bigint[]) AND source_record_id = %s"


def lock_own_keys(records: Iterable[SourceRecord], *, versions: Mapping[int, int] | None = None) -> None:
    """The records' own keys and all their blocking keys: step 1 of the lock law, before `begin`. Raises TryAgain.

    No message of theirs is applied meanwhile, and none that could find them or not. `versions` are earlier ones by
    source record, for what may be told again.
    """
    known = list(records)
    hashes = [order_key(record.source_system.code, record.mrn) for record in known]
    earlier = [told for pk, version in (versions or {}).items() if (told := _telling(pk, version)) is not None]
    hashes += [key.hash for told in (*known, *earlier) for key in keys_of(codec.standard_record(told))]
    lock_keys(hashes)
    seen = {record.pk: (record.version, record.state) for record in known}
    now = SourceRecord.objects.filter(pk__in=seen).values_list("pk", "version", "state")
    if {pk: (version, state) for pk, version, state in now} != seen:
        raise TryAgain


def _telling(record_id: int, version: int) -> Any:
    """The last history row of a version of a source record, None where there is no such version."""
    return SourceRecord.history.filter(id=record_id, version=version).order_by("-history_id").first()


def record_state(record: SourceRecord) -> dict[str, object]:
    """What an undo must restore of a source record besides its link."""
    return {"state": str(record.state), "version": record.version, "message": record.message_id}


def change_record(
    unit: UnitOfWork,
    event: IdentityEvent,
    record: SourceRecord,
    *,
    state: RecordState,
    link: Link | None = None,
    follows: Iterable[int] = (),
) -> None:
    """Put the record into a state; its blocking keys stand or go with it. `link` is its open link before the act."""
    known = _noted(event, record, link, follows)
    record.state = state
    unit.change(record)
    unit.records[record.pk] = record
    (put_keys if state in _FOUND else drop_keys)(record)
    known["after"] = record_state(record)


def note_record(event: IdentityEvent, record: SourceRecord) -> None:
    """The act rests on what the record tells now, and leaves it so: once its source tells more, it is not undone."""
    _noted(event, record, None, ())["after"] = record_state(record)


def retell(
    unit: UnitOfWork, event: IdentityEvent, record: SourceRecord, version: int, *, link: Link | None = None
) -> None:
    """The record tells again what it told in an earlier version, as a new version of it."""
    known = _noted(event, record, link, ())
    drop_keys(record)
    earlier = _telling(record.pk, version)
    if earlier is None:
        raise ValueError("There is no such version of the record.")
    for name in TOLD_FIELDS:
        setattr(record, name, getattr(earlier, name))
    record.version += 1
    unit.change(record)
    unit.records[record.pk] = record
    if record.state in _FOUND:
        put_keys(record)
    rewrite_identifiers(unit, record.pk, codec.standard_record(record))
    known["after"] = record_state(record)


def withdraw(
    unit: UnitOfWork,
    event: IdentityEvent,
    record: SourceRecord,
    link: Link,
    *,
    state: RecordState = RecordState.DELETED,
    follows: Iterable[int] = (),
) -> None:
    """The record belongs to nobody and is not found any more; what its source tells later begins anew."""
    golden = unit.golden_records[link.golden_record_id]
    unit.end_link(event, link, golden)
    change_record(unit, event, record, state=state, link=link, follows=follows)
    unit.audit_record(Action.LINK_ENDED, record, golden, reason_code=event.reason_code, reason=event.reason)
    unit.notify("link.ended", golden, record_ids=[record.pk])


def open_like(
    unit: UnitOfWork, event: IdentityEvent, ended: Link, golden: GoldenRecord, *, origin: LinkOrigin, by_human: bool
) -> None:
    """Open a link like the ended one: who supports it and who decided it stay known."""
    unit.open_link(
        event,
        ended.source_record_id,
        golden,
        origin=origin,
        by_human=by_human,
        supporting_record_id=ended.supporting_record_id,
        decision_id=ended.decision_id,
        model_version_id=ended.model_version_id,
    )


def _noted(event: IdentityEvent, record: SourceRecord, link: Link | None, follows: Iterable[int]) -> dict[str, Any]:
    kept: dict[int, dict[str, Any]] = event.payload.setdefault("records", {})
    fresh = {"before": record_state(record), "link": link.pk if link else None, "follows": list(follows)}
    return kept.setdefault(record.pk, fresh)


def drop_keys(record: SourceRecord) -> None:
    """Delete the blocking keys of what the record tells."""
    fetch(_DROP_KEYS, [key.hash for key in keys_of(codec.standard_record(record))], record.pk)


def put_keys(record: SourceRecord) -> None:
    """Write the blocking keys of what the record tells, those that do not stand yet."""
    hashes = {key.hash for key in keys_of(codec.standard_record(record))}
    standing = {key for (key,) in fetch(_HAS_KEYS, list(hashes), record.pk)}
    write_values(table_of(BlockingKey), [(key, record.pk) for key in sorted(hashes - standing)])


# -- tasks and messages -------------------------------------------------------------------------------


def open_task(
    unit: UnitOfWork,
    record: SourceRecord,
    kind: TaskType,
    *,
    reasons: list[str],
    message_id: int | None = None,
    event: IdentityEvent | None = None,
    other: SourceRecord | None = None,
) -> IdentityTask:
    """A new task on the record; the caller made sure that none of this kind is open. An event's task goes with it.

    `other` is the second record of an identifier conflict, the one with the higher key.
    """
    task = IdentityTask(
        id=unit.new_id(IdentityTask),
        uuid=uuid7(),
        type=kind,
        source_record_id=record.pk,
        other_record_id=other.pk if other else None,
        message_id=message_id,
        reasons=reasons,
        opened_at=unit.recorded_at,
    )
    unit.insert(task)
    unit.audit_record(Action.TASK_OPENED, record, message_id=message_id, detail={"type": str(kind), "reasons": reasons})
    if event is not None:
        event.payload.setdefault("tasks", {})[task.pk] = {"before": "closed", "after": "open"}
    return task


def close_task(unit: UnitOfWork, event: IdentityEvent | None, task: IdentityTask, status: str) -> None:
    """The task is answered, or needs no answer any more."""
    if event is not None:
        event.payload.setdefault("tasks", {})[task.pk] = {"before": task.status, "after": status}
    task.status, task.closed_at, task.version = status, unit.recorded_at, task.version + 1
    unit.change(task)


def close_doubt(unit: UnitOfWork, event: IdentityEvent, record: SourceRecord) -> None:
    """Nobody need look at an applied update of a record that is withdrawn; an undo of that asks again."""
    doubted = IdentityTask.objects.filter(source_record=record, type=TaskType.OVERLAY, status="open").first()
    if doubted is not None:
        close_task(unit, event, doubted, "closed")
        unit.audit_record(Action.TASK_CLOSED, record, message_id=doubted.message_id)


def change_message(unit: UnitOfWork, event: IdentityEvent, message: InboundMessage, state: MessageState) -> None:
    """Put a message into a state. A rejected one says who rejected it."""
    event.payload.setdefault("messages", {})[message.pk] = {"before": str(message.state), "after": str(state)}
    set_message(unit, message, state)


def set_message(unit: UnitOfWork, message: InboundMessage, state: MessageState) -> None:
    """Write the state of a message now."""
    flaw = {"problem": ANOTHER_PERSON}
    message.state = state
    message.errors = [flaw] if state == MessageState.REJECTED else None
    message.applied_at = None if state in (MessageState.QUEUED, MessageState.RECEIVED) else unit.recorded_at
    message.save(update_fields=["state", "errors", "applied_at"])


def release(message: InboundMessage) -> list[int]:
    """What queues behind a message of its record may be applied now. Returns the keys of what waits, in order."""
    same = InboundMessage.objects.filter(order_key=message.order_key)
    same.filter(state=MessageState.QUEUED).update(state=MessageState.RECEIVED)
    return list(same.filter(state=MessageState.RECEIVED).order_by("pk").values_list("pk", flat=True))


def owner_of(unit: UnitOfWork, link: Link | None) -> GoldenRecord | None:
    """The locked golden record of a link."""
    return unit.golden_records[link.golden_record_id] if link else None
