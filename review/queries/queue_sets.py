"""The open tasks of either kind as querysets, with what the desk knows of each, narrowed by a filter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    FloatField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from mpi.models import (
    IdentityTask,
    PotentialMatch,
    PotentialMatchKind,
    PotentialMatchStatus,
    Proposal,
    ProposalState,
)
from review.models import Outcome, ReviewDecision
from review.queries.blind import read_by
from review.queries.queue_types import TARGETS, TASK_RISK


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What of the queue is wanted; "" is everything.

    age       late | soon (due within a day)
    holder    mine | free
    assigned  me | nobody | the user name of a person
    show      "" (to do) | aside
    """

    kind: str = ""
    system: str = ""
    grade: str = ""
    age: str = ""
    holder: str = ""
    assigned: str = ""
    show: str = ""

    @property
    def parts(self) -> Mapping[str, str]:
        """What is asked for, without empty parts."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in said.items() if value}

    @property
    def query(self) -> str:
        """The filter as a query string."""
        return urlencode(self.parts)


def open_matches(*, user_id: str, now: datetime) -> QuerySet[Any, Any]:
    """Open potential matches, annotated: see `_with_desk`."""
    return _with_desk(PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN), "kind", user_id, now)


def open_tasks(*, user_id: str, now: datetime) -> QuerySet[Any, Any]:
    """Open identity tasks, annotated as potential matches are, with the `risk` of their type."""
    risk = Case(
        *(When(type=kind, then=Value(value)) for kind, value in TASK_RISK.items()),
        default=Value(0.0),
        output_field=FloatField(),
    )
    return _with_desk(IdentityTask.objects.filter(status="open").annotate(risk=risk), "type", user_id, now)


def _with_desk(tasks: QuerySet[Any, Any], kind_field: str, user_id: str, now: datetime) -> QuerySet[Any, Any]:
    """With `open_claim`, `aside` and `assignment` (each at most one row, by constraint), `due_at` and `is_mine`."""
    claimed = Q(claims__ended_at__isnull=True, claims__until__gt=now)
    aside = Q(deferrals__ended_at__isnull=True, deferrals__until__gt=now, deferrals__version=F("version"))
    due = Case(
        *(When(**{kind_field: kind}, then=F("opened_at") + Value(target)) for kind, target in TARGETS.items()),
        default=F("opened_at"),
        output_field=DateTimeField(),
    )
    annotated: QuerySet[Any, Any] = tasks.annotate(
        open_claim=FilteredRelation("claims", condition=claimed),
        aside=FilteredRelation("deferrals", condition=aside),
        assignment=FilteredRelation("assignments", condition=Q(assignments__ended_at__isnull=True)),
        task_kind=F(kind_field),
        due_at=due,
        is_mine=Case(When(open_claim__user_id=user_id, then=Value(True)), default=Value(False)),
        claim_id=F("open_claim__id"),
        holder_id=F("open_claim__user_id"),
        holder_name=F("open_claim__user_name"),
        holder_until=F("open_claim__until"),
        assignment_id=F("assignment__id"),
        assignee_id=F("assignment__user_id"),
        assignee_name=F("assignment__user_name"),
        aside_until=F("aside__until"),
    )
    return annotated


def tasks_under(uuids: Iterable[UUID], *, user_id: str, now: datetime) -> list[Any]:
    """Tasks of either kind, open or not, with what the desk knows of each. Two queries."""
    found = list(uuids)
    matches = _with_desk(PotentialMatch.objects.filter(uuid__in=found), "kind", user_id, now)
    tasks = _with_desk(IdentityTask.objects.filter(uuid__in=found), "type", user_id, now)
    return [*with_proposer(matches), *with_proposer(tasks)]


def with_proposer(tasks: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """With `proposer_name`: who proposed an answer that waits for a second person, None where nobody did."""
    annotated: QuerySet[Any, Any] = tasks.annotate(
        proposer_name=Subquery(_open_proposals(tasks.model).order_by("pk").values("proposer_name")[:1])
    )
    return annotated


def not_proposed(tasks: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Without those that wait for a second person."""
    return tasks.filter(~Exists(_open_proposals(tasks.model)))


def _open_proposals(kind: type[Model]) -> QuerySet[Proposal, Proposal]:
    """Open proposals about the task of the outer query."""
    field = "potential_match" if kind is PotentialMatch else "identity_task"
    return Proposal.objects.filter(**{field: OuterRef("pk")}, state=ProposalState.OPEN)


def narrowed_matches(wanted: QueueFilter, *, user_id: str, now: datetime) -> QuerySet[Any, Any]:
    """Open potential matches that fit a filter; empty without a query where it asks for another type."""
    tasks = open_matches(user_id=user_id, now=now)
    if wanted.kind and wanted.kind not in PotentialMatchKind.values:
        return tasks.none()
    if wanted.grade:
        tasks = tasks.filter(grade=wanted.grade)
    systems = ("record_a__source_system__code", "record_b__source_system__code")
    return _narrowed(tasks, wanted, systems, user_id=user_id, now=now)


def narrowed_tasks(wanted: QueueFilter, *, user_id: str, now: datetime) -> QuerySet[Any, Any]:
    """Open identity tasks that fit a filter; a grade is something that only pairs have."""
    tasks = open_tasks(user_id=user_id, now=now)
    if wanted.kind in PotentialMatchKind.values or wanted.grade:
        return tasks.none()
    systems = ("source_record__source_system__code", "other_record__source_system__code")
    return _narrowed(tasks, wanted, systems, user_id=user_id, now=now)


def _narrowed(
    tasks: QuerySet[Any, Any], wanted: QueueFilter, systems: tuple[str, str], *, user_id: str, now: datetime
) -> QuerySet[Any, Any]:
    tasks = tasks.filter(aside__isnull=wanted.show != "aside")
    if wanted.kind:
        tasks = tasks.filter(task_kind=wanted.kind)
    if wanted.system:
        one, other = systems
        tasks = tasks.filter(Q(**{one: wanted.system}) | Q(**{other: wanted.system}))
    if wanted.age:
        tasks = tasks.filter(due_at__lt=now if wanted.age == "late" else now + timedelta(days=1))
    if wanted.holder:
        tasks = tasks.filter(is_mine=True) if wanted.holder == "mine" else tasks.filter(open_claim__isnull=True)
    if wanted.assigned == "nobody":
        tasks = tasks.filter(assignment__isnull=True)
    elif wanted.assigned:
        tasks = tasks.filter(assignee_id=user_id if wanted.assigned == "me" else wanted.assigned)
    return tasks


def could_not_tell() -> QuerySet[ReviewDecision, ReviewDecision]:
    """Standing "cannot tell" answers on the present version of the potential match of the outer query."""
    return ReviewDecision.objects.filter(
        potential_match=OuterRef("pk"),
        task_version=OuterRef("version"),
        outcome=Outcome.CANNOT_TELL,
        overturned_at__isnull=True,
    )


def not_for(tasks: QuerySet[Any, Any], user_id: str) -> QuerySet[Any, Any]:
    """Potential matches without those that this steward has had their say on and leaves to others.

    They could not tell, or read the task in the blind double review.
    """
    return tasks.filter(~Exists(could_not_tell().filter(user_id=user_id)), ~Exists(read_by(user_id)))
