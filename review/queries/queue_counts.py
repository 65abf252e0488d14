"""How much work there is, by type: counted anew each time, so always true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from review.queries.queue_sets import open_matches, open_tasks
from review.queries.queue_types import KIND_WORDS, TARGETS

_TASKS = ("n_open", "newest", "versions", "asides")
_DESK = ("claims", "assignments")
_FIGURES = ("open", "late", "free", "mine", "assigned", "aside")


@dataclass(frozen=True, slots=True)
class KindCount:
    """One type of task. All but `aside` count what is to do; `oldest` is when the oldest of these was opened."""

    kind: str
    words: str
    target_days: int
    open: int = 0
    late: int = 0
    free: int = 0
    mine: int = 0
    assigned: int = 0
    aside: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Every type, whether there is any of it or not.

    `tasks` changes when a task comes, goes or changes, `digest` also with every claim and assignment.
    """

    kinds: tuple[KindCount, ...]
    tasks: str = field(default="", compare=False)
    digest: str = field(default="", compare=False)

    @property
    def open(self) -> int:
        """To do."""
        return sum(kind.open for kind in self.kinds)

    @property
    def late(self) -> int:
        """To do and over target."""
        return sum(kind.late for kind in self.kinds)

    @property
    def free(self) -> int:
        """To do and claimed by nobody."""
        return sum(kind.free for kind in self.kinds)

    @property
    def mine(self) -> int:
        """Claimed by who asks."""
        return sum(kind.mine for kind in self.kinds)

    @property
    def assigned(self) -> int:
        """Assigned to who asks."""
        return sum(kind.assigned for kind in self.kinds)

    @property
    def aside(self) -> int:
        """Set aside: they come back by themselves."""
        return sum(kind.aside for kind in self.kinds)

    def of(self, kind: str) -> KindCount:
        """The figures of one type."""
        return next(found for found in self.kinds if found.kind == kind)


def counts(*, user_id: str, now: datetime) -> Counts:
    """All counts of the queue, whatever the filter. Two queries."""
    found = [
        *_figures(open_tasks(user_id=user_id, now=now), user_id, now),
        *_figures(open_matches(user_id=user_id, now=now), user_id, now),
    ]
    by_kind = {row["task_kind"]: row for row in found}
    kinds = tuple(
        KindCount(kind, words, TARGETS[kind].days, **_said(by_kind.get(kind))) for kind, words in KIND_WORDS.items()
    )
    return Counts(kinds, tasks=_marks(found, _TASKS), digest=_marks(found, (*_TASKS, *_DESK)))


def _figures(tasks: QuerySet[Any, Any], user_id: str, now: datetime) -> Iterable[dict[str, Any]]:
    todo = Q(aside__isnull=True)
    rows: Iterable[dict[str, Any]] = (
        tasks.order_by()
        .values("task_kind")
        .annotate(
            n_open=Count("pk", filter=todo),
            n_late=Count("pk", filter=todo & Q(due_at__lt=now)),
            n_free=Count("pk", filter=todo & Q(open_claim__isnull=True)),
            n_mine=Count("pk", filter=todo & Q(open_claim__user_id=user_id)),
            n_assigned=Count("pk", filter=todo & Q(assignment__user_id=user_id)),
            n_aside=Count("pk", filter=~todo),
            oldest=Min("opened_at", filter=todo),
            newest=Max("pk"),
            versions=Sum("version"),
            claims=Sum("open_claim__id"),
            asides=Sum("aside__id"),
            assignments=Sum("assignment__id"),
        )
    )
    return rows


def _said(row: Mapping[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {name: row[f"n_{name}"] for name in _FIGURES} | {"oldest": row["oldest"]}


def _marks(found: Iterable[Mapping[str, Any]], names: Sequence[str]) -> str:
    """The sums of all types as one short text."""
    return "-".join(str(sum(row[name] or 0 for row in found)) for name in names)
