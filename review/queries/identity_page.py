"""Everything the page of an identity task shows that is no overlay: a conflict, a large person, numbers of a source.

Queries do not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from uuid import UUID

from django.core import signing

from matching.model import LinkageModel
from matching.score import score
from mpi import codec
from mpi.errors import InvalidInput
from mpi.models import GoldenRecord, IdentityTask, Link, SourceRecord, Subscriber, TaskType
from mpi.queries.evidence import Evidence
from mpi.queries.identity_tasks import SURVIVOR, reasons_of
from mpi.services.active_model import active_model
from review.comparison import Row, rows
from review.models import Deferral, Note
from review.queries.holding import Holding, holding
from review.queries.over_time import over_time, tellings, values_at
from review.queries.people import Member, SideView, side_view
from review.queries.queue import KIND_WORDS, TARGETS
from review.queries.task_answers import Decided, decided
from review.queries.task_evidence import evidence_today

_MOST_COMPARED = 60
"""Members of a large person that are compared each with each: 1,770 pairs, some 20 ms."""
_SALT = "review.identity-task"


@dataclass(frozen=True, slots=True)
class Fit:
    """A member of a large person and how well it fits the one of the others that it fits best."""

    member: Member
    probability: float
    best: str


@dataclass(frozen=True, slots=True)
class IdentityPage:
    """A task. `right` is None where it speaks of one person; `fits` are the members of a large one, the oddest first.

    `token` is what an answer is bound to: the versions of the task and of the persons shown, signed.
    """

    uuid: UUID
    number: int
    type: str
    kind_words: str
    status: str
    opened_at: datetime
    due_at: datetime
    late: bool
    target_days: int
    version: int
    why: tuple[str, ...]
    left: SideView | None
    right: SideView | None
    rows: tuple[Row, ...]
    evidence: Evidence | None
    fits: tuple[Fit, ...]
    told: tuple[str, ...]
    notes: tuple[Note, ...]
    holding: Holding
    aside: Deferral | None
    decided: Decided | None
    token: str
    unmasks: bool = False

    @property
    def open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.status == "open"

    @property
    def records(self) -> int:
        """How many source records all sides have together."""
        return sum(len(side.members) for side in (self.left, self.right) if side)

    @property
    def is_conflict(self) -> bool:
        """Whether two persons are asked about, who can be merged or kept apart."""
        return self.type == TaskType.IDENTIFIER_CONFLICT and self.right is not None


def identity_page(task: IdentityTask, *, user_id: str, now: datetime) -> IdentityPage:
    """The page of a task handed out by the gate. About twenty queries."""
    records = _records(task)
    sides = _sides(task, records)
    left, right = (*sides, None, None)[:2]
    evidence = _evidence(records) if left and right else None
    due = task.opened_at + TARGETS[task.type]
    return IdentityPage(
        uuid=task.uuid,
        number=task.pk,
        type=task.type,
        kind_words=KIND_WORDS[task.type],
        status=task.status,
        opened_at=task.opened_at,
        due_at=due,
        late=task.status == "open" and due < now,
        target_days=TARGETS[task.type].days,
        version=task.version,
        why=tuple(reason["words"] for reason in reasons_of(task, _numbers(records))),
        left=left,
        right=right,
        rows=rows(left.side, right.side, evidence) if left and right and evidence else (),
        evidence=evidence,
        fits=_fits(left, active_model().model) if left and task.type == TaskType.LARGE_PERSON else (),
        told=tuple(Subscriber.objects.filter(active=True).order_by("name").values_list("name", flat=True)),
        notes=tuple(Note.objects.filter(identity_task=task)),
        holding=holding(task, user_id=user_id, now=now),
        aside=set_aside_now(task, now=now),
        decided=None if task.status == "open" else decided(task, user_id=user_id),
        token=bound_to(task, sides),
    )


def set_aside_now(task: IdentityTask, *, now: datetime) -> Deferral | None:
    """Who set the task aside, and until when; None where it is to do. One query."""
    return Deferral.objects.filter(
        identity_task=task, ended_at__isnull=True, until__gt=now, version=task.version
    ).first()


def read_versions(token: str, task: UUID) -> tuple[int, Mapping[str, int]]:
    """Version of the task and of each person shown, by EUID. Raises InvalidInput for a token that is not of it."""
    try:
        told = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise InvalidInput("The form is incomplete: open the task again. Nothing was changed.") from None
    if told["task"] != str(task):
        raise InvalidInput("The form belongs to another task. Nothing was changed.")
    return told["version"], told["persons"]


def bound_to(task: IdentityTask, sides: Sequence[SideView] = ()) -> str:
    """The signed text for the form of a task: what `read_versions` reads."""
    persons = {side.banner.euid: side.version for side in sides}
    return signing.dumps({"task": str(task.uuid), "version": task.version, "persons": persons}, salt=_SALT)


def _numbers(records: Sequence[SourceRecord]) -> dict[str, str]:
    """How their sources call the records, by UUID."""
    return {str(record.uuid): f"{record.source_system.name} {record.mrn}" for record in records}


def _records(task: IdentityTask) -> list[SourceRecord]:
    """The record of the task, and the other one where it names two. One query at most."""
    survivor = next((code.removeprefix(SURVIVOR) for code in task.reasons if code.startswith(SURVIVOR)), None)
    others = SourceRecord.objects.select_related("source_system")
    if task.other_record_id is not None:
        other = others.filter(pk=task.other_record_id).first()
    else:
        other = others.filter(uuid=survivor).first() if survivor else None
    return [task.source_record, *([other] if other else [])]


def _sides(task: IdentityTask, records: Sequence[SourceRecord]) -> list[SideView]:
    """The persons of the records now, each once, in the order of the records; nobody for a record without a link."""
    links = Link.objects.filter(source_record__in=records, ended_at__isnull=True).select_related("golden_record")
    owners: dict[int, GoldenRecord] = {link.source_record_id: link.golden_record for link in links}
    views: dict[int, SideView] = {}
    for record in records:
        golden = owners.get(record.pk)
        if golden is not None and golden.pk not in views:
            views[golden.pk] = side_view(golden, best_record_id=record.pk)
    told = tellings({one.record_id: one.system for view in views.values() for one in view.members})
    then = values_at(list(views), task.opened_at)
    return [over_time(view, told, then.get(pk)) for pk, view in views.items()]


def _evidence(records: Sequence[SourceRecord]) -> Evidence:
    one, other = (codec.standard_record(record) for record in records[:2])
    return evidence_today(one, other, active_model().model)


def _fits(view: SideView, model: LinkageModel) -> tuple[Fit, ...]:
    """Each member with its best partner among the others, the one that fits least first. No query."""
    standards = [codec.standard_record(record) for record in view.records[:_MOST_COMPARED]]
    best = [(0.0, "")] * len(standards)
    for one, other in combinations(range(len(standards)), 2):
        probability = score(standards[one], standards[other], model).probability
        for mine, partner in ((one, other), (other, one)):
            member = view.members[partner]
            best[mine] = max(best[mine], (probability, f"{member.system} {member.mrn}"))
    fits = (Fit(member, *found) for member, found in zip(view.members, best, strict=False))
    return tuple(sorted(fits, key=lambda fit: fit.probability))
