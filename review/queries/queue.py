"""The queue: open potential matches by risk, with claims, age against target and true counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from mpi.models import PotentialMatch, PotentialMatchKind, PotentialMatchStatus, SourceSystem
from mpi.queries.person import Banner, banner
from review.models import Outcome, ReviewDecision

TARGETS: Mapping[str, timedelta] = {
    PotentialMatchKind.DUPLICATE: timedelta(days=3),
    PotentialMatchKind.OVERLAP: timedelta(days=10),
}
"""How old a task of a kind may get: a duplicate in one source is met at the next visit, an overlap later."""

KIND_WORDS: Mapping[str, str] = {
    PotentialMatchKind.DUPLICATE: "Duplicate in one source",
    PotentialMatchKind.OVERLAP: "Overlap across sources",
}
PAGE_SIZE = 25
_SOON = 0.75
"""Share of the target after which a task is said to be due soon."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What of the queue is wanted; "" is everything. `holder`: mine | free; `show`: "" (to do) | aside."""

    kind: str = ""
    system: str = ""
    grade: str = ""
    age: str = ""
    holder: str = ""
    show: str = ""

    @property
    def query(self) -> str:
        """The filter as a query string, without empty parts."""
        parts = {name: getattr(self, name) for name in self.__slots__}
        return urlencode({name: value for name, value in parts.items() if value})


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a task."""

    name: str
    until: datetime
    mine: bool


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of the queue. `late`: over its target; `soon`: three quarters of it are gone."""

    uuid: UUID
    number: int
    left: Banner
    right: Banner
    kind: str
    kind_words: str
    sources: tuple[str, ...]
    probability: float
    bits: float
    grade: str
    why: str
    opened_at: datetime
    due_at: datetime
    late: bool
    soon: bool
    holder: Holder | None
    undecided: int
    aside_until: datetime | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One keyset page. `after` is the key of the next page, "" at the end."""

    rows: tuple[TaskRow, ...]
    after: str
    first: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How much work there is. `digest` changes whenever a row of the queue would."""

    open: int
    duplicate: int
    overlap: int
    late: int
    mine: int
    free: int
    aside: int
    digest: str = field(default="", compare=False)


def counts(*, user_id: str, now: datetime) -> Counts:
    """All counts of the queue, whatever the filter. One query."""
    todo = Q(aside__isnull=True)
    found = _open_tasks(user_id, now).aggregate(
        open_=Count("pk", filter=todo),
        duplicate=Count("pk", filter=todo & Q(kind=PotentialMatchKind.DUPLICATE)),
        overlap=Count("pk", filter=todo & Q(kind=PotentialMatchKind.OVERLAP)),
        late=Count("pk", filter=todo & Q(due_at__lt=now)),
        mine=Count("pk", filter=todo & Q(open_claim__user_id=user_id)),
        free=Count("pk", filter=todo & Q(open_claim__isnull=True)),
        aside_=Count("pk", filter=~todo),
        newest=Max("pk"),
        versions=Sum("version"),
        claims=Sum("open_claim__id"),
        asides=Sum("aside__id"),
    )
    marks = [found["open_"], found["newest"], found["versions"], found["claims"], found["asides"]]
    return Counts(
        open=found["open_"],
        duplicate=found["duplicate"],
        overlap=found["overlap"],
        late=found["late"],
        mine=found["mine"],
        free=found["free"],
        aside=found["aside_"],
        digest="-".join(str(mark or 0) for mark in marks),
    )


