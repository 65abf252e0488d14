"""The console: any two beside each other, with what the engine makes of them. Nothing is linked. By POST only."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from mpi.access import Permission
from mpi.errors import InvalidInput, NotFound
from mpi.queries import person
from mpi.queries.evidence import evidence_of
from mpi.queries.search import systems
from mpi.services.compare import Side, compare
from mpi.web.forms_compare import SideForm
from mpi.web.pages import ActorRequest, page, posted, require, show

_TYPED = {"name": "Typed in", "sub": "not in the index"}


@page
@require_http_methods(["GET", "POST"])
def console(request: ActorRequest) -> HttpResponse:
    actor = require(request, Permission.MATCH)
    known = systems()
    sides = {place: SideForm(posted(request), prefix=place, systems=known) for place in ("left", "right")}
    context: dict[str, object] = {"sides": sides.values(), **sides}
    if request.method == "GET":
        return show(request, "mpi/compare.html", context)
    wrong = [form for form in sides.values() if not form.is_valid()]
    if wrong:
        return show(request, "mpi/compare.html", context, status=422)
    try:
        found = compare(left=sides["left"].named(), right=sides["right"].named(), actor=actor)
    except (InvalidInput, NotFound) as error:
        _tell(sides, error)
        return show(request, "mpi/compare.html", context, status=error.http_status)
    context |= {"found": found, "evidence": evidence_of(found.evidence, found.model)}
    context |= {"heads": [_head(found.left), _head(found.right)], "typed_head": _TYPED}
    return show(request, "mpi/compare.html", context)


def _tell(sides: dict[str, SideForm], error: InvalidInput | NotFound) -> None:
    """Where the flaw is: at the side that it names, else at the first whose number nobody has."""
    for flaw in error.flaws:
        sides[flaw.field].add_error("reference", f"{flaw.problem}: {flaw.mend}".capitalize())
    if not error.flaws:
        for form in sides.values():
            if form.cleaned_data.get("reference"):
                form.add_error("reference", error.detail)


def _head(side: Side) -> dict[str, object]:
    """What stands over a side: whose it is, and what of it is compared."""
    return {"side": side, "person": person.banner(side.golden) if side.golden else None}
