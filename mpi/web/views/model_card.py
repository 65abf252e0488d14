"""The model card: a page made to be printed, and the same as Markdown."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from mpi.access import Permission
from mpi.queries.model_card import card_of
from mpi.services.model_card import export_model_card
from mpi.web.pages import ActorRequest, page, require, show


@require_GET
@page
def model_card(request: ActorRequest, name: str) -> HttpResponse:
    require(request, Permission.MODEL_READ)
    return show(request, "mpi/model_card.html", {"card": card_of(name)})


@require_GET
@page
def model_card_markdown(request: ActorRequest, name: str) -> HttpResponse:
    card, text = export_model_card(actor=request.actor, name=name)
    plain = "".join(char if char.isascii() and (char.isalnum() or char in ".-") else "-" for char in card.version)
    headers = {"Content-Disposition": f'attachment; filename="model-card-{plain}.md"'}
    return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers=headers)
