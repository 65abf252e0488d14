"""How far reviewers agree where two of them answered one task without seeing each other's answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from matching.evaluate import Share
from review.kappa import Agreement, agreement
from review.models import BlindAnswer, Outcome
from review.queries.metrics import Period

SHOWN = 20
"""Disagreements listed, the newest first."""

_TABLE = BlindAnswer._meta.db_table
_PAIRS = f"""
SELECT a.user_id, a.user_name, b.user_id, b.user_name, a.outcome, b.outcome, c.outcome, count(*)
FROM {_TABLE} a
JOIN {_TABLE} b ON b.potential_match_id = a.potential_match_id AND b.basis_hash = a.basis_hash
  AND b.round = 2 AND b.overturned_at IS NULL
LEFT JOIN {_TABLE} c ON c.potential_match_id = a.potential_match_id AND c.basis_hash = a.basis_hash
  AND c.round = 3 AND c.overturned_at IS NULL
WHERE a.round = 1 AND a.overturned_at IS NULL AND b.decided_at >= %s
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608  # the name of our own table


@dataclass(frozen=True, slots=True)
class ReviewerAgreement:
    """One reviewer against whoever else answered the same tasks.

    upheld   of the disagreements that a third person settled, those settled as this reviewer had answered
    """

    name: str
    agreement: Agreement
    upheld: Share


@dataclass(frozen=True, slots=True)
class Answered:
    """How often the first reader answered one thing and the second another."""

    first: Outcome
    second: Outcome
    tasks: int


@dataclass(frozen=True, slots=True)
class AgreementFigures:
    """All pairs together, each reviewer (the least agreeing first), and the table of answers."""

    overall: Agreement
    reviewers: tuple[ReviewerAgreement, ...]
    answers: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One task that two people answered differently; `third` is None while nobody has settled it."""

    task: UUID
    decided_at: datetime
    first_name: str
    first: Outcome
    second_name: str
    second: Outcome
    third_name: str
    third: Outcome | None


@dataclass(frozen=True, slots=True)
class _Pair:
    """Tasks alike: who answered first and second, what, and what a third said ("" for nobody)."""

    users: tuple[str, str]
    answers: tuple[str, str]
    third: str
    tasks: int


def agreement_figures(period: Period) -> AgreementFigures:
    """Of the tasks whose second answer was given in the period. One query."""
    names: dict[str, str] = {}
    pairs = []
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, [period.since])
        for first, first_name, second, second_name, one, other, third, tasks in cursor.fetchall():
            names |= {first: first_name, second: second_name}
            pairs.append(_Pair((first, second), (one, other), third or "", tasks))
    return AgreementFigures(
        overall=agreement(_table(pair for pair in pairs)),
        reviewers=tuple(sorted((_of_reviewer(user, name, pairs) for user, name in names.items()), key=_least_agreeing)),
        answers=tuple(
            Answered(Outcome(first), Outcome(second), tasks)
            for (first, second), tasks in sorted(_table(pairs).items(), key=lambda one: (-one[1], one[0]))
        ),
    )


def disagreements(period: Period) -> tuple[Disagreement, ...]:
    """The newest of the period. One query."""
    first, third = _same_task(1), _same_task(3)
    found = (
        BlindAnswer.objects.filter(round=2, overturned_at__isnull=True, decided_at__gte=period.since)
        .annotate(
            first_name=Subquery(first.values("user_name")[:1]),
            first_outcome=Subquery(first.values("outcome")[:1]),
            third_name=Subquery(third.values("user_name")[:1]),
            third_outcome=Subquery(third.values("outcome")[:1]),
        )
        .filter(~Q(first_outcome=F("outcome")))
        .order_by("-decided_at", "-pk")
        .select_related("potential_match")
    )
    return tuple(
        Disagreement(
            task=row.potential_match.uuid,
            decided_at=row.decided_at,
            first_name=row.first_name,
            first=Outcome(row.first_outcome),
            second_name=row.user_name,
            second=Outcome(row.outcome),
            third_name=row.third_name or "",
            third=Outcome(row.third_outcome) if row.third_outcome else None,
        )
        for row in found[:SHOWN]
    )


def _same_task(number: int) -> QuerySet[BlindAnswer, BlindAnswer]:
    """The standing answer of another round to the task of the outer query, bound to the same evidence."""
    return BlindAnswer.objects.filter(
        potential_match=OuterRef("potential_match"),
        basis_hash=OuterRef("basis_hash"),
        round=number,
        overturned_at__isnull=True,
    )


def _table(pairs: Iterable[_Pair]) -> Mapping[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = defaultdict(int)
    for pair in pairs:
        found[pair.answers] += pair.tasks
    return found


def _of_reviewer(user: str, name: str, pairs: Iterable[_Pair]) -> ReviewerAgreement:
    """Their own answers against the others', whichever of the two came first."""
    own: dict[tuple[str, str], int] = defaultdict(int)
    upheld = settled = 0
    for pair in pairs:
        if user not in pair.users:
            continue
        one, other = pair.answers if pair.users[0] == user else pair.answers[::-1]
        own[one, other] += pair.tasks
        if one != other and pair.third:
            settled += pair.tasks
            upheld += pair.tasks if pair.third == one else 0
    return ReviewerAgreement(name, agreement(own), Share(upheld, settled))


def _least_agreeing(one: ReviewerAgreement) -> tuple[float, str]:
    kappa = one.agreement.kappa
    return (1.0 if kappa is None else kappa, one.name)
