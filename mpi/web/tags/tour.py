"""The tour under the bar of a page."""

from __future__ import annotations

from django import template
from django.template.context import Context

from mpi.web import tour

register = template.Library()


@register.inclusion_tag("partials/_tour.html", takes_context=True)
def tour_note(context: Context) -> dict[str, object]:
    """The step at hand; on the dashboard, the offer of a tour to whoever has not seen it. No query of its own."""
    request = context.get("request")
    actor = getattr(request, "actor", None)
    if request is None or actor is None:
        return {"step": None, "is_offered": False}
    step = tour.current(request.session, actor)
    at_home = request.path == "/"
    return {
        "step": step,
        "is_offered": at_home and step is None and tour.is_offered(request.session, request.COOKIES),
        "is_here": step is not None and request.path == step.url,
        "csrf_token": context.get("csrf_token"),
    }
