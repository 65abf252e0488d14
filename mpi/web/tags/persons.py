"""The household of a person as a plot; instants that the audit log keeps as text."""

from __future__ import annotations

from datetime import datetime

from django import template

from mpi.queries.household import Household
from mpi.web.plots_household import household_plot

register = template.Library()


@register.inclusion_tag("mpi/_household_plot.html")
def household_map(household: Household) -> dict[str, object]:
    """`{% household_map household %}`: the plot; the table behind it is in `mpi/_household.html`."""
    return {"plot": household_plot(household)}


@register.filter
def instant(value: str) -> datetime | None:
    """The time of an ISO 8601 text of ours, for `{% moment %}`; None where it is none."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
