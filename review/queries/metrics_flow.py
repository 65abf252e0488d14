"""What was done in a period: answers over time and by reviewer, how long tasks waited, what was taken back.

Answers to potential matches are rows of the desk; those to suspected overlays are acts on identity of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.expressions import CombinedExpression

from matching.evaluate import Share
from mpi.models import (
    EventKind,
    IdentityEvent,
    IdentityTask,
    PotentialMatch,
    PotentialMatchKind,
    PotentialMatchStatus,
    TaskType,
)
from review.models import FINAL_OUTCOMES, BlindAnswer, Claim, Outcome, ReviewDecision
from review.queries.labels import answers
from review.queries.metrics import Percentile, Period
from review.queries.queue_types import KIND_WORDS, TARGETS

OVERLAY_ANSWERS = (EventKind.OVERLAY_ACCEPT, EventKind.OVERLAY_REJECT, EventKind.OVERLAY_SPLIT)
_HALF, _MOST = 0.5, 0.9
_CODES = {"kind": PotentialMatchKind.values, "type": TaskType.values}
_WAITED = ExpressionWrapper(F("closed_at") - F("opened_at"), output_field=DurationField())


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """Answers given in one step of the period, by outcome.

    left_open   what could not be told or was put off
    reading     of the blind sample, those that decided nothing yet
    overlay     answers to suspected overlays
    """

    at: datetime
    same: int
    different: int
    left_open: int
    reading: int
    overlay: int

    @property
    def all(self) -> int:
        """All of them."""
        return self.same + self.different + self.left_open + self.reading + self.overlay


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One reviewer's answers, readings of the blind sample among them; each counts once, also one that decided.

    Seconds run from showing the page to the answer, of potential matches only.

    active_hours   hours of the clock in which at least one answer was given: what "an hour" is counted by
    overturned     final answers taken back later, by anybody, of all final answers given in the period
    """

    user_id: str
    name: str
    answers: int
    active_hours: int
    seconds_low: float
    seconds_half: float
    seconds_most: float
    overturned: Share

    @property
    def an_hour(self) -> float:
        """Answers in an hour in which they worked."""
        return self.answers / self.active_hours if self.active_hours else 0.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long tasks of one type waited: from opening to the first claim, and to the answer of a person."""

    code: str
    words: str
    target: timedelta
    claimed: int
    claim_half: timedelta | None
    claim_most: timedelta | None
    answered: int
    answer_half: timedelta | None
    answer_most: timedelta | None
    in_time: Share


def answers_over_time(period: Period) -> tuple[AnswerStep, ...]:
    """Three queries."""
    start = period.steps[0]
    rows = ReviewDecision.objects.filter(decided_at__gte=start).order_by().annotate(at=period.truncated("decided_at"))
    given: dict[tuple[datetime, str], int] = {
        (at, outcome): number for at, outcome, number in rows.values_list("at", "outcome").annotate(Count("pk"))
    }
    overlays = _overlay_answers(start).annotate(at=period.truncated("recorded_at"))
    overlay = dict(overlays.values_list("at").annotate(Count("pk")))
    decided = ReviewDecision.objects.filter(
        potential_match=OuterRef("potential_match"), user_id=OuterRef("user_id"), decided_at=OuterRef("decided_at")
    )
    kept = BlindAnswer.objects.filter(~Exists(decided), decided_at__gte=start).order_by()
    readings = dict(kept.annotate(at=period.truncated("decided_at")).values_list("at").annotate(Count("pk")))
    open_outcomes = [outcome for outcome in Outcome if outcome not in FINAL_OUTCOMES]
    return tuple(
        AnswerStep(
            at=at,
            same=given.get((at, Outcome.SAME), 0),
            different=given.get((at, Outcome.DIFFERENT), 0),
            left_open=sum(given.get((at, outcome), 0) for outcome in open_outcomes),
            reading=readings.get(at, 0),
            overlay=overlay.get(at, 0),
        )
        for at in period.steps
    )


_WORK = f"""
WITH given AS (
  SELECT potential_match_id, user_id, user_name, decided_at, seconds FROM {ReviewDecision._meta.db_table}
  WHERE decided_at >= %(since)s
  UNION
  SELECT potential_match_id, user_id, user_name, decided_at, seconds FROM {BlindAnswer._meta.db_table}
  WHERE decided_at >= %(since)s
)
SELECT user_id, user_name, count(*), count(DISTINCT date_trunc('hour', decided_at)),
  percentile_cont(ARRAY[0.25, 0.5, 0.9]) WITHIN GROUP (ORDER BY seconds)
