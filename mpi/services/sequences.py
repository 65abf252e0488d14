"""Fresh primary keys from the models' own sequences, before the rows that will have them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models

from mpi.services.rows import fetch

_RESERVE = (
    "SELECT place, nextval(name::regclass) FROM unnest(%s::text[], %s::int[]) WITH ORDINALITY AS w(name, n, place), "
    "generate_series(1, n)"
)


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """`count` fresh primary keys from the model's own sequence."""
    return reserve_many({model: count})[model] if count else []


def reserve_many(wanted: Mapping[type[models.Model], int]) -> dict[type[models.Model], list[int]]:
    """Fresh primary keys, ascending, for several models in one round trip."""
    models_ = list(wanted)
    found: dict[type[models.Model], list[int]] = {model: [] for model in models_}
    for place, value in fetch(_RESERVE, [_sequence(model) for model in models_], list(wanted.values())):
        found[models_[place - 1]].append(value)
    return found


def _sequence(model: type[models.Model]) -> str:
    return f"{model._meta.db_table}_{model._meta.pk.column}_seq"
