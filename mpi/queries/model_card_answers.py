"""The two questions of an auditor, answered in sentences: why were these two joined, and are the thresholds right?

Every figure comes from a stored evaluation; what none says, the answer says is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matching.evaluate_ladder import Change
from matching.model import LinkageModel
from mpi.models import EvaluationRun, EvaluationSource
from mpi.queries.evaluation_compare import ladder, review_ladder
from mpi.queries.evaluation_figures import Figures, made_by_others
from mpi.queries.model_card_blocks import Block, share_cells

Runs = Sequence[tuple[EvaluationRun, Figures]]
_WHY = (
    "Because the evidence of one pair of their records summed to more than the automatic threshold, and no cap and no "
    "veto held it; where a given name or a birth date was missing, also because no other person fitted. "
    "The engine stores each decision as it was made: both values of every comparison, the level they reached, m and "
    "u of that level, its bits, what a rare or common name adds, the prior, the total, the stated "
    "probability, the keys that found the pair, every cap and veto in words, and the version and content hash of the "
    "model.",
    "This one document is what everybody reads: on the page of a source record under “Why”, from the audit entry of "
    "its link, and by GET /api/v1/records/{system}/{mrn}. Anybody can add up its lines with the tables of this card. A "
    "link made by a person names the person and the reason instead.",
)


def deciding(runs: Runs) -> Runs:
    """The runs that thresholds are judged by: that against the largest truth, and that against decisions."""
    first: dict[str, tuple[EvaluationRun, Figures]] = {}
    for run, figures in runs:
        first.setdefault(run.source, (run, figures))
    return tuple(first.values())


def answers(name: str, model: LinkageModel, runs: Runs) -> Iterator[Block]:
    """Both answers as paragraphs."""
    yield Block(heading="Why were these two joined?")
    for words in _WHY:
        yield Block(text=words)
    yield Block(heading="How do you know that the thresholds are right?")
    found = {run.source: (run, figures) for run, figures in deciding(runs)}
    if EvaluationSource.TRUTH in found:
        yield Block(items=tuple(_by_truth(*found[EvaluationSource.TRUTH], model)))
    else:
        yield Block(
            text=f"Not known here yet: no evaluation of {name} against a truth file is stored in this index. What its "
            "author states stands under Evaluation. “manage.py evaluate --truth FILE” computes and keeps one."
        )
    if EvaluationSource.DECISIONS in found:
        yield Block(text=_by_decisions(found[EvaluationSource.DECISIONS][1]))


def _by_truth(run: EvaluationRun, figures: Figures, model: LinkageModel) -> Iterator[str]:
    over, review = _at(model.thresholds.automatic), _at(model.thresholds.review)
    truth = run.request.truth
    yield (
        f"The index was held against a truth file on {run.recorded_at:%Y-%m-%d}: {figures.judged:,} of "
        f"{figures.records:,} records with a known person"
        f"{f', {truth.people:,} people (SHA-256 {truth.sha256[:16]}…)' if truth else ''}."
    )
    if others := made_by_others(run, figures):
        yield others
    bands = {band.name: band for band in figures.bands}
    value, interval, counts = share_cells(bands["Automatic"].share)
    yield f"Of the pairs over {over} that no rule holds, {value} are one person ({_told(interval, counts)})."
    merges = next((measure.share for measure in figures.measures if measure.name == "False merges"), None)
    if merges is not None and merges.of:
        low, high = merges.interval
        yield (
            f"{_many(merges.hits, 'false merge')} in {merges.of:,} records: {1e6 * merges.value:,.0f} per million "
            f"({1e6 * low:,.0f} to {1e6 * high:,.0f})."
        )
    yield from _around(figures, over, review)
    value, interval, counts = share_cells(bands["Below"].share)
    yield f"Of the pairs that nobody is asked about, {value} are one person after all ({_told(interval, counts)})."
    yield _calibrated(figures)


def _around(figures: Figures, over: str, review: str) -> Iterator[str]:
    """What the nearest thresholds would do that do anything."""
    explorer = figures.explorer
    rows = ladder(explorer)
    higher = next((row for row in rows if row.fewer_links.pairs), None)
    lower = next((row for row in reversed(rows) if row.more_links.pairs), None)
    if higher is not None:
        fewer = higher.fewer_links
        yield (
            f"A higher threshold, {_at(higher.automatic)}, would have made {_many(fewer.pairs, 'automatic link')} "
            f"fewer: {fewer.different:,} wrong, and {fewer.same:,} right that a steward would have to make."
        )
    if lower is not None:
        more = lower.more_links
        yield (
            f"A lower threshold, {_at(lower.automatic)}, would have made up to {_many(more.pairs, 'automatic link')} "
            f"more: {more.same:,} right and {more.different:,} wrong."
        )
    else:
        yield (
            f"No threshold down to {_at(rows[0].automatic)} would have linked more than {over} does: rules hold, or "
            "stewards are asked about, whatever lies below."
        )
    yield from _review_around(review_ladder(explorer), review)


def _review_around(rows: Sequence[Change], review: str) -> Iterator[str]:
    below = next((row for row in reversed(rows) if row.more_questions.pairs), None)
    above = next((row for row in rows if row.fewer_questions.pairs), None)
    if below is not None:
        more = below.more_questions
        yield (
            f"Review from {_at(below.review)} instead of {review} would have asked {_many(more.pairs, 'question')} "
            f"more, {more.same:,} of them about one person."
        )
    if above is not None:
        fewer = above.fewer_questions
        yield (
            f"Review from {_at(above.review)} would have asked {_many(fewer.pairs, 'question')} fewer, "
            f"{fewer.same:,} of them about one person."
        )


def _calibrated(figures: Figures) -> str:
    told = [decile for decile in figures.free.deciles if decile.is_enough]
    if not told:
        return "Whether stated probabilities are true is not known: no tenth of them holds 200 judged pairs."
    worst = max(abs(decile.difference) for decile in told)
    return (
        f"Stated probabilities: stated and observed differ by at most {worst * 100:.1f} points, in "
        f"{_many(len(told), 'tenth')} with at least 200 judged pairs that no rule holds."
    )


def _by_decisions(figures: Figures) -> str:
    told = figures.decisions
    if told is None or not told.labels:
        return "Stewards have not decided on anything yet that could confirm or contradict it."
    return (
        f"Stewards have decided on {_many(told.labels, 'pair')}: {told.same:,} same person, {told.different:,} "
        f"different people. Of {_many(told.links, 'automatic link')} people have judged {told.links_judged:,} and "
        f"found {told.links_wrong:,} wrong. "
        "They look where a question is open: at least so many are wrong, and nobody looked at the others."
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _at(threshold: float) -> str:
    return f"{threshold * 100:g} %"


def _told(interval: str, counts: str) -> str:
    return f"95 % interval {interval}; {counts}" if counts else "none is judged"
