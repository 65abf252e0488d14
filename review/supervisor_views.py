"""The supervisor's page: figures of the desk with plots, and each of them as CSV. No value of a patient is on it."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.actions import Action
from audit.record import entry_by, record
from mpi import access
from mpi.errors import NotFound
from review.desk import desk
from review.figures import csv_text
from review.pages import StewardRequest, show, steward_required
from review.queries.metrics import PERIODS, Period, period


@require_GET
@steward_required
def supervisor(request: StewardRequest) -> HttpResponse:
    """All figures of the period asked for."""
    access.require(request.actor, access.Permission.SUPERVISE)
    asked = _period(request)
    context = {"desk": desk(asked), "period": asked, "periods": PERIODS.items()}
    return show(request, "review/supervisor.html", context, now=asked.until)


@require_GET
@steward_required
def figure_csv(request: StewardRequest, slug: str) -> HttpResponse:
    """One figure as a file; written down as an export, for it names members of staff."""
    access.require(request.actor, access.Permission.SUPERVISE)
    asked = _period(request)
    figure = desk(asked).figure(slug)
    if figure is None:
        raise NotFound("There is no figure of this name.")
    with transaction.atomic():
        record(entry_by(request.actor, Action.EXPORT_FIGURES, detail={"figure": slug, "days": asked.days}))
    name = f"desk-{slug}-{asked.days}d-{asked.until:%Y%m%dT%H%M%SZ}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(csv_text(figure), content_type="text/csv; charset=utf-8", headers=headers)


def _period(request: StewardRequest) -> Period:
    asked = request.GET.get("days", "")
    return period(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0, now=timezone.now())
