"""Geometry of the desk's plots of counts: stacked bars, columns over time. Templates only print it.

Units are those of the SVG's view box. Each plot has `words`, its text alternative; a table of the same figures stands
behind each, so nothing is told by a plot alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH = 720
LABEL_END = 190
BAR_END = 640
ROW = 30
_BAR = 16
HEAD = 6
FOOT = 26
_DIGIT = 8
_LABEL_LENGTH = 27


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of an axis at `at` (x or y), and its word."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a bar or column. `label` is printed inside, "" where it would not fit. `kind` is its fill."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One horizontal bar with its label to the left and its figure to the right; `y` is the middle."""

    label: str
    figure: str
    y: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Legend:
    """What a fill means."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Stacked horizontal bars."""

    height: float
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    legend: tuple[Legend, ...]
    words: str
    shape: str = "bars"
    width: int = WIDTH
    label_x: int = LABEL_END
    foot: float = 0.0


Series = Sequence[tuple[str, str]]
"""(kind, word) of each part of a bar or column, in the order in which they are stacked."""


def bars(rows: Sequence[tuple[str, Sequence[int], str]], series: Series) -> Bars:
    """`rows` are (label, count of each series, figure at the right)."""
    most = max((sum(counts) for _, counts, _ in rows), default=0)
    top, ticks = _scale(most)

    def long(count: float) -> float:
        return round(count / top * (BAR_END - LABEL_END - 10), 1)

    def row(place: int, label: str, counts: Sequence[int], figure: str) -> Row:
        middle = HEAD + place * ROW + ROW / 2
        parts, x = [], LABEL_END + 10.0
        for (kind, word), count in zip(series, counts, strict=True):
            if count:
                length = long(count)
                fits = length > _DIGIT * len(f"{count:,}") + 6
                inside = f"{count:,}" if fits else ""
                words = f"{label}, {word}: {count:,}"
                parts.append(Part(kind, round(x, 1), middle - _BAR / 2, max(length, 1.5), _BAR, inside, words))
                x += length
        return Row(short(label), figure, middle, tuple(parts))

    foot = HEAD + len(rows) * ROW + 4
    return Bars(
        height=foot + FOOT - 4,
        foot=foot,
        rows=tuple(row(place, *told) for place, told in enumerate(rows)),
        ticks=tuple(Tick(round(LABEL_END + 10 + long(value), 1), f"{value:,}") for value in ticks),
        legend=tuple(Legend(kind, word) for kind, word in series),
        words="; ".join(_told(label, counts, series) for label, counts, _ in rows) or "nothing to show",
    )


_LEFT, _RIGHT, _TOP, _TALL = 44, WIDTH - 8, 12, 170


@dataclass(frozen=True, slots=True)
class Columns:
    """Stacked columns over time, with a line of points above them where one was given (`line`, its points)."""

    height: float
    parts: tuple[Part, ...]
    levels: tuple[Tick, ...]
    ticks: tuple[Tick, ...]
    line: str
    dots: tuple[Part, ...]
    legend: tuple[Legend, ...]
    words: str
    shape: str = "columns"
    width: int = WIDTH
    left: int = _LEFT
    right: int = _RIGHT
    top: int = _TOP
    foot: float = _TOP + _TALL


def columns(
    steps: Sequence[tuple[str, Sequence[int]]],
    series: Series,
    *,
    line: Sequence[int] = (),
    line_word: str = "",
) -> Columns:
    """`steps` are (word of the time, count of each series). `line` holds one more count a step, drawn as a line."""
    most = max([0, *(sum(counts) for _, counts in steps), *line])
    top, levels = _scale(most)
    room = (_RIGHT - _LEFT) / max(len(steps), 1)
    foot = _TOP + _TALL

    def tall(count: float) -> float:
        return round(count / top * _TALL, 1)

    def column(place: int, when: str, counts: Sequence[int]) -> list[Part]:
        parts, y = [], float(foot)
        for (kind, word), count in zip(series, counts, strict=True):
            if count:
                y -= tall(count)
                words = f"{when}, {word}: {count:,}"
                x = round(_LEFT + place * room + room * 0.14, 1)
                parts.append(Part(kind, x, round(y, 1), round(room * 0.72, 1), tall(count), "", words))
        return parts

    points = [
        (round(_LEFT + (place + 0.5) * room, 1), round(foot - tall(count), 1), count)
        for place, count in enumerate(line)
    ]
    legend = [Legend(kind, word) for kind, word in series]
    every = math.ceil(len(steps) / 8) or 1
    return Columns(
        height=foot + FOOT,
        parts=tuple(part for place, step in enumerate(steps) for part in column(place, *step)),
        levels=tuple(Tick(round(foot - tall(value), 1), f"{value:,}") for value in levels),
        ticks=tuple(
            Tick(round(_LEFT + (place + 0.5) * room, 1), when)
            for place, (when, _) in enumerate(steps)
            if place % every == 0
        ),
        line=" ".join(f"{x},{y}" for x, y, _ in points),
        dots=tuple(
            Part("line", x, y, 0, 0, "", f"{steps[place][0]}, {line_word}: {count:,}")
            for place, (x, y, count) in enumerate(points)
        ),
        legend=(*legend, Legend("line", line_word)) if line else tuple(legend),
        words=_columns_words(steps, series, line, line_word),
    )


def _columns_words(
    steps: Sequence[tuple[str, Sequence[int]]], series: Series, line: Sequence[int], line_word: str
) -> str:
    """The steps in which something happened, one after another."""
    told = [
        _told(when, counts, series) + (f", {line_word} {line[place]:,}" if line else "")
        for place, (when, counts) in enumerate(steps)
        if any(counts) or (line and line[place])
    ]
    return "; ".join(told) or "nothing to show"


def time_words(at: datetime, step: str) -> str:
    """How a step is named under a plot: `14:00` for an hour, `09-Mar` for a day or the first day of a week."""
    return f"{at:%H:%M}" if step == "hour" else f"{at:%d-%b}"


def _scale(most: float) -> tuple[float, tuple[int, ...]]:
    """The top of an axis of counts and its ticks: whole numbers in steps of 1, 2 or 5 times a power of ten."""
    size = 10 ** math.floor(math.log10(max(most, 1) / 4)) if most > 4 else 1
    step = next(int(size * factor) for factor in (1, 2, 5, 10) if size * factor * 4 >= most)
    top = max(math.ceil(most / step), 1) * step
    return float(top), tuple(range(0, top + 1, step))


def _told(label: str, counts: Sequence[int], series: Series) -> str:
    return f"{label}: " + ", ".join(f"{word} {count:,}" for (_, word), count in zip(series, counts, strict=True))


def short(label: str) -> str:
    return label if len(label) <= _LABEL_LENGTH else f"{label[: _LABEL_LENGTH - 1]}…"
