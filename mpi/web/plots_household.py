"""Geometry of the plot of a household: one line a person, by year of birth, with the places that each shares.

The template only prints the numbers found here. Units are those of the SVG's view box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpi.queries.household import Household, Resident
from mpi.web import formats

_WIDTH = 680
_NAME_END = 250
_AXIS_START, _AXIS_END = 270, 480
_PLACES_START, _PLACE = 500, 22
_TOP, _LINE = 14, 24
_NAME_LENGTH = 40
"""Letters of a name that fit; the table beside the plot has the whole one."""
_SHORTEST_SPAN = 20
"""Years that the axis spans at least: two years apart must not look like two generations."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place that a person shares: its number in a box."""

    number: int
    x: float


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One person. `x` is None where the birth date is not known; `own`: a subject of the household."""

    name: str
    y: float
    x: float | None
    year: str
    own: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A year of the axis."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class HouseholdPlot:
    """Everything the partial prints. `words` is the text alternative."""

    width: int
    height: float
    name_x: float
    axis_y: float
    axis_start: float
    axis_end: float
    lines: tuple[PersonLine, ...]
    ticks: tuple[Tick, ...]
    words: str


def household_plot(household: Household) -> HouseholdPlot:
    """The subjects and the residents of a household, the eldest first, those of unknown age last."""
    rows = sorted((*household.subjects, *household.residents), key=_eldest_first)
    first, last = _span([year for row in rows if (year := _year(row)) is not None])

    def x_of(year: float) -> float:
        return round(_AXIS_START + (year - first) / (last - first) * (_AXIS_END - _AXIS_START), 1)

    lines = []
    for place, row in enumerate(rows):
        year = _year(row)
        lines.append(
            PersonLine(
                name=_short(row),
                y=_TOP + place * _LINE,
                x=None if year is None else x_of(year),
                year="not known" if year is None else str(year),
                own=row.is_subject,
                marks=tuple(Mark(one.number, _PLACES_START + _PLACE * (one.number - 1)) for one in row.places),
            )
        )
    return HouseholdPlot(
        width=_WIDTH,
        height=_TOP + len(rows) * _LINE + 22,
        name_x=_NAME_END,
        axis_y=_TOP + len(rows) * _LINE - 6,
        axis_start=_AXIS_START,
        axis_end=_AXIS_END,
        lines=tuple(lines),
        ticks=tuple(Tick(x_of(year), str(year)) for year in _ticks(first, last)),
        words="; ".join(_words(line) for line in lines),
    )


def _eldest_first(row: Resident) -> tuple[int, str]:
    born = row.banner.birth_date
    return (0, born) if born else (1, "")


def _year(row: Resident) -> int | None:
    born = formats.parse_day(row.banner.birth_date)
    return born.year if born else None


def _span(years: Sequence[int]) -> tuple[int, int]:
    first, last = (min(years), max(years)) if years else (1980, 1980)
    missing = max(0, _SHORTEST_SPAN - (last - first))
    return first - missing // 2 - 2, last + missing - missing // 2 + 2


def _ticks(first: int, last: int) -> range:
    """Round years within the axis, six at most."""
    step = next(step for step in (5, 10, 20, 50, 100) if (last - first) / step <= 6)
    return range(-(-first // step) * step, last + 1, step)


def _short(row: Resident) -> str:
    name = formats.person_name(row.banner.name) or "name not known"
    told = f"{row.label}  {name}" if row.label else name
    return told if len(told) <= _NAME_LENGTH else f"{told[: _NAME_LENGTH - 1]}…"


def _words(line: PersonLine) -> str:
    places = ", ".join(str(mark.number) for mark in line.marks)
    return f"{line.name}, born {line.year}, {'whose household it is, ' if line.own else ''}at {places or 'no place'}"
