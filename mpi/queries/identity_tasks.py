"""Work on one source record: suspected overlays above all, for the desk, the pages and the REST door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Q

from matching.overlay import REASON_WORDS
from mpi.models import (
    GoldenRecord,
    IdentityTask,
    InboundMessage,
    Link,
    MessageState,
    RecordState,
    SourceRecord,
    TaskType,
)
from mpi.queries.numbers import number_kind

TASK_STATUSES = ("open", "accepted", "rejected", "split", "closed")
_WORDS = {
    **REASON_WORDS,
    "source_merge_across_separation": "Its source says that this number and another one are one patient; a steward "
    "keeps them, or their people, apart.",
    "left_behind_by_source_merge": "Its source gave this number up for another one. Others of its person stayed, and "
    "do not look like the person of the surviving number: see whether the source was right, then merge the two golden "
    "records by hand or take the merge of the numbers back.",
    "identifier_shared": "Two persons hold the same number, and nobody has said that they are one or two.",
    "large_person": "This person has more source records than one should: records of others may be among them.",
    "number_reused": "This number speaks of another patient now: ask the source to give the first one a number again.",
}
SURVIVOR = "survivor:"
"""Before the UUID of the source record that goes on, among the reasons of a source merge."""
SHARED = "identifier:"
"""Before authority|type of the number that two persons hold, among the reasons of an identifier conflict."""
HOLDERS = "holders:"
"""Before the number of persons that held a number when it was asked about, where they are many."""
MEMBERS = "members:"
"""Before the number of source records that a large person had when it was asked about."""
_WAITING = (MessageState.RECEIVED, MessageState.QUEUED)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What to list. `status` is always set; the others narrow it where they are not empty."""

    status: str = "open"
    type: str = ""
    source_system: str = ""


def identity_tasks(wanted: TaskFilter, *, after: int | None = None, size: int) -> list[IdentityTask]:
    """The oldest first, one more than `size` where there is more; `after` is the last key shown. One query."""
    records = ("source_record__source_system", "other_record__source_system")
    found = IdentityTask.objects.filter(status=wanted.status).select_related(*records)
    if wanted.type:
        found = found.filter(type=wanted.type)
    if wanted.source_system:
        found = found.filter(source_record__source_system__code=wanted.source_system)
    if after is not None:
        found = found.filter(pk__gt=after)
    return list(found.order_by("pk")[: size + 1])


def open_overlays() -> int:
    """How many suspected overlays wait for a steward. One query."""
    return IdentityTask.objects.filter(type=TaskType.OVERLAY, status="open").count()


def owners_of(tasks: Iterable[IdentityTask]) -> Mapping[int, GoldenRecord]:
    """The golden records that the source records of these tasks belong to now, by source record. One query."""
    records = {pk for task in tasks for pk in (task.source_record_id, task.other_record_id) if pk}
    links = Link.objects.filter(source_record__in=records, ended_at__isnull=True)
    return {link.source_record_id: link.golden_record for link in links.select_related("golden_record")}


def messages_of(tasks: Iterable[IdentityTask]) -> Mapping[int, InboundMessage]:
    """The message that each task speaks of, without its payload, by key. One query."""
    found = InboundMessage.objects.filter(pk__in={task.message_id for task in tasks if task.message_id})
    return found.defer("payload").in_bulk()


def waiting_behind(messages: Iterable[InboundMessage]) -> Mapping[int, int]:
    """How many later messages of the same source record wait behind each of these. One query, none for none."""
    held = {message.order_key: message.pk for message in messages if message.state == MessageState.QUEUED}
    if not held:
        return {}
    later = Q(pk__in=[])
    for order_key, pk in held.items():
        later |= Q(order_key=order_key, pk__gt=pk)
    rows = InboundMessage.objects.filter(later, state__in=_WAITING).values("order_key").annotate(number=Count("pk"))
    return {held[row["order_key"]]: row["number"] for row in rows}


def reasons_of(task: IdentityTask, numbers: Mapping[str, str] = MappingProxyType({})) -> list[dict[str, str]]:
    """Why the task was opened: code and words. A code of an earlier version stands for itself.

    `numbers` say how a source calls its records, by their UUIDs: programs know a record by its UUID, people do not.
    """
    return [{"code": code.split(":")[0], "words": _words(code, numbers)} for code in task.reasons]


def _words(code: str, numbers: Mapping[str, str]) -> str:
    if code.startswith(SURVIVOR):
        uuid = code.removeprefix(SURVIVOR)
        return (
            f"The number that goes on is that of the source record {numbers.get(uuid, uuid)}. If its source is right, "
            "lift the separation and merge again; if not, close the task."
        )
    if code.startswith(HOLDERS):
        return (
            f"{code.removeprefix(HOLDERS)} persons hold it: a placeholder or a fault of its source rather than two who "
            "are one. This task stands for all of them."
        )
    if code.startswith(SHARED):
        return f"The number is the {number_kind(*code.removeprefix(SHARED).split('|', 1))}."
    if code.startswith(MEMBERS):
        return f"It had {code.removeprefix(MEMBERS)} source records when this was asked."
    return _WORDS.get(code, code.replace("_", " "))


def trusted_record(task: IdentityTask) -> Any:
    """The record as it was trusted when the update came, whether that waits, was applied or is decided.

    A SourceRecord or a history row of one, with the same fields. No query for an update that waits, else one.
    """
    record = task.source_record
    if task.status == "open" and record.state == RecordState.QUARANTINED:
        return record
    then = SourceRecord.history.filter(id=record.pk, history_date__lte=task.opened_at).order_by("-history_id")[:2]
    # An update that was applied made a version at that moment; one that was quarantined kept what it had.
    seen = list(then)
    return next((row for row in seen if row.message_id != task.message_id), seen[0] if seen else record)


def held_back(records: Iterable[SourceRecord]) -> tuple[IdentityTask, ...]:
    """The open overlay tasks of these records. One query, none where no record is quarantined."""
    held = [record.pk for record in records if record.state == RecordState.QUARANTINED]
    if not held:
        return ()
    found = IdentityTask.objects.filter(type=TaskType.OVERLAY, status="open", source_record__in=held)
    return tuple(found.select_related("source_record__source_system").order_by("pk"))


def under_review(euids: Sequence[str]) -> frozenset[str]:
    """Which of these golden records have a source record whose update waits for a steward. One query, none for none."""
    if not euids:
        return frozenset()
    held = Link.objects.filter(
        golden_record__euid__in=euids, ended_at__isnull=True, source_record__state=RecordState.QUARANTINED
    )
    return frozenset(held.values_list("golden_record__euid", flat=True))
