"""The figures of the supervisor's page: each one table with, mostly, a plot of it; the CSV is the same table.

The rows hold plain values; the template and the CSV write them, each in its own way.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta

from matching.evaluate import Share
from review.plots import Bars, Columns
from review.plots_whiskers import Whiskers

Interval = tuple[float, float]
Cell = str | int | float | Share | Interval | datetime | timedelta | None
"""A value of a table; None is said as "not known"."""

_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` heads it in the CSV, `label` on the page.

    kind   text | count | number | share | interval | seconds | wait | hour | day | week | moment | task
    """

    name: str
    label: str
    kind: str = "text"

    @property
    def is_number(self) -> bool:
        """Whether it is set to the right."""
        return self.kind in {"count", "number", "share", "interval", "seconds", "wait"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `lead` says how to read it; `empty` what will appear here, and how, while there is nothing."""

    slug: str
    title: str
    lead: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    plot: Bars | Columns | Whiskers | None
    empty: str

    @property
    def is_wide(self) -> bool:
        """Whether it is a table of many columns and nothing else: that takes the whole width."""
        return self.plot is None and len(self.columns) > 4 and bool(self.rows)

    @property
    def cells(self) -> tuple[tuple[tuple[Column, Cell], ...], ...]:
        """Each row as (column, value), for the template."""
        return tuple(tuple(zip(self.columns, row, strict=True)) for row in self.rows)


def csv_text(figure: Figure) -> str:
    """The table as CSV (RFC 4180, UTF-8): times in ISO 8601 UTC, waits in seconds, a share with its parts."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([name for column in figure.columns for name in _names(column)])
    for row in figure.rows:
        cells = zip(figure.columns, row, strict=True)
        writer.writerow([text for column, value in cells for text in _texts(column, value)])
    return out.getvalue()


def _names(column: Column) -> tuple[str, ...]:
    name = column.name
    if column.kind == "share":
        return (name, f"{name}_low", f"{name}_high", f"{name}_count", f"{name}_of")
    return (f"{name}_low", f"{name}_high") if column.kind == "interval" else (name,)


def _texts(column: Column, value: Cell) -> tuple[str, ...]:
    if value is None:
        return ("",) * len(_names(column))
    if isinstance(value, Share):
        low, high = value.interval
        known = (f"{value.value:.6f}", f"{low:.6f}", f"{high:.6f}") if value.of else ("", "", "")
        return (*known, str(value.hits), str(value.of))
    if isinstance(value, tuple):
        return tuple(f"{part:.6f}" for part in value)
    return (_plain(value),)


def _plain(value: str | int | float | datetime | timedelta) -> str:
    """A text that begins like a formula is led by an apostrophe: names go into spreadsheets."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_START) else value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.0f}"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
