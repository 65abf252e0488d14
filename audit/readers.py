"""Who looked at a subject: every reader once, with how often, when and by which acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Min

from audit.actions import Category, words_of
from audit.queries import AuditFilter, matching


@dataclass(frozen=True, slots=True)
class Reader:
    """One user, client or part of the index that read the subject; `acts` says in words what it opened."""

    actor_kind: str
    actor_id: str
    actor_name: str
    times: int
    first_at: datetime
    last_at: datetime
    acts: tuple[str, ...]


def reading(subjects: tuple[tuple[str, str], ...]) -> AuditFilter:
    """All that was read of a subject, under every id that it ever had."""
    return AuditFilter(subjects=subjects, category=Category.READ)


def readers(subjects: tuple[tuple[str, str], ...], *, most: int = 100) -> tuple[Reader, ...]:
    """Who read the subject, the latest first; what was refused is no read. One query, through the index of subjects."""
    found = (
        matching(reading(subjects))
        .filter(outcome="success")
        .values("actor_kind", "actor_id")
        .annotate(
            name=Max("actor_name"),
            times=Count("pk"),
            first_at=Min("recorded_at"),
            last_at=Max("recorded_at"),
            actions=ArrayAgg("action", distinct=True),
        )
        .order_by("-last_at")
    )
    return tuple(
        Reader(
            actor_kind=row["actor_kind"],
            actor_id=row["actor_id"],
            actor_name=row["name"],
            times=row["times"],
            first_at=row["first_at"],
            last_at=row["last_at"],
            acts=tuple(words_of(action) for action in row["actions"]),
        )
        for row in found[:most]
    )
