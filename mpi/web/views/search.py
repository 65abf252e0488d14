"""Search. By POST only: names and numbers never stand in an address."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from mpi import access
from mpi.access import Permission
from mpi.queries.identity_tasks import under_review
from mpi.queries.search import find, systems
from mpi.web.forms import SearchForm
from mpi.web.pages import ActorRequest, page, posted, require, show


@page
@require_http_methods(["GET", "POST"])
def search(request: ActorRequest) -> HttpResponse:
    actor = require(request, Permission.PERSON_READ)
    form = SearchForm(posted(request), systems=systems())
    if request.method == "GET":
        return show(request, "mpi/search.html", {"form": form})
    if not form.is_valid():
        return show(request, "mpi/search.html", {"form": form}, status=422)
    results = find(form.query())
    euids = [hit.person.euid for hit in results.hits]
    access.audit_search(actor, euids)
    context = {"form": form, "results": results, "under_review": under_review(euids)}
    return show(request, "mpi/search.html", context)
