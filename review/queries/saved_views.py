"""A steward's saved views of the queue."""

from __future__ import annotations

from dataclasses import dataclass

from review.models import SavedView


@dataclass(frozen=True, slots=True)
class View:
    """A name for a filter; `current`: it is the one that is on."""

    number: int
    name: str
    query: str
    current: bool


def saved_views(*, user_id: str, query: str) -> tuple[View, ...]:
    """By name. One query."""
    rows = SavedView.objects.filter(user_id=user_id).order_by("name", "pk")
    return tuple(View(row.pk, row.name, row.query, row.query == query) for row in rows)
