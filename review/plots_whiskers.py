"""Points with whiskers on a horizontal axis: a value, its interval, and what the axis means. As `plots`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from review.plots import BAR_END, FOOT, HEAD, LABEL_END, ROW, WIDTH, Legend, Tick, short

_AXIS_ROOM = 12
_EDGE = 30
_LEFT, _RIGHT = LABEL_END + 10, BAR_END - _EDGE


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its interval; hollow where it rests on few. `figure` stands at the right edge."""

    label: str
    figure: str
    y: float
    x: float
    x_low: float
    x_high: float
    hollow: bool
    words: str


@dataclass(frozen=True, slots=True)
class Whiskers:
    """Points with whiskers on one horizontal axis; `marks` are lines that mean something, with their words."""

    height: float
    points: tuple[Point, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Tick, ...]
    axis: str
    legend: tuple[Legend, ...]
    words: str
    shape: str = "whiskers"
    width: int = WIDTH
    label_x: int = LABEL_END
    left: int = _LEFT
    right: int = _RIGHT
    foot: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What a row of whiskers is made of; `low` and `high` are None where the interval is not known."""

    label: str
    value: float
    low: float | None
    high: float | None
    figure: str
    hollow: bool = False


def whiskers(
    rows: Sequence[Measured],
    *,
    low: float,
    high: float,
    write: Callable[[float], str],
    axis: str,
    step: float,
    marks: Sequence[tuple[float, str]] = (),
    legend: Sequence[tuple[str, str]] = (),
) -> Whiskers:
    """Values on an axis from `low` to `high` with a tick every `step`; what lies beyond is held at the edge."""

    def x_of(value: float) -> float:
        held = min(max(value, low), high)
        return round(_LEFT + (held - low) / ((high - low) or 1) * (_RIGHT - _LEFT), 1)

    def point(place: int, row: Measured) -> Point:
        at = row.value
        return Point(
            label=short(row.label),
            figure=row.figure,
            y=HEAD + _AXIS_ROOM + place * ROW + ROW / 2,
            x=x_of(at),
            x_low=x_of(at if row.low is None else row.low),
            x_high=x_of(at if row.high is None else row.high),
            hollow=row.hollow,
            words=f"{row.label} {row.figure}",
        )

    foot = HEAD + _AXIS_ROOM + len(rows) * ROW + 4
    values = [low + step * place for place in range(round((high - low) / step) + 1)]
    return Whiskers(
        height=foot + FOOT + 10,
        foot=foot,
        points=tuple(point(place, row) for place, row in enumerate(rows)),
        ticks=tuple(Tick(x_of(value), write(value)) for value in values),
        marks=tuple(Tick(x_of(value), word) for value, word in marks),
        axis=axis,
        legend=tuple(Legend(kind, word) for kind, word in legend),
        words="; ".join(f"{row.label} {row.figure}" for row in rows) or "nothing to show",
    )


def round_up(most: float) -> tuple[float, float]:
    """The same for measures: (top, step)."""
    size = 10.0 ** math.floor(math.log10(most / 4)) if most > 0 else 0.25
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor * 4 >= most * 0.999)
    return math.ceil(most / step - 1e-9) * step or step, step
