"""Other thresholds, and two evaluations beside each other."""

from __future__ import annotations

from dataclasses import dataclass

from matching.evaluate_ladder import Change, Explorer, Labelled, on_the_ladder
from mpi.queries.evaluation_figures import Figures, Measure

LADDER = (0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9999)
"""Automatic thresholds that the table of the explorer shows, beside the model's own."""


def ladder(explorer: Explorer) -> tuple[Change, ...]:
    """The table of the explorer: fixed thresholds and the model's own, ascending."""
    thresholds = sorted({*LADDER, on_the_ladder(explorer.automatic)})
    return tuple(explorer.at(one, explorer.review) for one in thresholds if one > explorer.review)


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of two runs. `tells` is None for plain values, else whether the intervals do not overlap."""

    name: str
    means: str
    one: Measure | None
    other: Measure | None
    difference: float | None
    tells: bool | None


def compared(one: Figures, other: Figures) -> tuple[Compared, ...]:
    """The measures of two runs beside each other, in the order of the first."""
    left = {measure.name: measure for measure in one.measures}
    right = {measure.name: measure for measure in other.measures}
    return tuple(_compared(left.get(name), right.get(name)) for name in dict.fromkeys((*left, *right)))


def _compared(one: Measure | None, other: Measure | None) -> Compared:
    first = one or other
    if first is None:
        raise ValueError("A measure of neither run.")
    a, b = _number(one), _number(other)
    tells = None
    if one and other and one.share and other.share and one.share.of and other.share.of:
        low, high = one.share.interval, other.share.interval
        tells = low[1] < high[0] or high[1] < low[0]
    return Compared(first.name, first.means, one, other, b - a if a is not None and b is not None else None, tells)


def _number(measure: Measure | None) -> float | None:
    if measure is None:
        return None
    return (measure.share.value if measure.share.of else None) if measure.share else measure.value


def sentences(change: Change, explorer: Explorer, *, by_stewards: bool) -> tuple[str, ...]:
    """What other thresholds would do, in words."""
    wrong = "judged wrong by stewards" if by_stewards else "wrong by the truth file"
    told = []
    if change.automatic != explorer.automatic:
        fewer, more = change.fewer_links, change.more_links
        if change.automatic > explorer.automatic:
            told.append(f"{_count(fewer, 'fewer automatic link')}, of which {_were(fewer.different)} {wrong}.")
        else:
            told.append(f"At most {_count(more, 'more automatic link')}, of which {_were(more.different)} {wrong}.")
    if change.review != explorer.review:
        fewer, more = change.fewer_questions, change.more_questions
        if change.review > explorer.review:
            told.append(f"{_count(fewer, 'fewer question')}, of which {_were(fewer.same)} one person.")
        else:
            told.append(f"{_count(more, 'more question')}, of which {_were(more.same)} one person.")
    return tuple(told)


def _were(number: int) -> str:
    return f"{number:,} {'was' if number == 1 else 'were'}"


def _count(labelled: Labelled, noun: str) -> str:
    return f"{labelled.pairs:,} {noun}{'' if labelled.pairs == 1 else 's'}"
