"""A message as it came: asked for with a reason, shown once, written down."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from mpi.access import Permission
from mpi.queries import messages as message_reads
from mpi.services.raw_message import show_raw_message
from mpi.web.forms import WordsForm
from mpi.web.pages import ActorRequest, page, posted, require, show


@page
@require_http_methods(["GET", "POST"])
def raw_message(request: ActorRequest, message_uuid: UUID) -> HttpResponse:
    actor = require(request, Permission.MESSAGES)
    require(request, Permission.RECORD_READ)
    form = WordsForm(posted(request))
    raw = None
    if request.method == "POST" and form.is_valid():
        raw = show_raw_message(uuid=message_uuid, reason=form.cleaned_data["reason"], actor=actor)
        messages.warning(request, "That you looked at this message was recorded, with your reason.")
    row = message_reads.message(message_uuid)
    context = {"message": row, "record": message_reads.record_of(row), "raw": raw, "form": form}
    return show(request, "mpi/raw_message.html", context, status=422 if form.errors else 200)