FROM given GROUP BY user_id, user_name ORDER BY 3 DESC, 2, 1
"""  # noqa: S608  # names of our own tables


def reviewers(period: Period) -> tuple[Reviewer, ...]:
    """Everybody who answered, who answered most first; a reading of the blind sample is an answer. Two queries."""
    final = answers().filter(decided_at__gte=period.since, outcome__in=FINAL_OUTCOMES).order_by()
    counted = final.values_list("user_id").annotate(
        number=Count("pk"), taken_back=Count("pk", filter=Q(undone_at__isnull=False))
    )
    finals = {user: Share(taken_back, number) for user, number, taken_back in counted}
    with connection.cursor() as cursor:
        cursor.execute(_WORK, {"since": period.since})
        found = cursor.fetchall()
    return tuple(
        Reviewer(
            user_id=user,
            name=name,
            answers=number,
            active_hours=hours,
            seconds_low=low,
            seconds_half=half,
            seconds_most=most,
            overturned=finals.get(user, Share(0, 0)),
        )
        for user, name, number, hours, (low, half, most) in found
    )


def waiting(period: Period) -> tuple[Waiting, ...]:
    """Every type of which something was claimed or answered. Four queries."""
    claimed = {**_claimed("potential_match", "kind", period), **_claimed("identity_task", "type", period)}
    by_people = Q(status__in=(PotentialMatchStatus.SAME, PotentialMatchStatus.DIFFERENT))
    answered = {
        **_answered(PotentialMatch, "kind", by_people, period),
        **_answered(IdentityTask, "type", ~Q(status__in=("open", "closed")), period),
    }
    nothing: Mapping[str, Any] = {"number": 0, "half": None, "most": None, "in_time": 0}
    rows = []
    for code in dict.fromkeys((*claimed, *answered)):
        taken, done = claimed.get(code, nothing), answered.get(code, nothing)
        rows.append(
            Waiting(
                code=code,
                words=KIND_WORDS[code],
                target=TARGETS[code],
                claimed=taken["number"],
                claim_half=taken["half"],
                claim_most=taken["most"],
                answered=done["number"],
                answer_half=done["half"],
                answer_most=done["most"],
                in_time=Share(done["in_time"], done["number"]),
            )
        )
    return tuple(sorted(rows, key=lambda row: row.words))


def _overlay_answers(start: datetime) -> QuerySet[IdentityEvent, IdentityEvent]:
    return IdentityEvent.objects.filter(actor_kind="user", kind__in=OVERLAY_ANSWERS, recorded_at__gte=start).order_by()


def _claimed(task: str, kind: str, period: Period) -> Mapping[str, Mapping[str, Any]]:
    """Of the tasks first claimed in the period, by type: how many, and how long they had waited."""
    earlier = Claim.objects.filter(**{task: OuterRef(task)}, taken_at__lt=OuterRef("taken_at"))
    waited = ExpressionWrapper(F("taken_at") - F(f"{task}__opened_at"), output_field=DurationField())
    firsts = Claim.objects.filter(**{f"{task}__isnull": False}, taken_at__gte=period.since).filter(~Exists(earlier))
    return _by_type(firsts, f"{task}__{kind}", waited)


def _answered(model: type[Model], kind: str, by_people: Q, period: Period) -> Mapping[str, Mapping[str, Any]]:
    """Of the tasks that people closed in the period, by type: how many, how long they took, how many were in time."""
    in_time = Q(pk__in=[])
    for code in _CODES[kind]:
        in_time |= Q(**{kind: code, "waited__lte": TARGETS[code]})
    closed = model._default_manager.filter(by_people, closed_at__gte=period.since)
    return _by_type(closed, kind, _WAITED, in_time=in_time)


def _by_type(
    rows: QuerySet[Any, Any], kind: str, waited: ExpressionWrapper[CombinedExpression], *, in_time: Q | None = None
) -> Mapping[str, Mapping[str, Any]]:
    durations = DurationField()
    found = (
        rows.order_by()
        .annotate(waited=waited)
        .values(kind)
        .annotate(
            number=Count("pk"),
            half=Percentile("waited", at=_HALF, output_field=durations),
            most=Percentile("waited", at=_MOST, output_field=durations),
            in_time=Count("pk", filter=in_time if in_time is not None else Q(pk__in=[])),
        )
    )
    return {row[kind]: row for row in found}
