"""Everything the page of one task shows. The number of queries does not depend on the number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mpi.models import (
    IdentityEvent,
    LinkageModelVersion,
    PotentialMatch,
    PotentialMatchStatus,
    SourceRecord,
    Subscriber,
)
from mpi.queries.evidence import Evidence
from mpi.queries.household import Household, Subject, household
from mpi.queries.potential_matches import OpenMatch, open_matches
from mpi.queries.relationships import kinship_words
from mpi.queries.timeline import event_words
from review.basis import basis_of
from review.comparison import Row, rows
from review.models import Deferral, Note, Outcome
from review.queries.holding import Holding, holding
from review.queries.labels import answers
from review.queries.over_time import over_time, tellings, values_at
from review.queries.people import SideView, side_view
from review.queries.queue import KIND_WORDS, TARGETS, Holder
from review.queries.task_evidence import evidence_then_and_now, why

_EVENTS_SHOWN = 12
_RECORDS_OF_A_SIDE = 12
"""Source records of a side whose addresses and telephones are looked at for its household."""


@dataclass(frozen=True, slots=True)
class EventLine:
    """One act in the history of either side; `sides` says of which: A, B or both."""

    words: str
    sides: str
    actor_name: str
    by_human: bool
    recorded_at: datetime
    reason: str
    undone: bool


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answer that was given to this task. `undoable`: it stands, or it set the open task aside."""

    uuid: UUID
    outcome: str
    words: str
    user_id: str
    user_name: str
    mine: bool
    decided_at: datetime
    comment: str
    overturned_at: datetime | None
    standing: bool
    undoable: bool


