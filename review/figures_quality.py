"""Figures of quality: agreement of reviewers who did not see each other's answer, and second numbers by source."""

from __future__ import annotations

from review.figures import Column, Figure
from review.kappa import ENOUGH, Agreement
from review.plots import bars
from review.plots_whiskers import Measured, Whiskers, round_up, whiskers
from review.queries.metrics_agreement import AgreementFigures, Disagreement
from review.queries.metrics_duplicates import DuplicateFigures

_FEW_RECORDS = 30
_BANDS = ((0.0, "chance"), (0.6, "0.6"), (0.8, "0.8"))


def agreement_figure(found: AgreementFigures) -> Figure:
    """Cohen's kappa of each reviewer."""
    named = [("All together", found.overall, None), *((one.name, one.agreement, one.upheld) for one in found.reviewers)]
    return Figure(
        slug="agreement",
        title="Agreement between reviewers",
        lead="A random sample of tasks is answered by two people who do not see each other's answer. Kappa is their "
        "agreement beyond chance (Cohen 1960): 1 is full agreement, 0 is what chance alone gives. The whiskers are its "
        f"95 % interval (Fleiss, Cohen and Everitt 1969), to be trusted from {ENOUGH} tasks on.",
        columns=(
            Column("reviewer", "Reviewer"),
            Column("tasks", "Tasks", "count"),
            Column("agreed", "Same answer", "share"),
            Column("kappa", "Kappa", "number"),
            Column("kappa", "95 % interval", "interval"),
            Column("upheld", "Upheld by the third", "share"),
        ),
        rows=tuple(
            (name, one.pairs, one.agreed, one.kappa, one.interval, upheld if upheld and upheld.of else None)
            for name, one, upheld in named
            if one.pairs
        ),
        plot=_kappa_plot([(name, one) for name, one, _ in named if one.kappa is not None]),
        empty="No task was answered by two people in this time. Once both answers to a task of the blind sample are "
        "given, the agreement of the two appears here.",
    )


def _kappa_plot(named: list[tuple[str, Agreement]]) -> Whiskers | None:
    rows = [
        Measured(
            name,
            one.kappa or 0.0,
            one.interval[0] if one.interval else None,
            one.interval[1] if one.interval else None,
            f"{one.kappa:.2f}",
            hollow=not one.is_enough,
        )
        for name, one in named
    ]
    if not rows:
        return None
    low = -1.0 if min(row.value if row.low is None else row.low for row in rows) < 0 else 0.0
    return whiskers(
        rows,
        low=low,
        high=1.0,
        step=0.5 if low else 0.2,
        write=lambda kappa: f"{kappa:.1f}",
        axis="kappa",
        marks=_BANDS[:1] if low else (),
        legend=(("hollow", f"fewer than {ENOUGH} tasks"),),
    )


def pairs_figure(found: AgreementFigures) -> Figure:
    """Which answers met which."""
    return Figure(
        slug="answer-pairs",
        title="Which answers met",
        lead="The first and the second answer to each task of the sample.",
        columns=(
            Column("first_answer", "First answer"),
            Column("second_answer", "Second answer"),
            Column("tasks", "Tasks", "count"),
        ),
        rows=tuple((one.first.label, one.second.label, one.tasks) for one in found.answers),
        plot=None,
        empty="No task was answered by two people in this time.",
    )


def disagreements_figure(found: tuple[Disagreement, ...]) -> Figure:
    """Where they disagreed: worth looking at together."""
    return Figure(
        slug="disagreements",
        title="Where two reviewers disagreed",
        lead="The newest first. Look at one together: most disagreements are about a rule, not about a person.",
        columns=(
            Column("task", "Task", "task"),
            Column("second_answer_at", "When", "moment"),
            Column("first_reviewer", "First"),
            Column("first_answer", "Answer"),
            Column("second_reviewer", "Second"),
            Column("second_answer", "Answer"),
            Column("third_reviewer", "Settled by"),
            Column("third_answer", "Answer"),
        ),
        rows=tuple(
            (
                str(one.task),
                one.decided_at,
                one.first_name,
                one.first.label,
                one.second_name,
                one.second.label,
                one.third_name or "nobody yet",
                one.third.label if one.third else "open",
            )
            for one in found
        ),
        plot=None,
        empty="No two reviewers disagreed in this time.",
    )


def duplicates_figure(found: DuplicateFigures) -> Figure:
    """Second numbers by source."""
    shown = [one for one in found.sources if one.duplicates.hits]
    return Figure(
        slug="duplicates",
        title="Duplicates created, by source",
        lead="New records of this time whose person had a number in the same source already: what a search before "
        f"creating would have spared. Counted at {found.counted_at:%H:%M} UTC.",
        columns=(
            Column("source_system", "Source system"),
            Column("second_numbers", "Second numbers of new records", "share"),
        ),
        rows=tuple((one.name, one.duplicates) for one in found.sources),
        plot=bars(
            [(one.name, (one.duplicates.hits,), f"{one.duplicates.value * 100:.1f} %") for one in shown],
            (("differs", "second numbers; to the right, their share of new records"),),
        )
        if shown
        else None,
        empty="No record came new in this time.",
    )


def registrars_figure(found: DuplicateFigures) -> Figure:
    """Second numbers by registrar."""
    return Figure(
        slug="registrars",
        title="Duplicates created, by registrar",
        lead="Share of second numbers among the new records of each registrar, with its 95 % interval, those who made "
        "most first. The sources say who registered; some do not.",
        columns=(
            Column("registrar", "Registrar"),
            Column("source_system", "Source system"),
            Column("second_numbers", "Second numbers of new records", "share"),
        ),
        rows=tuple((one.registrar or "not told", one.source, one.duplicates) for one in found.registrars),
        plot=_registrars_plot(found),
        empty="No record that came new in this time is a second number of a known person.",
    )


def _registrars_plot(found: DuplicateFigures) -> Whiskers | None:
    named = [one for one in found.registrars if one.registrar][:10]
    if not named:
        return None
    top, step = round_up(max(one.duplicates.interval[1] for one in named) * 100)
    return whiskers(
        [
            Measured(
                one.registrar,
                one.duplicates.value * 100,
                one.duplicates.interval[0] * 100,
                one.duplicates.interval[1] * 100,
                f"{one.duplicates.hits:,} of {one.duplicates.of:,}",
                hollow=one.duplicates.of < _FEW_RECORDS,
            )
            for one in named
        ],
        low=0,
        high=min(top, 100.0),
        step=step,
        write=lambda share: f"{share:g}",
        axis="second numbers, % of new records",
        legend=(("hollow", f"fewer than {_FEW_RECORDS} records"),),
    )
