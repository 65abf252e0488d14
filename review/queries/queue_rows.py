"""What a line of the queue says of a task, whatever its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mpi.models import GoldenRecord, IdentityTask, RecordState, TaskType
from mpi.queries.identity_tasks import messages_of, owners_of, reasons_of, waiting_behind
from mpi.queries.person import Banner, banner
from review.addresses import task_url
from review.queries.queue_sets import tasks_under
from review.queries.queue_types import KIND_WORDS, SOON

_PARTICULARS = frozenset({"survivor", "members"})
"""Codes of reasons that say only what the task's own page shows."""
_LIKELY = "Likely, but not likely enough to link by itself."


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a task."""

    name: str
    until: datetime
    mine: bool


@dataclass(frozen=True, slots=True)
class Assignee:
    """Whom a supervisor gave a task to."""

    name: str
    mine: bool


@dataclass(frozen=True, slots=True)
class DeskState:
    """What changes of a line while it is looked at: who works on it, and how it stands against its target.

    `mark` is another one as soon as any of it changes. `late`: over its target; `soon`: three quarters of it are gone.
    """

    uuid: UUID
    number: int
    open: bool
    opened_at: datetime
    due_at: datetime
    late: bool
    soon: bool
    holder: Holder | None
    assignee: Assignee | None
    proposed_by: str
    aside_until: datetime | None
    mark: str


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line. A pair has two `people`, a probability and bits; `scope` says how much hangs on an identity task."""

    uuid: UUID
    number: int
    url: str
    people: tuple[Banner, ...]
    kind: str
    kind_words: str
    sources: tuple[str, ...]
    probability: float | None
    bits: float | None
    scope: str
    why: str
    undecided: int
    state: DeskState


def match_row(match: Any, *, user_id: str, now: datetime) -> TaskRow:
    """The line of a potential match with both sides loaded, annotated by `queue_sets`. No query."""
    sources = (match.record_a.source_system.name, match.record_b.source_system.name)
    return TaskRow(
        uuid=match.uuid,
        number=match.pk,
        url=task_url(match.kind, match.uuid),
        people=(banner(match.golden_a), banner(match.golden_b)),
        kind=match.kind,
        kind_words=KIND_WORDS[match.kind],
        sources=tuple(dict.fromkeys(sources)),
        probability=match.probability,
        bits=match.bits,
        scope="",
        why=match.reasons[0]["words"] if match.reasons else _LIKELY,
        undecided=match.undecided or 0,
        state=desk_state(match, user_id=user_id, now=now),
    )


def task_rows(tasks: Sequence[Any], *, user_id: str, now: datetime) -> dict[UUID, TaskRow]:
    """The lines of identity tasks annotated by `queue_sets`. Three queries, none for none."""
    if not tasks:
        return {}
    owners = owners_of(tasks)
    messages = messages_of(tasks)
    behind = waiting_behind(messages.values())
    return {
        task.uuid: _task_row(task, owners, behind.get(task.message_id or 0, 0), user_id=user_id, now=now)
        for task in tasks
    }


def _task_row(task: Any, owners: Mapping[int, GoldenRecord], behind: int, *, user_id: str, now: datetime) -> TaskRow:
    records = [task.source_record, *([task.other_record] if task.other_record else [])]
    people = {golden.pk: golden for record in records if (golden := owners.get(record.pk))}
    return TaskRow(
        uuid=task.uuid,
        number=task.pk,
        url=task_url(task.type, task.uuid),
        people=tuple(banner(golden) for golden in people.values()),
        kind=task.type,
        kind_words=KIND_WORDS[task.type],
        sources=tuple(dict.fromkeys(record.source_system.name for record in records)),
        probability=None,
        bits=None,
        scope=_scope(task, people.values(), behind),
        why=" ".join(reason["words"] for reason in reasons_of(task) if reason["code"] not in _PARTICULARS),
        undecided=0,
        state=desk_state(task, user_id=user_id, now=now),
    )


def _scope(task: IdentityTask, people: Iterable[GoldenRecord], behind: int) -> str:
    """How much hangs on it, in a few words."""
    if task.type == TaskType.OVERLAY:
        if task.source_record.state != RecordState.QUARANTINED:
            return "applied already"
        return f"held back, with {behind} behind it" if behind else "held back"
    members = [golden.member_count for golden in people]
    if not members:
        return "belongs to nobody now"
    return " and ".join(f"{number} record{'' if number == 1 else 's'}" for number in members)


def changed_states(marks: Mapping[UUID, str], *, user_id: str, now: datetime) -> tuple[DeskState, ...]:
    """The states of the lines of a page that are not as their marks say any more. Two queries."""
    states = (desk_state(task, user_id=user_id, now=now) for task in tasks_under(marks, user_id=user_id, now=now))
    return tuple(state for state in states if state.mark != marks[state.uuid])


def desk_state(task: Any, *, user_id: str, now: datetime) -> DeskState:
    """Who works on a task of either kind, annotated by `queue_sets`. No query."""
    is_open = task.status == "open"
    waited = (now - task.opened_at) / (task.due_at - task.opened_at) if task.due_at > task.opened_at else 0.0
    late = is_open and task.due_at < now
    soon = is_open and not late and waited > SOON
    holder = assignee = None
    if is_open and task.holder_id:
        holder = Holder(name=task.holder_name, until=task.holder_until, mine=task.holder_id == user_id)
    if is_open and task.assignee_id:
        assignee = Assignee(name=task.assignee_name, mine=task.assignee_id == user_id)
    proposed_by = task.proposer_name or "" if is_open else ""
    aside = task.aside_until is not None
    seen = (task.status, task.version, task.claim_id, task.assignment_id)
    marks = (*seen, aside, late, soon, bool(proposed_by))
    return DeskState(
        uuid=task.uuid,
        number=task.pk,
        open=is_open,
        opened_at=task.opened_at,
        due_at=task.due_at,
        late=late,
        soon=soon,
        holder=holder,
        assignee=assignee,
        proposed_by=proposed_by,
        aside_until=task.aside_until if is_open else None,
        mark="-".join(str(int(mark) if isinstance(mark, bool) else mark or 0) for mark in marks),
    )
