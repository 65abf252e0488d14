"""Keyset pages: a page begins after the last key of the page before, so that depth costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows newest first. `older` is the key to ask for the next page, None at the end; `newer`: not the first page."""

    rows: tuple[Row, ...]
    older: int | None
    newer: bool


def newest_first(rows: QuerySet[ModelRow, ModelRow], *, before: int | None, size: int) -> Page[ModelRow]:
    """A page by descending primary key. One query; it asks for one row too many to know whether there are more."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found: list[Any] = list(rows.order_by("-pk")[: size + 1])
    more = len(found) > size
    return Page(tuple(found[:size]), older=found[size - 1].pk if more else None, newer=before is not None)
