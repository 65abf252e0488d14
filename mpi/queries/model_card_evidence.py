"""The parts of a model card that rest on stored evaluations: figures with intervals, and limits that follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from matching.evaluate import Share
from matching.model import LinkageModel
from mpi.models import EvaluationRun
from mpi.queries.evaluation_compare import ladder, review_ladder
from mpi.queries.evaluation_figures import LEAST_PAIRS, Figures, Measure, made_by_others
from mpi.queries.key_words import key_words
from mpi.queries.model_card_blocks import Block, flat, number, percent, share_cells, words

Runs = Sequence[tuple[EvaluationRun, Figures]]


_LEAST_HELD = 20
"""Judged pairs from which the price of a rule is told."""


def source_of(run: EvaluationRun) -> str:
    return "truth file" if run.source == "truth" else "decisions"


def evaluation_blocks(run: EvaluationRun, figures: Figures) -> Iterator[Block]:
    """Everything that one run found, with intervals."""
    truth = run.request.truth
    against = f"truth file of SHA-256 {truth.sha256}" if truth else "decisions of stewards"
    yield Block(
        text=f"Run {run.uuid} of {run.recorded_at:%Y-%m-%d %H:%M %Z} by {run.actor_name}, against the {against}: "
        f"{figures.records:,} records, data fingerprint {run.data_fingerprint}."
    )
    if others := made_by_others(run, figures):
        yield Block(text=others)
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
            headers=("What a pair shares", "Finds", "95 % interval", "Counts", "Only it finds"),
            rows=tuple((key_words(row.rule), *share_cells(row.found), number(row.only)) for row in found.rules),
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
        caption=f"Precision of each band, by the {source_of(run)}",
        headers=("Band", "Pairs", "One person", "95 % interval", "Counts"),
        rows=tuple((band.name, number(band.pairs), *share_cells(band.share)) for band in figures.bands),
        numeric=(1, 2, 3, 4),
    )
    yield from _other_thresholds(run, figures)
    rows = tuple(
        (
            f"{change.review * 100:g} %",
            number(change.questions),
            f"{'+' if more.pairs else '−' if moved.pairs else ''}{moved.pairs:,}",
            f"{moved.same:,} of {moved.judged:,}",
        )
        for change in review_ladder(figures.explorer)
        for more in (change.more_questions,)
        for moved in (more if more.pairs else change.fewer_questions,)
    )
    yield Block(
        caption=f"Other review thresholds, by the {source_of(run)}",
        headers=("From", "Questions", "Change", "One person of those judged"),
        rows=rows,
        numeric=(0, 1, 2, 3),
    )


def _other_thresholds(run: EvaluationRun, figures: Figures) -> Iterator[Block]:
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
        caption=f"Other automatic thresholds, by the {source_of(run)}",
        headers=("Over", "Automatic links", "Change", "Wrong of those judged", "Questions"),
        rows=tuple(rows),
        numeric=(0, 1, 2, 3, 4),
    )


def rule_counts(runs: Runs) -> list[tuple[str, dict[str, str]]]:
    """By run: rule -> `held (one person of judged)`."""
    return [
        (
            source_of(run),
            {
                rule.code: f"{rule.held:,} ({rule.share.hits:,} of {rule.share.of:,} one person)" if rule.held else "0"
                for rule in figures.rules
            },
        )
        for run, figures in runs
    ]


def limits(model: LinkageModel, runs: Runs) -> tuple[str, ...]:
    """What is known to be weak, as far as the document and the evaluations tell."""
    told = [
        "The number of a pair rests on two records alone; what a third says is in the policy, not in the number.",
        "Twins, and namesakes of one birth date, cannot be told from one person where little else is told.",
    ]
    told += _origins(model)
    told.append(
        f"The prior was made for an index of {model.prior_records:,} records: one twice as large needs a new training."
    )
    if not runs:
        told.append("No evaluation of this version is stored in this index: how right it is here is not known.")
        return tuple(told)
    told.append(
        "Intervals take pairs as independent of each other. Pairs of one person are not: true intervals are wider."
    )
    for run, figures in runs:
        told += [
            f"By the {source_of(run)} of {run.recorded_at:%Y-%m-%d}: {words}" for words in _measured_limits(figures)
        ]
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
    if (found := figures.blocking) and found.found.of:
        missed = Share(found.found.of - found.found.hits, found.found.of)
        value, interval, counts = share_cells(missed)
        yield f"pairs of one person that no useful key brings together: {value} ({interval}; {counts})."
    for rule in figures.rules:
        if rule.share.of >= _LEAST_HELD and rule.share.value > 0.5:
            value, interval, counts = share_cells(rule.share)
            yield f"price of caution: of what {rule.code} held, {value} were one person ({interval}; {counts})."


def stated_by_author(told: Mapping[str, object]) -> Iterator[Block]:
    """What the document says of itself: figures of the same names as one table, a row a data set; then the rest."""
    alike: dict[tuple[str, ...], list[tuple[str, Mapping[str, object]]]] = {}
    rest: dict[str, object] = {}
    for name, figures in _leaves(told):
        if isinstance(figures, Mapping):
            alike.setdefault(tuple(figures), []).append((name, figures))
        else:
            rest[name] = figures
    for names, sets in alike.items():
        if len(sets) == 1:
            rest |= {f"{sets[0][0]}, {words(name)}": sets[0][1][name] for name in names}
            continue
        rows = tuple((name, *(value for _, value in flat(figures))) for name, figures in sets)
        yield Block(
            caption="As stated in the document by its author",
            headers=("Data", *map(words, names)),
            rows=rows,
            numeric=tuple(range(1, len(names) + 1)),
        )
    if rest:
        caption = "As stated in the document by its author"
        yield Block(caption=caption, headers=("Figure", "Value"), rows=tuple(flat(rest)))


def _leaves(told: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    """Values, and mappings that hold no further mapping, with their path in words."""
    for key, value in told.items():
        name = f"{path}, {words(key)}" if path else words(key)
        if isinstance(value, Mapping) and any(isinstance(inner, Mapping) for inner in value.values()):
            yield from _leaves(value, name)
        else:
            yield name, value
