"""Everything on the supervisor's page, read once: the raw figures, the tiles above them, the tables and plots."""

from __future__ import annotations

from dataclasses import dataclass

from matching.evaluate import Share
from review.figures import Figure
from review.figures_quality import (
    agreement_figure,
    disagreements_figure,
    duplicates_figure,
    pairs_figure,
    registrars_figure,
)
from review.figures_work import (
    answers_figure,
    open_figure,
    overturned_figure,
    reviewers_figure,
    trend_figure,
    waiting_figure,
)
from review.kappa import Agreement
from review.queries.metrics import Period
from review.queries.metrics_agreement import agreement_figures, disagreements
from review.queries.metrics_duplicates import duplicate_figures
from review.queries.metrics_flow import answers_over_time, reviewers, waiting
from review.queries.metrics_open import open_by_type, trend


@dataclass(frozen=True, slots=True)
class Tiles:
    """The figures in one look. `an_hour` is None where nobody answered."""

    open: int
    late: int
    answers: int
    an_hour: float | None
    overturned: Share
    agreement: Agreement
    second_numbers: Share


@dataclass(frozen=True, slots=True)
class Desk:
    """The page: tiles, then figures in the order in which they are shown."""

    tiles: Tiles
    figures: tuple[Figure, ...]

    def figure(self, slug: str) -> Figure | None:
        """The figure of that name."""
        return next((figure for figure in self.figures if figure.slug == slug), None)


def desk(period: Period) -> Desk:
    """All figures of a period. Twenty queries at most, however much there is."""
    types, people = open_by_type(period.until), reviewers(period)
    agreed, second = agreement_figures(period), duplicate_figures(period)
    hours = sum(one.active_hours for one in people)
    answered = sum(one.answers for one in people)
    tiles = Tiles(
        open=sum(one.open for one in types),
        late=sum(one.late for one in types),
        answers=answered,
        an_hour=answered / hours if hours else None,
        overturned=Share(sum(one.overturned.hits for one in people), sum(one.overturned.of for one in people)),
        agreement=agreed.overall,
        second_numbers=Share(
            sum(one.duplicates.hits for one in second.sources), sum(one.duplicates.of for one in second.sources)
        ),
    )
    figures = (
        open_figure(types),
        trend_figure(period, trend(period)),
        answers_figure(period, answers_over_time(period)),
        waiting_figure(waiting(period)),
        reviewers_figure(people),
        overturned_figure(people),
        agreement_figure(agreed),
        pairs_figure(agreed),
        disagreements_figure(disagreements(period)),
        duplicates_figure(second),
        registrars_figure(second),
    )
    return Desk(tiles, figures)
