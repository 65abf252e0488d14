"""Fresh primary keys from the models' own sequences, before the rows that will have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import models

from mpi.database.straight import Told
from mpi.errors import Busy
from mpi.services.rows import fetch, fetch_all

_RESERVE = (
    "SELECT place, nextval(name::regclass) FROM unnest(%s::text[], %s::int[]) WITH ORDINALITY AS w(name, n, place), "
    "generate_series(1, n)"
)

_ENDS = (
    "SELECT min(value), max(value) FROM (SELECT nextval(%s::regclass) AS value FROM generate_series(1, %s)) AS taken"
)
_TRIES = 3


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """`count` fresh primary keys from the model's own sequence."""
    return reserve_many({model: count})[model] if count else []


def reserve_many(wanted: Mapping[type[models.Model], int]) -> dict[type[models.Model], list[int]]:
    """Fresh primary keys, ascending, for several models in one round trip."""
    return reserved(wanted, fetch_all(asked_ids(wanted))[0])


def asked_ids(wanted: Mapping[type[models.Model], int]) -> Told:
    """What `reserve_many` asks, for a round trip that asks more; `reserved` reads the answer."""
    return _RESERVE, ([_sequence(model) for model in wanted], list(wanted.values()))


def reserved(
    wanted: Mapping[type[models.Model], int], rows: Iterable[tuple[int, int]]
) -> dict[type[models.Model], list[int]]:
    """The keys that an answer to `asked_ids` holds."""
    models_ = list(wanted)
    found: dict[type[models.Model], list[int]] = {model: [] for model in models_}
    for place, value in rows:
        found[models_[place - 1]].append(value)
    return found


def reserve_row(model: type[models.Model], count: int) -> int:
    """The first of `count` fresh keys (one at least) without a gap. Raises Busy while others take keys as well."""
    wanted = max(count, 1)
    for _ in range(_TRIES):
        ((first, last),) = fetch(_ENDS, _sequence(model), wanted)
        if last - first == wanted - 1:
            return int(first)
    raise Busy("The index is in use; nothing was changed. Stop its workers and load again.")


def _sequence(model: type[models.Model]) -> str:
    return f"{model._meta.db_table}_{model._meta.pk.column}_seq"
