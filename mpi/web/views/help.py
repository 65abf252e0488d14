"""Help in the app: what things mean and how to decide, the glossary, the keyboard, and the first-run tour."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from mpi.errors import NotFound
from mpi.web import tour
from mpi.web.pages import ActorRequest, page, show

_YEAR_S = 365 * 86_400


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One page of the help; its text is the template `mpi/help_<slug>.html`."""

    slug: str
    title: str
    means: str

    @property
    def template(self) -> str:
        """Where its text is."""
        return f"mpi/help_{self.slug}.html"


PAGES = (
    HelpPage("tasks", "Types of task", "What each type asks, what to look at, how to answer."),
    HelpPage("deciding", "How to decide", "From the evidence to the answer, what an answer does, and how to undo it."),
    HelpPage("persons", "Persons and records", "Golden records, links, merges, separations, special patients."),
    HelpPage("keyboard", "Keyboard", "Every key of every page."),
    HelpPage("glossary", "Glossary", "The words of the index, each with one meaning."),
    HelpPage("supervisor", "Figures of the desk", "How to read the supervisor's page: targets, kappa, duplicates."),
    HelpPage("compliance", "For compliance", "What is written down, how it is sealed, how to export and verify it."),
    HelpPage("integration", "For integration", "Sending records, reading answers, retries, errors, notifications."),
)
_BY_SLUG = {one.slug: one for one in PAGES}


@require_GET
@page
def overview(request: ActorRequest) -> HttpResponse:
    return show(request, "mpi/help.html", {"pages": PAGES, "tour_steps": len(tour.steps(request.actor))})


@require_GET
@page
def help_page(request: ActorRequest, slug: str) -> HttpResponse:
    found = _BY_SLUG.get(slug)
    if found is None:
        raise NotFound("There is no help page of this name.")
    return show(request, found.template, {"help": found, "pages": PAGES})


@require_POST
@page
def tour_move(request: ActorRequest, move: str) -> HttpResponseBase:
    """Start, next, back or end. Ending it, or declining it, is remembered in this browser for a year."""
    if move not in tour.MOVES:
        raise NotFound("The tour knows no such step.")
    step = tour.go(request.session, request.actor, move)
    if step is not None:
        return redirect(step.url)
    answer = redirect("help" if move == "next" else "dashboard")
    answer.set_cookie(tour.COOKIE, "done", max_age=_YEAR_S, samesite="Lax", httponly=True, secure=request.is_secure())
    return answer
