"""What undoing an act on source records restores: their states, what they tell, tasks, messages, source merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from audit.actions import Action
from mpi.access import record_subject
from mpi.errors import CannotUndo
from mpi.models import (
    GoldenRecord,
    GoldenStatus,
    IdentityEvent,
    IdentityTask,
    InboundMessage,
    Link,
    LinkOrigin,
    MessageState,
    RecordState,
    SourceMerge,
    SourceRecord,
)
from mpi.services.overlay_moves import join_of
from mpi.services.record_states import change_record, close_task, lock_own_keys, open_like, retell, set_message
from mpi.services.unit import UnitOfWork

Home = tuple[Link, int]
"""A link, and the golden record that its source record goes back to."""


def lock_records_of(event: IdentityEvent) -> None:
    """The own keys of the source records that the act changed: before the golden records are locked."""
    if kept := event.payload.get("records"):
        records = SourceRecord.objects.filter(pk__in=[int(pk) for pk in kept]).select_related("source_system")
        lock_own_keys(records, versions={int(pk): states["before"]["version"] for pk, states in kept.items()})


def records_of(event: IdentityEvent) -> list[SourceRecord]:
    """The source records that the act changed, or whose tasks it answered."""
    asked = IdentityTask.objects.filter(pk__in=[int(pk) for pk in event.payload.get("tasks", {})])
    own = [int(pk) for pk in event.payload.get("records", {})]
    return list(SourceRecord.objects.filter(Q(pk__in=own) | Q(pk__in=asked.values("source_record"))).order_by("pk"))


def homes_of_records(event: IdentityEvent) -> tuple[list[Home], list[Home]]:
    """(open links that go back, ended links that open again) of the records that the act changed.

    Raises CannotUndo where a person has put such a record elsewhere since.
    """
    kept = {int(pk): states["link"] for pk, states in event.payload.get("records", {}).items() if states["link"]}
    if not kept:
        return [], []
    before = {pk: _as_if_not_undone(link) for pk, link in Link.objects.in_bulk(kept.values()).items()}
    now = {
        link.source_record_id: link
        for link in Link.objects.filter(source_record__in=kept, ended_at__isnull=True).select_related("opened_by_event")
    }
    moves: list[Home] = []
    reopened: list[Home] = []
    for record_id, link_id in kept.items():
        present, earlier = now.get(record_id), before[link_id]
        if present is None:
            reopened.append((earlier, earlier.golden_record_id))
        elif present.pk != earlier.pk:
            if present.by_human and present.opened_by_event_id > event.pk:
                raise CannotUndo(
                    f"{present.opened_by_event.actor_name} has decided since whose source record this is; "
                    "undo that act first.",
                    extra={"event": str(present.opened_by_event.uuid)},
                )
            moves.append((present, earlier.golden_record_id))
    return moves, reopened


def _as_if_not_undone(link: Link) -> Link:
    """The link itself, or where the record would be now if the acts that opened it were undone meanwhile."""
    while IdentityEvent.objects.filter(undoes=link.opened_by_event_id).exists():
        ended = Link.objects.filter(source_record=link.source_record_id, ended_by_event=link.opened_by_event_id)
        earlier = ended.order_by("-pk").first()
        if earlier is None:
            break
        link = earlier
    return link


def restore_records(unit: UnitOfWork, undoing: IdentityEvent, event: IdentityEvent, reopened: Iterable[Home]) -> None:
    """Put source records, their links, tasks, messages and source merges back. The golden records are locked.

    Raises CannotUndo where their source has told more since, or somebody has answered what the act asked.
    """
    payload = event.payload
    records = SourceRecord.objects.select_related("source_system").in_bulk(
        [int(pk) for pk in payload.get("records", {})]
    )
    for pk, states in payload.get("records", {}).items():
        _restore_record(unit, undoing, records[int(pk)], states)
    for merge in SourceMerge.objects.filter(event=event, ended_at__isnull=True):
        merge.ended_at, merge.ended_by_event_id = unit.recorded_at, undoing.pk
        unit.change(merge)
    for link, home in reopened:
        _reopen(unit, undoing, link, unit.golden_records[home])
    for message in InboundMessage.objects.filter(pk__in=[int(pk) for pk in payload.get("messages", {})]):
        set_message(unit, message, MessageState(payload["messages"][str(message.pk)]["before"]))
    for task in IdentityTask.objects.select_for_update().filter(pk__in=[int(pk) for pk in payload.get("tasks", {})]):
        _restore_task(unit, undoing, task, payload["tasks"][str(task.pk)])


def _restore_record(unit: UnitOfWork, undoing: IdentityEvent, record: SourceRecord, states: Mapping[str, Any]) -> None:
    before, after, follows = states["before"], states["after"], states["follows"]
    as_left = (record.state, record.version) == (after["state"], after["version"])
    let_through = record.message_id in follows and record.state == RecordState.ACTIVE
    if not as_left and not let_through:
        raise _later(record)
    if (join := join_of(record.pk, follows)) is not None:
        raise CannotUndo(
            "The update that this let through joined two golden records; undo that act first.",
            extra={"event": str(join.uuid)},
        )
    if (record.state, record.version) == (before["state"], before["version"]):
        return
    if record.version != before["version"]:
        retell(unit, undoing, record, before["version"])
    if record.state != before["state"]:
        change_record(unit, undoing, record, state=RecordState(before["state"]))
    unit.audit_record(
        Action.RECORD_UPDATED,
        record,
        reason=undoing.reason,
        detail={"event": str(undoing.uuid), "version": record.version, "state": str(record.state)},
    )


def _later(record: SourceRecord) -> CannotUndo:
    """Names what stands in the way: the act of a person that put the record into its state, else what was told."""
    extra = {"record": str(record.uuid)}
    told = InboundMessage.objects.filter(pk=record.message_id or 0).values_list("uuid", flat=True).first()
    if told is not None:
        extra["message"] = str(told)
    return CannotUndo(
        "The source has told more of this record since, or somebody has acted on it: what stands now is later. Where a "
        "record belongs can still be said by hand: link it.",
        extra=extra,
    )


def _reopen(unit: UnitOfWork, undoing: IdentityEvent, ended: Link, golden: GoldenRecord) -> None:
    open_like(unit, undoing, ended, golden, origin=LinkOrigin(ended.origin), by_human=ended.by_human)
    record = SourceRecord.objects.only("uuid").get(pk=ended.source_record_id)
    unit.audit_record(Action.LINK_OPENED, record, golden, reason=undoing.reason)
    unit.notify("link.opened", golden, record_ids=[ended.source_record_id])
    if golden.status == GoldenStatus.RETIRED:
        unit.notify("golden.restored", golden)


def _restore_task(unit: UnitOfWork, undoing: IdentityEvent, task: IdentityTask, states: Mapping[str, str]) -> None:
    """A task that the act answered is open again; one that it opened is closed."""
    if task.status != states["after"]:
        if states["after"] == "open":
            return  # somebody has answered it since: that stands
        raise CannotUndo("This was answered again since; undo the later answer first.")
    same = {"source_record": task.source_record_id, "other_record": task.other_record_id, "type": task.type}
    later = IdentityTask.objects.filter(**same, status="open")
    if states["before"] == "open" and later.exclude(pk=task.pk).exists():
        raise CannotUndo("A later question about the same source record is open; answer that first.")
    close_task(unit, None, task, states["before"])
    if states["before"] == "open":
        task.closed_at = None
    uuid = SourceRecord.objects.values_list("uuid", flat=True).get(pk=task.source_record_id)
    told = Action.TASK_OPENED if task.status == "open" else Action.TASK_CLOSED
    unit.audit(
        told, subject=record_subject(uuid), message_id=task.message_id, detail={"undone": str(undoing.undoes_id)}
    )
