"""Geometry of the plots of an evaluation: calibration, weights of pairs. As in `plots`, templates only print it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mpi.queries.evaluation_figures import Calibration, Decile, Weight
from mpi.web import formats
from mpi.web.plots import Limit

_SIDE, _LEFT, _TOP, _RIGHT, _FOOT = 300, 44, 10, 12, 40


@dataclass(frozen=True, slots=True)
class Point:
    """One decile: a mark at (x, y), its interval from `y_high` down to `y_low`; hollow with too few pairs."""

    x: float
    y: float
    y_high: float
    y_low: float
    hollow: bool
    words: str


@dataclass(frozen=True, slots=True)
class CalibrationPlot:
    """A square of stated against observed with its diagonal. `words` is the text alternative."""

    width: int
    height: int
    left: int
    right: int
    top: int
    foot: int
    ticks: tuple[Limit, ...]
    levels: tuple[Limit, ...]
    points: tuple[Point, ...]
    middle: float
    words: str


def calibration_plot(calibration: Calibration) -> CalibrationPlot:
    """Stated probability to the right, observed share upwards."""
    left, top, right, foot = _LEFT, _TOP, _LEFT + _SIDE, _TOP + _SIDE

    def x_of(share: float) -> float:
        return round(left + share * _SIDE, 1)

    def y_of(share: float) -> float:
        return round(foot - share * _SIDE, 1)

    def point(decile: Decile) -> Point:
        low, high = decile.observed.interval
        return Point(
            x=x_of(decile.stated),
            y=y_of(decile.observed.value),
            y_high=y_of(high),
            y_low=y_of(low),
            hollow=not decile.is_enough,
            words=_decile_words(decile),
        )

    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    said = "; ".join(map(_decile_words, calibration.deciles)) or "no pair is judged"
    return CalibrationPlot(
        width=right + _RIGHT,
        height=foot + _FOOT,
        left=left,
        right=right,
        top=top,
        foot=foot,
        ticks=tuple(Limit(x_of(share), f"{share * 100:g}") for share in shares),
        levels=tuple(Limit(y_of(share), f"{share * 100:g}") for share in shares),
        points=tuple(map(point, calibration.deciles)),
        middle=(left + right) / 2,
        words=f"Stated against observed: {said}.",
    )


def _decile_words(decile: Decile) -> str:
    stated, observed = formats.fine_share(decile.stated), formats.fine_share(decile.observed.value)
    return f"stated {stated}, observed {observed} of {decile.observed.of:,} pairs"


_WIDTH, _HALF, _MARGIN = 720, 100, 52
_WORD_ROOM = 14


@dataclass(frozen=True, slots=True)
class Column:
    """Pairs of one bit: upwards one person, downwards two people, and above those the ones nobody judged."""

    x: float
    width: float
    same_y: float
    same_height: float
    unknown_y: float
    unknown_height: float
    different_height: float
    words: str


@dataclass(frozen=True, slots=True)
class WeightPlot:
    """A mirrored histogram by bits; heights are logarithms of counts, of base 10."""

    width: int
    height: int
    left: int
    right: int
    zero_y: int
    columns: tuple[Column, ...]
    ticks: tuple[Limit, ...]
    limits: tuple[Limit, ...]
    levels: tuple[Limit, ...]
    words: str


def weight_plot(weights: Sequence[Weight], *, limits: Sequence[tuple[float, str]]) -> WeightPlot:
    """`limits` are thresholds as (bits, word)."""
    edges = [weight.bits for weight in weights] or [0]
    low = min(*edges, *(math.floor(bits) for bits, _ in limits)) - 1
    high = max(*edges, *(math.ceil(bits) for bits, _ in limits)) + 2
    most = max((weight.same + weight.unknown + weight.different for weight in weights), default=1)
    tens = max(math.ceil(math.log10(max(most, 10))), 1)
    room = _WIDTH - 2 * _MARGIN
    zero_y = _WORD_ROOM + _HALF

    def x_of(bits: float) -> float:
        return round(_MARGIN + (bits - low) / (high - low) * room, 1)

    def tall(count: int) -> float:
        return round(math.log10(count + 1) / math.log10(10**tens + 1) * _HALF, 1)

    def column(weight: Weight) -> Column:
        same, both = tall(weight.same), tall(weight.same + weight.unknown)
        return Column(
            x=round(x_of(weight.bits) + 0.5, 1),
            width=max(round(room / (high - low) - 1, 1), 1),
            same_y=round(zero_y - same, 1),
            same_height=same,
            unknown_y=round(zero_y - both, 1),
            unknown_height=round(both - same, 1),
            different_height=tall(weight.different),
            words=_weight_words(weight),
        )

    step = 10 if high - low > 30 else 5
    first = math.ceil(low / step) * step
    return WeightPlot(
        width=_WIDTH,
        height=zero_y + _HALF + 28,
        left=_MARGIN,
        right=_WIDTH - _MARGIN,
        zero_y=zero_y,
        columns=tuple(map(column, weights)),
        ticks=tuple(Limit(x_of(bits), formats.bits(bits)) for bits in range(first, high + 1, step)),
        limits=tuple(Limit(x_of(bits), word) for bits, word in limits),
        levels=tuple(
            Limit(round(zero_y + side * tall(10**power), 1), f"{10**power:,}")
            for power in range(1, tens + 1)
            for side in (-1, 1)
        ),
        words="Pairs by match weight: " + ("; ".join(map(_weight_words, weights)) or "none") + ".",
    )


def _weight_words(weight: Weight) -> str:
    told = [f"{weight.same:,} one person", f"{weight.different:,} two people"]
    if weight.unknown:
        told.append(f"{weight.unknown:,} not judged")
    return f"{formats.bits(weight.bits)} bits: {', '.join(told)}"