def queue_page(
    wanted: QueueFilter, *, user_id: str, now: datetime, after: str = "", size: int = PAGE_SIZE
) -> QueuePage:
    """One page, the riskiest first. One query; asks for one row too many to know whether there are more.

    `after` is a key of an earlier page; a malformed one begins at the top.
    """
    tasks = _wanted(wanted, user_id=user_id, now=now)
    if key := _key(after):
        risk, pk = key
        tasks = tasks.filter(Q(risk__lt=risk) | Q(risk=risk, pk__gt=pk))
    sides = ("golden_a", "golden_b", "record_a__source_system", "record_b__source_system")
    undecided = _could_not_tell().order_by().values("potential_match").annotate(n=Count("pk")).values("n")
    ordered = tasks.select_related(*sides).annotate(undecided=Subquery(undecided)).order_by("-risk", "pk")
    found = list(ordered[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return QueuePage(
        rows=tuple(_row(task, user_id=user_id, now=now) for task in found[:size]),
        after=f"{last.risk!r}:{last.pk}" if last else "",
        first=not key,
    )


def most_urgent(
    wanted: QueueFilter, *, user_id: str, now: datetime, besides: UUID | None = None, limit: int = 20
) -> Sequence[UUID]:
    """Tasks this steward could take, the one to take first in front: their own claims, then by risk. One query.

    Left out: what others hold, what was set aside, what this steward could not tell.
    """
    tasks = _wanted(wanted, user_id=user_id, now=now).filter(Q(open_claim__isnull=True) | Q(is_mine=True))
    tasks = tasks.filter(~Exists(_could_not_tell().filter(user_id=user_id)), aside__isnull=True)
    if besides is not None:
        tasks = tasks.exclude(uuid=besides)
    return list(tasks.order_by("-is_mine", "-risk", "pk").values_list("uuid", flat=True)[:limit])


def systems() -> Sequence[tuple[str, str]]:
    """Code and name of every source system, for the filter. One query."""
    return list(SourceSystem.objects.values_list("code", "name"))


def _could_not_tell() -> QuerySet[ReviewDecision, ReviewDecision]:
    """Standing "cannot tell" answers on the present version of the task of the outer query."""
    return ReviewDecision.objects.filter(
        potential_match=OuterRef("pk"),
        task_version=OuterRef("version"),
        outcome=Outcome.CANNOT_TELL,
        overturned_at__isnull=True,
    )


def _open_tasks(user_id: str, now: datetime) -> QuerySet[Any, Any]:
    """Open tasks with `open_claim` and `aside` (each at most one row, by constraint), `due_at` and `is_mine`."""
    claimed = Q(claims__ended_at__isnull=True, claims__until__gt=now)
    aside = Q(deferrals__ended_at__isnull=True, deferrals__until__gt=now, deferrals__version=F("version"))
    due = Case(
        *(When(kind=kind, then=F("opened_at") + Value(target)) for kind, target in TARGETS.items()),
        default=F("opened_at"),
        output_field=DateTimeField(),
    )
    return PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN).annotate(
        open_claim=FilteredRelation("claims", condition=claimed),
        aside=FilteredRelation("deferrals", condition=aside),
        due_at=due,
        is_mine=Case(When(open_claim__user_id=user_id, then=Value(True)), default=Value(False)),
        holder_id=F("open_claim__user_id"),
        holder_name=F("open_claim__user_name"),
        holder_until=F("open_claim__until"),
        aside_until=F("aside__until"),
    )


def _wanted(wanted: QueueFilter, *, user_id: str, now: datetime) -> QuerySet[Any, Any]:
    tasks = _open_tasks(user_id, now).filter(aside__isnull=wanted.show != "aside")
    chosen = {"kind": wanted.kind, "grade": wanted.grade}
    tasks = tasks.filter(**{name: value for name, value in chosen.items() if value})
    if wanted.system:
        tasks = tasks.filter(
            Q(record_a__source_system__code=wanted.system) | Q(record_b__source_system__code=wanted.system)
        )
    if wanted.age == "late":
        tasks = tasks.filter(due_at__lt=now)
    if wanted.holder == "mine":
        tasks = tasks.filter(is_mine=True)
    elif wanted.holder == "free":
        tasks = tasks.filter(open_claim__isnull=True)
    return tasks


def _key(after: str) -> tuple[float, int] | None:
    risk, _, pk = after.partition(":")
    try:
        return float(risk), int(pk)
    except ValueError:
        return None


def _row(task: Any, *, user_id: str, now: datetime) -> TaskRow:
    """`task` is a PotentialMatch with the annotations of `_open_tasks`."""
    sources = (task.record_a.source_system.name, task.record_b.source_system.name)
    holder = None
    if task.holder_id:
        holder = Holder(name=task.holder_name, until=task.holder_until, mine=task.holder_id == user_id)
    waited = (now - task.opened_at) / (task.due_at - task.opened_at) if task.due_at > task.opened_at else 0.0
    return TaskRow(
        uuid=task.uuid,
        number=task.pk,
        left=banner(task.golden_a),
        right=banner(task.golden_b),
        kind=task.kind,
        kind_words=KIND_WORDS.get(task.kind, task.kind),
        sources=tuple(dict.fromkeys(sources)),
        probability=task.probability,
        bits=task.bits,
        grade=task.grade,
        why=task.reasons[0]["words"] if task.reasons else "",
        opened_at=task.opened_at,
        due_at=task.due_at,
        late=task.due_at < now,
        soon=task.due_at >= now and waited > _SOON,
        holder=holder,
        undecided=task.undecided or 0,
        aside_until=task.aside_until,
    )
