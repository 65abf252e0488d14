"""The queue: open tasks of every type, the riskiest first, a page at a time; and the one to take next.

Potential matches and identity tasks are two tables: each is asked for one page, and the two are laid together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Subquery

from mpi.models import IdentityTask, PotentialMatch, SourceSystem
from review.models import Assignment, Claim
from review.queries.queue_rows import Holder, TaskRow, match_row, task_rows
from review.queries.queue_sets import (
    QueueFilter,
    could_not_tell,
    narrowed_matches,
    narrowed_tasks,
    not_for,
    not_proposed,
    with_proposer,
)
from review.queries.queue_types import KIND_WORDS, TARGETS

__all__ = [
    "KIND_WORDS",
    "PAGE_SIZE",
    "TARGETS",
    "Holder",
    "QueueFilter",
    "QueuePage",
    "TaskRow",
    "Urgent",
    "free_tasks",
    "most_urgent",
    "next_up",
    "queue_page",
    "systems",
]

PAGE_SIZE = 25
_TASK, _MATCH = 0, 1
"""Which table a row is of; at equal risk identity tasks come first."""
_MOST_PK = 2**63


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One keyset page. `after` is the key of the next page, "" at the end."""

    rows: tuple[TaskRow, ...]
    after: str
    first: bool


@dataclass(frozen=True, slots=True)
class Urgent:
    """A task that could be taken next: nothing of a person."""

    uuid: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class _Key:
    """Where a page ends: the risk of its last row, the table that row is of, and its key there."""

    risk: float
    table: int
    pk: int

    def __str__(self) -> str:
        return f"{self.risk!r}:{self.table}:{self.pk}"


def queue_page(
    wanted: QueueFilter, *, user_id: str, now: datetime, after: str = "", size: int = PAGE_SIZE
) -> QueuePage:
    """One page, the riskiest first. At most five queries, however many rows.

    Each table is asked for one row too many, to know whether there is more. `after` is the key of an earlier page; a
    malformed one begins at the top.
    """
    key = _key(after)
    undecided = could_not_tell().order_by().values("potential_match").annotate(n=Count("pk")).values("n")
    sides = ("golden_a", "golden_b", "record_a__source_system", "record_b__source_system")
    matches = narrowed_matches(wanted, user_id=user_id, now=now).select_related(*sides)
    matches = _from(with_proposer(matches).annotate(undecided=Subquery(undecided)), key, _MATCH)
    records = ("source_record__source_system", "other_record__source_system")
    tasks = with_proposer(narrowed_tasks(wanted, user_id=user_id, now=now).select_related(*records))
    tasks = _from(tasks, key, _TASK)
    found = sorted([*tasks[: size + 1], *matches[: size + 1]], key=_place)
    shown = found[:size]
    rows = task_rows([task for task in shown if isinstance(task, IdentityTask)], user_id=user_id, now=now)
    rows |= {
        match.uuid: match_row(match, user_id=user_id, now=now) for match in shown if isinstance(match, PotentialMatch)
    }
    return QueuePage(
        rows=tuple(rows[task.uuid] for task in shown),
        after=str(_key_of(shown[-1])) if len(found) > size else "",
        first=key is None,
    )


def most_urgent(
    wanted: QueueFilter, *, user_id: str, now: datetime, besides: UUID | None = None, limit: int = 20
) -> Sequence[Urgent]:
    """Tasks this steward could take, the one to take first in front: their claims, what is assigned to them, by risk.

    Left out: what others hold or were assigned, what was set aside, what waits for a second person, what this steward
    could not tell or has read for the blind review. At most six queries, each narrow: a steward waits for it between
    two tasks.
    """
    own = _own(user_id, now)
    tasks = not_proposed(narrowed_tasks(wanted, user_id=user_id, now=now).filter(aside__isnull=True))
    matches = not_proposed(narrowed_matches(wanted, user_id=user_id, now=now).filter(aside__isnull=True))
    matches = not_for(matches, user_id)
    found: list[Any] = []
    for table, its in ((tasks, own[IdentityTask]), (matches, own[PotentialMatch])):
        if besides is not None:
            table = table.exclude(uuid=besides)
        free = table.filter(open_claim__isnull=True, assignment__isnull=True)
        found += [*free.order_by("-risk", "pk")[:limit]]
        if its:
            found += [*table.filter(Q(open_claim__isnull=True) | Q(is_mine=True), pk__in=its)]
    found.sort(key=lambda task: (not task.is_mine, task.assignee_id != user_id, *_place(task)))
    ordered = dict.fromkeys((task.uuid, task.task_kind) for task in found)
    return [Urgent(uuid, kind) for uuid, kind in list(ordered)[:limit]]


def free_tasks(wanted: QueueFilter, *, user_id: str, now: datetime, limit: int) -> Sequence[Urgent]:
    """The riskiest tasks of a filter that nobody holds, that are assigned to nobody and not set aside. Two queries."""
    found: list[Any] = []
    for narrowed in (narrowed_tasks, narrowed_matches):
        tasks = narrowed(wanted, user_id=user_id, now=now).filter(
            open_claim__isnull=True, assignment__isnull=True, aside__isnull=True
        )
        found += not_proposed(tasks).order_by("-risk", "pk")[:limit]
    return [Urgent(task.uuid, task.task_kind) for task in sorted(found, key=_place)[:limit]]


def next_up(wanted: QueueFilter, *, user_id: str, now: datetime, besides: UUID | None = None) -> Urgent | None:
    """The task that "next" would bring, unclaimed: to load its page ahead. As `most_urgent`."""
    return next(iter(most_urgent(wanted, user_id=user_id, now=now, besides=besides, limit=1)), None)


def systems() -> Sequence[tuple[str, str]]:
    """Code and name of every source system, for the filter. One query."""
    return list(SourceSystem.objects.values_list("code", "name"))


def _own(user_id: str, now: datetime) -> dict[type, set[int]]:
    """Keys of the tasks that this steward holds or was assigned, by table. Two queries over partial indexes."""
    fields = ("identity_task_id", "potential_match_id")
    held = Claim.objects.filter(user_id=user_id, ended_at__isnull=True, until__gt=now).values_list(*fields)
    given = Assignment.objects.filter(user_id=user_id, ended_at__isnull=True).values_list(*fields)
    both = [*held, *given]
    return {
        IdentityTask: {task for task, _ in both if task is not None},
        PotentialMatch: {match for _, match in both if match is not None},
    }


def _place(task: Any) -> tuple[float, int, int]:
    """Where a task stands in the queue."""
    return -task.risk, _table(task), task.pk


def _table(task: Any) -> int:
    return _MATCH if isinstance(task, PotentialMatch) else _TASK


def _key_of(task: Any) -> _Key:
    return _Key(task.risk, _table(task), task.pk)


def _from(tasks: QuerySet[Any, Any], key: _Key | None, table: int) -> QuerySet[Any, Any]:
    """One table from a key on, in the order of the queue."""
    if key is not None:
        beyond = Q(risk__lt=key.risk)
        if table == key.table:
            beyond |= Q(risk=key.risk, pk__gt=key.pk)
        elif table > key.table:
            beyond |= Q(risk=key.risk)
        tasks = tasks.filter(beyond)
    return tasks.order_by("-risk", "pk")


def _key(after: str) -> _Key | None:
    """The key of an address; None for one that is malformed."""
    try:
        risk, table, pk = after.split(":")
        key = _Key(float(risk), int(table), int(pk))
    except ValueError:
        return None
    is_sound = math.isfinite(key.risk) and key.table in (_TASK, _MATCH) and abs(key.pk) < _MOST_PK
    return key if is_sound else None
