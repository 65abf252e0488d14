"""What waits at the desk, for the pages of the index: the one number of the navigation, and the dashboard's table."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Min, Q

from mpi.queries.navigation import OpenKind
from review.queries.queue_sets import open_matches, open_tasks
from review.queries.queue_types import KIND_MEANS, KIND_WORDS

_TO_DO = """
SELECT (SELECT count(*) FROM mpi_potential_match WHERE status = 'open')
  + (SELECT count(*) FROM mpi_identity_task WHERE status = 'open')
  - (SELECT count(*) FROM review_deferral d
     LEFT JOIN mpi_potential_match m ON m.id = d.potential_match_id AND m.status = 'open' AND m.version = d.version
     LEFT JOIN mpi_identity_task t ON t.id = d.identity_task_id AND t.status = 'open' AND t.version = d.version
     WHERE d.ended_at IS NULL AND d.until > clock_timestamp() AND (m.id IS NOT NULL OR t.id IS NOT NULL))
"""


def to_do() -> int:
    """What waits and is not set aside: `queue_counts.Counts.open`, cheaply, for every page. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TO_DO)
        (number,) = cursor.fetchone()
    return int(number)


def open_kinds(now: datetime) -> tuple[OpenKind, ...]:
    """The same by type, those of which there is none left out. Two queries."""
    day, days = now - timedelta(days=1), now - timedelta(days=3)
    found = {
        row["task_kind"]: row
        for tasks in (open_tasks(user_id="", now=now), open_matches(user_id="", now=now))
        for row in tasks.filter(aside__isnull=True)
        .order_by()
        .values("task_kind")
        .annotate(
            n=Count("pk"),
            today=Count("pk", filter=Q(opened_at__gt=day)),
            few_days=Count("pk", filter=Q(opened_at__lte=day, opened_at__gt=days)),
            older=Count("pk", filter=Q(opened_at__lte=days)),
            oldest=Min("opened_at"),
        )
    }
    return tuple(
        OpenKind(
            title=words,
            means=KIND_MEANS[kind],
            count=found[kind]["n"],
            today=found[kind]["today"],
            few_days=found[kind]["few_days"],
            older=found[kind]["older"],
            oldest=found[kind]["oldest"],
        )
        for kind, words in KIND_WORDS.items()
        if kind in found
    )
