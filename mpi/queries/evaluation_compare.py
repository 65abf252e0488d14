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


REVIEW_LADDER = (0.1, 0.25, 0.5, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
"""Review thresholds that a table shows, beside the model's own."""


def review_ladder(explorer: Explorer) -> tuple[Change, ...]:
    """The same for the review threshold, at the model's own automatic one."""
    thresholds = sorted({*REVIEW_LADDER, on_the_ladder(explorer.review)})
    return tuple(explorer.at(explorer.automatic, one) for one in thresholds if one < explorer.automatic)


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
    """What other thresholds would do, in words; where somebody has judged too few to tell, that is said."""
    wrong = "judged wrong by stewards" if by_stewards else "wrong by the truth file"
    told = []
    if change.automatic != explorer.automatic:
        fewer, more = change.fewer_links, change.more_links
        if change.automatic > explorer.automatic:
            told.append(_sentence(fewer, "fewer automatic link", fewer.different, wrong))
        else:
            told.append(f"At most {_sentence(more, 'more automatic link', more.different, wrong)}")
    if change.review != explorer.review:
        fewer, more = change.fewer_questions, change.more_questions
        if change.review > explorer.review:
            told.append(_sentence(fewer, "fewer question", fewer.same, "one person"))
        else:
            told.append(_sentence(more, "more question", more.same, "one person"))
    return tuple(told)


def _sentence(moved: Labelled, noun: str, found: int, what: str) -> str:
    """`312 fewer automatic links, of which 3 were wrong by the truth file.`"""
    told = f"{moved.pairs:,} {noun}{'' if moved.pairs == 1 else 's'}"
    if not moved.pairs:
        return f"{told}."
    if not moved.judged:
        return f"{told}; nobody has judged any of them."
    some = f" ({moved.judged:,} of them {'was' if moved.judged == 1 else 'were'} judged)" if moved.unknown else ""
    return f"{told}, of which {_were(found)} {what}{some}."


def _were(number: int) -> str:
    return f"{number:,} {'was' if number == 1 else 'were'}"
