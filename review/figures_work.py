"""Figures of the work: what is open, what came and went, what was answered and how fast, what was taken back."""

from __future__ import annotations

from review.figures import Column, Figure
from review.plots import Columns, bars, columns, time_words
from review.plots_whiskers import Measured, Whiskers, round_up, whiskers
from review.queries.metrics import Period
from review.queries.metrics_flow import AnswerStep, Reviewer, Waiting
from review.queries.metrics_open import OpenType, TrendStep

_HOUR = 3600
_FEW = 10
"""Final answers below which a share of them is drawn hollow."""


def open_figure(types: tuple[OpenType, ...]) -> Figure:
    """Open by type and age."""
    shown = [one for one in types if one.open]
    series = (("same", "in time"), ("near", "due soon"), ("differs", "over target"))
    return Figure(
        slug="open",
        title="Open by type and age",
        lead="Each type has a target: how old a task may get. Due soon means that three quarters of it are gone.",
        columns=(
            Column("type", "Type"),
            Column("target_seconds", "Target", "wait"),
            Column("open", "Open", "count"),
            Column("in_time", "In time", "count"),
            Column("due_soon", "Due soon", "count"),
            Column("over_target", "Over target", "count"),
            Column("under_1_day", "Under 1 day", "count"),
            Column("days_1_to_3", "1 to 3 days", "count"),
            Column("days_3_to_10", "3 to 10 days", "count"),
            Column("over_10_days", "Over 10 days", "count"),
            Column("oldest", "Oldest", "moment"),
        ),
        rows=tuple(
            (one.words, one.target, one.open, one.in_time, one.soon, one.late, *one.ages, one.oldest)
            for one in (types if shown else ())
        ),
        plot=bars([(one.words, (one.in_time, one.soon, one.late), f"{one.open:,}") for one in shown], series)
        if shown
        else None,
        empty="Nothing is open. Questions that the index does not dare to answer by itself will be counted here.",
    )


def trend_figure(period: Period, steps: tuple[TrendStep, ...]) -> Figure:
    """What came, what went, what is left."""
    told = steps if any(step.opened or step.answered or step.open_at_end for step in steps) else ()
    return Figure(
        slug="trend",
        title="Coming and going",
        lead="New tasks as columns, the backlog at the end of each step as a line. A line that rises says that more "
        "comes than is answered.",
        columns=(
            _time(period),
            Column("opened", "Opened", "count"),
            Column("answered", "Answered by people", "count"),
            Column("closed_by_itself", "Closed by themselves", "count"),
            Column("open_at_end", "Open at the end", "count"),
        ),
        rows=tuple((step.at, step.opened, step.answered, step.by_itself, step.open_at_end) for step in told),
        plot=columns(
            [(time_words(step.at, period.step), (step.opened,)) for step in told],
            (("none", "opened"),),
            line=[step.open_at_end for step in told],
            line_word="open at the end",
        )
        if told
        else None,
        empty="No task was opened or closed in this time.",
    )


def answers_figure(period: Period, steps: tuple[AnswerStep, ...]) -> Figure:
    """Answers by outcome over time."""
    told = steps if any(step.all for step in steps) else ()
    series = (
        ("same", "same person"),
        ("differs", "different people"),
        ("near", "left open"),
        ("none", "kept, blind sample"),
        ("accent", "overlays answered"),
    )
    return Figure(
        slug="answers",
        title=f"Answers in each {period.step}",
        lead="Left open holds what reviewers could not tell, put off, or sent back to a source; answers of the blind "
        "sample are kept until the second one agrees.",
        columns=(
            _time(period),
            Column("same", "Same person", "count"),
            Column("different", "Different people", "count"),
            Column("left_open", "Left open", "count"),
            Column("kept_blind", "Kept, blind sample", "count"),
            Column("overlay", "Overlays answered", "count"),
            Column("all", "All", "count"),
        ),
        rows=tuple(
            (step.at, step.same, step.different, step.left_open, step.reading, step.overlay, step.all) for step in told
        ),
        plot=_answer_columns(period, told, series) if told else None,
        empty="Nobody answered a task in this time. Answers given in the review queue appear here at once.",
    )


def _answer_columns(period: Period, steps: tuple[AnswerStep, ...], series: tuple[tuple[str, str], ...]) -> Columns:
    told = [
        (time_words(step.at, period.step), (step.same, step.different, step.left_open, step.reading, step.overlay))
        for step in steps
    ]
    return columns(told, series)


