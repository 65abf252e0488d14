"""The first page: what there is, what waits, how the index is."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from mpi.queries import linkage
from mpi.queries.dashboard import dashboard as counted
from mpi.queries.health import health as checked
from mpi.web.pages import ActorRequest, page, show


@page
@require_safe
def dashboard(request: ActorRequest) -> HttpResponse:
    counts = counted(timezone.now())
    context = {"counts": counts, "health": checked(), "notice": linkage.retrain_notice(counts.records)}
    return show(request, "mpi/dashboard.html", context)


@page
@require_safe
def health(request: ActorRequest) -> HttpResponse:
    """The health card alone, for its refresh; a page of its own without htmx."""
    template = "mpi/_health.html" if getattr(request, "htmx", False) else "mpi/health.html"
    return show(request, template, {"health": checked()})
