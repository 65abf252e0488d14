"""The parts of a model card that rest on stored evaluations: figures with intervals, and limits that follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matching.evaluate import Share
from matching.model import LinkageModel
from mpi.models import EvaluationRun
from mpi.queries.evaluation_compare import ladder
from mpi.queries.evaluation_figures import LEAST_PAIRS, Figures, Measure
from mpi.queries.model_card_blocks import Block, number, percent, share_cells

Runs = Sequence[tuple[EvaluationRun, Figures]]


def _source(run: EvaluationRun) -> str:
    return "truth file" if run.source == "truth" else "decisions"


def evaluation_blocks(run: EvaluationRun, figures: Figures) -> Iterator[Block]:
    """Everything that one run found, with intervals."""
    truth = run.request.truth
    against = f"truth file of SHA-256 {truth.sha256}" if truth else "decisions of stewards"
    yield Block(
        text=f"Run {run.uuid} of {run.recorded_at:%Y-%m-%d %H:%M %Z} by {run.actor_name}, against the {against}: "
        f"{figures.records:,} records, data fingerprint {run.data_fingerprint}."
    )
    if figures.decisions:
        yield Block(text=bias(figures))
    yield Block(
        headers=("Figure", "Value", "95 % interval", "Counts"),
        rows=tuple((f"{measure.name} ({measure.means})", *_cells(measure)) for measure in figures.measures),
        numeric=(1, 2, 3),
    )
    yield Block(
        caption="Stated against observed, pairs that no rule holds",
        headers=("Stated", "Observed", "95 % interval", "Counts"),
        rows=tuple((percent(one.stated), *share_cells(one.observed)) for one in figures.free.deciles),
        numeric=(0, 1, 2, 3),
    )
    if found := figures.blocking:
        yield Block(
            caption="True pairs found by each blocking rule",
            headers=("Rule", "Finds", "95 % interval", "Counts", "Only it finds"),
            rows=tuple((row.rule, *share_cells(row.found), number(row.only)) for row in found.rules),
            numeric=(1, 2, 3, 4),
        )


def _cells(measure: Measure) -> tuple[str, str, str]:
    if measure.share is not None:
        return share_cells(measure.share)
    return ("not known" if measure.value is None else f"{measure.value:.5f}", "", "")


def bias(figures: Figures) -> str:
    """What decisions can and cannot tell, in numbers."""
    told = figures.decisions
    if told is None:
        return ""
    judged = "; ".join(f"{band.name.lower()} {band.judged:,} of {band.pairs:,} pairs" for band in figures.bands)
    return (
        f"Decisions are no random sample: stewards are asked in the review band. Judged: {judged}. Of "
        f"{told.links:,} automatic links {told.links_judged:,} were judged by a person, {told.links_wrong:,} of them "
        "wrong: a lower bound."
    )


def threshold_blocks(run: EvaluationRun, figures: Figures) -> Iterator[Block]:
    """Precision of each band, and what other thresholds would have done."""
    yield Block(
        caption=f"Precision of each band, by the {_source(run)}",
        headers=("Band", "Pairs", "One person", "95 % interval", "Counts"),
        rows=tuple((band.name, number(band.pairs), *share_cells(band.share)) for band in figures.bands),
        numeric=(1, 2, 3, 4),
    )
    rows = []
    for change in ladder(figures.explorer):
        moved = change.fewer_links if change.fewer_links.pairs else change.more_links
        sign = "−" if change.fewer_links.pairs else "+" if moved.pairs else ""
        rows.append(
            (
                f"{change.automatic * 100:g} %",
                number(change.links),
                f"{sign}{moved.pairs:,}",
                f"{moved.different:,} of {moved.judged:,}",
                number(change.questions),
            )
        )
    yield Block(
        caption=f"Other automatic thresholds, by the {_source(run)}",
        headers=("Over", "Automatic links", "Change", "Wrong of those judged", "Questions"),
        rows=tuple(rows),
        numeric=(0, 1, 2, 3, 4),
    )


def rule_counts(runs: Runs) -> list[tuple[str, dict[str, str]]]:
    """By run: rule -> `held (one person of judged)`."""
    return [
        (
            _source(run),
            {
                rule.code: f"{rule.held:,} ({rule.share.hits:,} of {rule.share.of:,} one person)" if rule.held else "0"
                for rule in figures.rules
            },
        )
        for run, figures in runs
    ]


def limits(model: LinkageModel, found: Sequence[Figures]) -> tuple[str, ...]:
    """What is known to be weak, as far as the document and the evaluations tell."""
    told = [
        "The number of a pair rests on two records alone; what a third says is in the policy, not in the number.",
        "Twins, and namesakes of one birth date, cannot be told from one person where little else is told.",
    ]
    told += _origins(model)
    told.append(
        f"The prior was made for an index of {model.prior_records:,} records: one twice as large needs a new training."
    )
    if not found:
        told.append("No evaluation of this version is stored in this index: how right it is here is not known.")
    for figures in found:
        told += _measured_limits(figures)
    return tuple(told)


def _origins(model: LinkageModel) -> list[str]:
    weak = [
        f"{comparison.title}: {level.words} ({level.origin})"
        for comparison in model.comparisons
        for level in comparison.levels[1:]
        if level.origin in ("hand", "smoothed")
    ]
    levels = sum(len(comparison.levels) - 1 for comparison in model.comparisons)
    if not weak:
        return []
    return [f"{len(weak):,} of {levels:,} levels were met too seldom or set by hand: {'; '.join(weak)}."]


def _measured_limits(figures: Figures) -> Iterator[str]:
    few = [decile for decile in figures.free.deciles if not decile.is_enough]
    if few:
        yield (
            f"{len(few):,} of {len(figures.free.deciles):,} tenths of the stated probability hold fewer than "
            f"{LEAST_PAIRS:,} judged pairs: calibration there is uncertain."
        )
    if found := figures.blocking:
        missed = Share(found.found.of - found.found.hits, found.found.of)
        value, interval, counts = share_cells(missed)
        yield f"Pairs of one person that no useful key brings together: {value} ({interval}; {counts})."
    held = [rule for rule in figures.rules if rule.share.of and rule.share.value > 0.5]
    for rule in held:
        value, interval, counts = share_cells(rule.share)
        yield f"Price of caution: of the pairs that {rule.code} held, {value} were one person ({interval}; {counts})."