@dataclass(frozen=True, slots=True)
class ClosedBy:
    """The identity event that closed a task through another door than this desk."""

    event_uuid: UUID
    words: str
    actor_name: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A task.

    `evidence` is as stored when the task opened, `now` the same pair today where records changed since; `kin` is what
    recorded relationships say of the two.
    """

    uuid: UUID
    number: int
    open: bool
    kind: str
    kind_words: str
    opened_at: datetime
    due_at: datetime
    late: bool
    target_days: int
    why: str
    left: SideView
    right: SideView
    evidence: Evidence
    now: Evidence | None
    changed: tuple[str, ...]
    rows: tuple[Row, ...]
    household: Household
    kin: tuple[str, ...]
    others: tuple[OpenMatch, ...]
    history: tuple[EventLine, ...]
    notes: tuple[Note, ...]
    answers: tuple[AnswerLine, ...]
    holding: Holding
    aside_until: datetime | None
    told: tuple[str, ...]
    token: str
    digest: str
    closed_by: ClosedBy | None
    model_version: str
    unmasks: bool = True

    @property
    def numbers(self) -> dict[int, tuple[str, ...]]:
        """Source and MRN of each member, by the key of its golden record."""
        return {
            view.golden_id: tuple(f"{member.system} {member.mrn}" for member in view.members)
            for view in (self.left, self.right)
        }

    @property
    def holder(self) -> Holder | None:
        """Who holds it now."""
        return self.holding.holder

    @property
    def standing(self) -> AnswerLine | None:
        """The answer that decided the task, if one stands."""
        return next((line for line in self.answers if line.standing), None)


def task_page(match: PotentialMatch, *, user_id: str, now: datetime, reasons: Mapping[str, str]) -> TaskPage:
    """The page of a task loaded by the gate. `reasons` gives words for reason codes."""
    match.model_version = LinkageModelVersion.objects.defer("document").get(pk=match.model_version_id)
    before = None if match.status == PotentialMatchStatus.OPEN else match.closed_at
    left, right = _sides(match, before)
    evidence, today, changed = evidence_then_and_now(match)
    target, basis = TARGETS[match.kind], basis_of(match)
    return TaskPage(
        uuid=match.uuid,
        number=match.pk,
        open=match.status == PotentialMatchStatus.OPEN,
        kind=match.kind,
        kind_words=KIND_WORDS[match.kind],
        opened_at=match.opened_at,
        due_at=match.opened_at + target,
        late=match.status == PotentialMatchStatus.OPEN and match.opened_at + target < now,
        target_days=target.days,
        why=why(match, evidence),
        left=left,
        right=right,
        evidence=evidence,
        now=today,
        changed=changed,
        rows=rows(left.side, right.side, evidence, today),
        household=_household(match, left, right),
        kin=kinship_words(match.golden_a_id, match.golden_b_id),
        others=_others(match),
        history=_history(match, reasons),
        notes=tuple(Note.objects.filter(potential_match=match)),
        answers=_answers(match, user_id=user_id, reasons=reasons),
        holding=holding(match, user_id=user_id, now=now),
        aside_until=_aside_until(match, now=now),
        told=tuple(Subscriber.objects.filter(active=True).order_by("name").values_list("name", flat=True)),
        token=basis.token(shown_at=now),
        digest=basis.digest(),
        closed_by=_closed_by(match),
        model_version=match.model_version.name,
    )


def _sides(match: PotentialMatch, before: datetime | None) -> tuple[SideView, SideView]:
    """Both sides with the dates of their values. Four queries, two more for the past."""
    left = side_view(match.golden_a, best_record_id=match.record_a_id, before=before)
    right = side_view(match.golden_b, best_record_id=match.record_b_id, before=before)
    sources = {member.record_id: member.system for member in (*left.members, *right.members)}
    told = tellings(sources, before=before)
    then = values_at([match.golden_a_id, match.golden_b_id], match.opened_at)
    return (
        over_time(left, told, then.get(match.golden_a_id)),
        over_time(right, told, then.get(match.golden_b_id)),
    )


def _household(match: PotentialMatch, left: SideView, right: SideView) -> Household:
    """Who else is known where either side lives or can be reached."""
    sides = ((match.golden_a, left, "A"), (match.golden_b, right, "B"))
    subjects = [Subject(golden, view.records[:_RECORDS_OF_A_SIDE], label) for golden, view, label in sides]
    return household(*subjects, besides=[match.golden_a_id, match.golden_b_id])


def _others(match: PotentialMatch) -> tuple[OpenMatch, ...]:
    """Other open questions about either side. Two queries."""
    both = [*open_matches(match.golden_a), *open_matches(match.golden_b)]
    return tuple({other.uuid: other for other in both if other.uuid != match.uuid}.values())


def _closed_by(match: PotentialMatch) -> ClosedBy | None:
    event = match.resolved_by_event
    return ClosedBy(event.uuid, event_words(event.kind), event.actor_name, event.recorded_at) if event else None


def _history(match: PotentialMatch, reasons: Mapping[str, str]) -> tuple[EventLine, ...]:
    sides = {"A": match.golden_a_id, "B": match.golden_b_id}
    acts = IdentityEvent.objects.filter(golden_record_ids__overlap=list(sides.values()))
    return tuple(
        EventLine(
            words=event_words(act.kind),
            sides=" and ".join(letter for letter, pk in sides.items() if pk in act.golden_record_ids),
            actor_name=act.actor_name,
            by_human=act.actor_kind != "system",
            recorded_at=act.recorded_at,
            reason=": ".join(part for part in (reasons.get(act.reason_code, ""), act.reason) if part),
            undone=bool(act.undone_by.all()),
        )
        for act in acts.prefetch_related("undone_by").order_by("-pk")[:_EVENTS_SHOWN]
    )


def _answers(match: PotentialMatch, *, user_id: str, reasons: Mapping[str, str]) -> tuple[AnswerLine, ...]:
    found = answers().filter(potential_match=match).order_by("-pk")
    closed = match.status != PotentialMatchStatus.OPEN
    return tuple(
        AnswerLine(
            uuid=row.uuid,
            outcome=row.outcome,
            words=Outcome(row.outcome).label,
            user_id=row.user_id,
            user_name=row.user_name,
            mine=row.user_id == user_id,
            decided_at=row.decided_at,
            comment=": ".join(part for part in (reasons.get(row.reason_code, ""), row.comment) if part),
            overturned_at=row.undone_at,
            standing=closed and row.event_uuid is not None and row.undone_at is None,
            undoable=row.undone_at is None and closed == (row.event_uuid is not None),
        )
        for row in found
    )


def _aside_until(match: PotentialMatch, *, now: datetime) -> datetime | None:
    aside = Deferral.objects.filter(potential_match=match, ended_at__isnull=True, until__gt=now, version=match.version)
    return aside.values_list("until", flat=True).first()


def record_names(ids: Sequence[int]) -> Mapping[int, str]:
    """System and MRN of source records, for telling which changed. One query."""
    found = SourceRecord.objects.filter(pk__in=ids).values_list("pk", "source_system__name", "mrn")
    return {pk: f"{system} {mrn}" for pk, system, mrn in found}