def reviewers_figure(found: tuple[Reviewer, ...]) -> Figure:
    """How many answers, how fast."""
    return Figure(
        slug="reviewers",
        title="Time to decide, by reviewer",
        lead="From showing the task to the answer: the point is the median, the whiskers reach from the quickest "
        "quarter to the slowest tenth. Quick is no aim of its own; look at what was taken back beside it.",
        columns=(
            Column("reviewer", "Reviewer"),
            Column("answers", "Answers", "count"),
            Column("hours", "Hours with answers", "count"),
            Column("answers_an_hour", "Answers an hour", "number"),
            Column("seconds_quarter", "Quickest quarter", "seconds"),
            Column("seconds_median", "Median", "seconds"),
            Column("seconds_p90", "Slowest tenth", "seconds"),
        ),
        rows=tuple(
            (
                one.name,
                one.answers,
                one.active_hours,
                one.an_hour,
                one.seconds_low,
                one.seconds_half,
                one.seconds_most,
            )
            for one in found
        ),
        plot=_seconds_plot(found),
        empty="Nobody answered a task in this time.",
    )


def _seconds_plot(found: tuple[Reviewer, ...]) -> Whiskers | None:
    if not found:
        return None
    top, step = round_up(max(one.seconds_most for one in found))
    return whiskers(
        [
            Measured(
                one.name,
                one.seconds_half,
                one.seconds_low,
                one.seconds_most,
                f"{one.seconds_half:.0f} s",
                hollow=one.answers < _FEW,
            )
            for one in found
        ],
        low=0,
        high=top,
        step=step,
        write=lambda seconds: f"{seconds:g}",
        axis="seconds",
        legend=(("hollow", f"fewer than {_FEW} answers"),),
    )


def overturned_figure(found: tuple[Reviewer, ...]) -> Figure:
    """What was taken back."""
    judged = tuple(one for one in found if one.overturned.of)
    return Figure(
        slug="overturned",
        title="Answers taken back, by reviewer",
        lead="Of all final answers, those that were undone since, by the reviewer or anybody else, with the 95 % "
        "interval of the share.",
        columns=(
            Column("reviewer", "Reviewer"),
            Column("final_answers", "Final answers", "count"),
            Column("overturned", "Taken back", "share"),
        ),
        rows=tuple((one.name, one.overturned.of, one.overturned) for one in judged),
        plot=whiskers(
            [
                Measured(
                    one.name,
                    one.overturned.value * 100,
                    one.overturned.interval[0] * 100,
                    one.overturned.interval[1] * 100,
                    f"{one.overturned.hits:,} of {one.overturned.of:,}",
                    hollow=one.overturned.of < _FEW,
                )
                for one in judged
            ],
            low=0,
            high=100,
            step=25,
            write=lambda share: f"{share:g}",
            axis="taken back, % of final answers",
            legend=(("hollow", f"fewer than {_FEW} answers"),),
        )
        if judged
        else None,
        empty="No final answer was given in this time, so none could be taken back.",
    )


def waiting_figure(found: tuple[Waiting, ...]) -> Figure:
    """Time to claim, time to answer."""
    return Figure(
        slug="waiting",
        title="Time to claim and to decide, by type",
        lead="From opening to the first claim, and from opening to a person's answer: median, and what nine of ten "
        "stay below.",
        columns=(
            Column("type", "Type"),
            Column("target_seconds", "Target", "wait"),
            Column("claimed", "Claimed", "count"),
            Column("claim_median_seconds", "To claim", "wait"),
            Column("claim_p90_seconds", "Nine of ten", "wait"),
            Column("answered", "Answered", "count"),
            Column("answer_median_seconds", "To decide", "wait"),
            Column("answer_p90_seconds", "Nine of ten", "wait"),
            Column("in_time", "Within target", "share"),
        ),
        rows=tuple(
            (
                one.words,
                one.target,
                one.claimed,
                one.claim_half,
                one.claim_most,
                one.answered,
                one.answer_half,
                one.answer_most,
                one.in_time if one.in_time.of else None,
            )
            for one in found
        ),
        plot=_waiting_plot(found),
        empty="No task was claimed or answered in this time.",
    )


def _waiting_plot(found: tuple[Waiting, ...]) -> Whiskers | None:
    rows = []
    for one in found:
        for word, half, most in (
            ("claim", one.claim_half, one.claim_most),
            ("decide", one.answer_half, one.answer_most),
        ):
            if half is not None and most is not None:
                middle, high = half.total_seconds() / _HOUR, most.total_seconds() / _HOUR
                rows.append(Measured(f"{_first_word(one.words)}: to {word}", middle, None, high, _hours(middle)))
    if not rows:
        return None
    top, step = round_up(max(row.high or 0 for row in rows))
    return whiskers(rows, low=0, high=top, step=step, write=lambda hours: f"{hours:g}", axis="hours")


def _first_word(words: str) -> str:
    """`Duplicate in one source` is short enough as `Duplicate`, `Suspected overlay` as `Overlay`."""
    return words.split(" in ")[0].split(" across ")[0].removeprefix("Suspected ").capitalize()


def _hours(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.0f} min"


def _time(period: Period) -> Column:
    return Column("from", {"hour": "Hour", "day": "Day", "week": "Week from"}[period.step], period.step)
