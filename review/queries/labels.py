"""Answers as labels: an answer whose identity event was undone through any door does not stand."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from mpi.models import IdentityEvent
from review.models import ReviewDecision


def answers() -> QuerySet[Any, Any]:
    """Every answer, with `undone_at` (None while it stands) and `undone_by` (a name, "" for nobody or not known).

    The desk marks what it undoes itself; an event undone on the history page or by a program is found here.
    """
    undoing = IdentityEvent.objects.filter(undoes__uuid=OuterRef("event_uuid"))
    return ReviewDecision.objects.annotate(
        undone_at=Coalesce("overturned_at", Subquery(undoing.values("recorded_at")[:1])),
        undone_by=Coalesce(
            NullIf("overturned_by", Value("")),
            Subquery(undoing.values("actor_name")[:1]),
            Value(""),
            output_field=CharField(),
        ),
    )
