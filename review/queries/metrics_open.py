"""What is open now: how much of each type, how old, how much of it over its target; and the backlog over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Model, Q, QuerySet

from mpi.models import IdentityTask, PotentialMatch, PotentialMatchKind, PotentialMatchStatus, TaskType
from review.queries.metrics import Period
from review.queries.queue_types import KIND_WORDS, SOON, TARGETS

_AGES = (timedelta(days=1), timedelta(days=3), timedelta(days=10))
_KIND = {PotentialMatch: "kind", IdentityTask: "type"}
_BY_ITSELF = {PotentialMatch: PotentialMatchStatus.CLOSED, IdentityTask: "closed"}


@dataclass(frozen=True, slots=True)
class OpenType:
    """Open tasks of one type. `in_time`, `soon` (three quarters of the target are gone) and `late` add up to `open`.

    `ages` counts those younger than 1 day, 1 to 3, 3 to 10, and older.
    """

    code: str
    words: str
    target: timedelta
    in_time: int
    soon: int
    late: int
    ages: tuple[int, int, int, int]
    oldest: datetime | None

    @property
    def open(self) -> int:
        """All of them."""
        return self.in_time + self.soon + self.late


@dataclass(frozen=True, slots=True)
class TrendStep:
    """One step of the period: tasks opened, answered by people, closed by themselves, and open at its end."""

    at: datetime
    opened: int
    answered: int
    by_itself: int
    open_at_end: int


def open_by_type(now: datetime) -> tuple[OpenType, ...]:
    """Every type of task, the two kinds of potential matches first. Two queries."""
    found = {
        **_open_of(PotentialMatch, PotentialMatchKind.values, now),
        **_open_of(IdentityTask, TaskType.values, now),
    }
    return tuple(_open_type(code, found.get(code), now) for code in (*PotentialMatchKind.values, *TaskType.values))


def _open_of(model: type[Model], codes: Iterable[str], now: datetime) -> Mapping[str, Mapping[str, Any]]:
    kind = _KIND[model]
    late, soon = Q(pk__in=[]), Q(pk__in=[])
    for code in codes:
        late |= Q(**{kind: code, "opened_at__lt": now - TARGETS[code]})
        soon |= Q(**{kind: code, "opened_at__lt": now - TARGETS[code] * SOON})
    ages = {f"over{place}": Count("pk", filter=Q(opened_at__lte=now - age)) for place, age in enumerate(_AGES)}
    rows = (
        model._default_manager.filter(status="open")
        .order_by()
        .values(kind)
        .annotate(
            number=Count("pk"),
            late=Count("pk", filter=late),
            past_soon=Count("pk", filter=soon),
            oldest=Min("opened_at"),
            **ages,
        )
    )
    return {row[kind]: row for row in rows}


def _open_type(code: str, row: Mapping[str, Any] | None, now: datetime) -> OpenType:
    told = row or {"number": 0, "late": 0, "past_soon": 0, "oldest": None, "over0": 0, "over1": 0, "over2": 0}
    total, day, days, more = told["number"], told["over0"], told["over1"], told["over2"]
    return OpenType(
        code=code,
        words=KIND_WORDS[code],
        target=TARGETS[code],
        in_time=total - told["past_soon"],
        soon=told["past_soon"] - told["late"],
        late=told["late"],
        ages=(total - day, day - days, days - more, more),
        oldest=told["oldest"],
    )


def trend(period: Period) -> tuple[TrendStep, ...]:
    """Opened and closed in each step, and what was open at its end, of all types together. Eight queries."""
    start = period.steps[0]
    opened: Counter[datetime] = Counter()
    answered: Counter[datetime] = Counter()
    by_itself: Counter[datetime] = Counter()
    left = 0
    for model in (PotentialMatch, IdentityTask):
        rows: QuerySet[Any, Any] = model._default_manager.order_by()
        left += rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=start), opened_at__lt=start).count()
        itself = Q(status=_BY_ITSELF[model])
        opened.update(_counted(rows.filter(opened_at__gte=start), period, "opened_at"))
        answered.update(_counted(rows.filter(~itself, closed_at__gte=start), period, "closed_at"))
        by_itself.update(_counted(rows.filter(itself, closed_at__gte=start), period, "closed_at"))
    steps = []
    for at in period.steps:
        left += opened[at] - answered[at] - by_itself[at]
        steps.append(TrendStep(at, opened[at], answered[at], by_itself[at], left))
    return tuple(steps)


def _counted(rows: QuerySet[Any, Any], period: Period, column: str) -> Mapping[datetime, int]:
    return dict(rows.annotate(at=period.truncated(column)).values_list("at").annotate(Count("pk")))
