"""History rows past the ORM, as django-simple-history would write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter
from uuid import UUID

from django.db import models

from mpi.commands import Actor
from mpi.services.rows import Table, table_of, values_of, write_values

_STAMPED = ("history_type", "history_date", "history_user_id", "history_change_reason", "history_correlation_id")


@cache
def _history_table(model: type[models.Model]) -> Table:
    whole = table_of(model.history.model)  # type: ignore[attr-defined]
    kept = [index for index, name in enumerate(whole.attributes) if name != "history_id"]
    return Table(
        name=whole.name,
        columns=tuple(whole.columns[index] for index in kept),
        attributes=tuple(whole.attributes[index] for index in kept),
        types=tuple(whole.types[index] for index in kept),
        json=whole.json,
    )


def write_history(
    rows: Iterable[tuple[models.Model, str]], *, actor: Actor, recorded_at: datetime, correlation_id: UUID
) -> None:
    """A history row for each (instance, "+" or "~"), as django-simple-history would write it."""
    stamped = (recorded_at, actor.id, None, correlation_id)
    by_model: dict[type[models.Model], list[tuple[object, ...]]] = {}
    for row, kind in rows:
        told = (kind, *stamped, *values_of(row))
        by_model.setdefault(type(row), []).append(_arranged(type(row))(told))
    for model, values in by_model.items():
        write_values(_history_table(model), values)


@cache
def _arranged(model: type[models.Model]) -> Callable[[Sequence[object]], tuple[object, ...]]:
    """Brings what `write_history` knows of a row into the order of the columns."""
    told = (*_STAMPED, *table_of(model).attributes)
    return itemgetter(*map(told.index, _history_table(model).attributes))
