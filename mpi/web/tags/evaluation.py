"""Shares with their intervals, and the plots of an evaluation."""

from __future__ import annotations

from django import template
from django.utils.html import format_html

from matching.evaluate import Share
from mpi.queries.evaluation_compare import Compared
from mpi.queries.evaluation_figures import Calibration, Figures, Measure
from mpi.queries.key_words import key_words
from mpi.web import formats, plots_evaluation
from mpi.web.plots import probability_to_bits
from mpi.web.tags.values import UNKNOWN

register = template.Library()


@register.filter
def fine_share(value: float | None) -> str:
    """`99.944 %`: as many digits as tell it from a certainty."""
    return formats.fine_share(value) or UNKNOWN


@register.filter
def share_value(share: Share | None) -> str:
    """The value of a share, or the words for a share of nothing."""
    if not share or not share.of:
        return UNKNOWN
    return formats.fine_share(share.value)


@register.filter
def interval(share: Share | None) -> str:
    """The 95 % interval of a share; of a plain value there is none."""
    if not share or not share.of:
        return "none" if not share else UNKNOWN
    low, high = share.interval
    return f"{formats.fine_share(low)} to {formats.fine_share(high)}"


@register.filter
def of_how_many(share: Share | None) -> str:
    """`1,790 of 1,791`."""
    if not share:
        return "not a share"
    return f"{share.hits:,} of {share.of:,}" if share.of else "none judged"


@register.filter
def what_is_shared(rule: str) -> str:
    """What records share that this blocking rule finds."""
    return key_words(rule)


@register.filter
def per_million(share: Share) -> str:
    """A share as a count in a million."""
    return f"{1e6 * share.value:,.0f}" if share.of else ""


@register.filter
def per_million_interval(share: Share) -> str:
    """The same interval as counts in a million."""
    low, high = share.interval
    return f"{1e6 * low:,.0f} to {1e6 * high:,.0f}" if share.of else ""


@register.filter
def measured(measure: Measure | None) -> str:
    """The value of a measure: a share, or a plain number of four decimals."""
    if measure is None:
        return UNKNOWN
    if measure.share is not None:
        return share_value(measure.share)
    return UNKNOWN if measure.value is None else f"{measure.value:.5f}"


@register.filter
def signed_points(compared: Compared) -> str:
    """A difference with its sign: in percentage points for shares."""
    if compared.difference is None:
        return UNKNOWN
    is_share = compared.one is not None and compared.one.share is not None
    size = abs(compared.difference) * (100 if is_share else 1)
    sign = "" if not size else "+" if compared.difference > 0 else formats.MINUS
    return f"{sign}{size:.3f} points" if is_share else f"{sign}{size:.5f}"


@register.filter
def difference_points(value: float) -> str:
    """`+3.1` percentage points."""
    return f"{'+' if value > 0 else formats.MINUS if value < 0 else ''}{abs(value) * 100:.1f}"


@register.simple_tag
def verdict(compared: Compared) -> str:
    """Whether a difference is more than chance, in words."""
    if compared.tells is None:
        return format_html('<span class="quiet">{}</span>', "no interval")
    return "intervals apart" if compared.tells else "within what chance explains"


@register.inclusion_tag("mpi/_calibration_plot.html")
def calibration_plot(calibration: Calibration) -> dict[str, object]:
    """Stated against observed as a plot; the table beside it says the same."""
    return {"plot": plots_evaluation.calibration_plot(calibration)}


@register.inclusion_tag("mpi/_weight_plot.html")
def weight_plot(figures: Figures) -> dict[str, object]:
    """Pairs by match weight as a plot; the table beside it says the same."""
    review, automatic = figures.review_bits, figures.automatic_bits
    limits = (
        (probability_to_bits(figures.explorer.review) if review is None else review, "review"),
        (probability_to_bits(figures.explorer.automatic) if automatic is None else automatic, "link"),
    )
    return {"plot": plots_evaluation.weight_plot(figures.weights, limits=limits), "figures": figures}
