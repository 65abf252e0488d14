"""The golden record: overview, source records, history. The banner stands on each."""

from __future__ import annotations

from django.http import HttpResponse

from mpi import access
from mpi.queries import numbers, person, timeline
from mpi.queries.identity_tasks import held_back
from mpi.services.reasons import REASONS
from mpi.web.pages import ActorRequest, page, show, time_of


@page
def overview(request: ActorRequest, euid: str) -> HttpResponse:
    golden, passed = access.access_person(request.actor, euid)
    links = person.members(golden)
    context = {
        "golden": golden,
        "passed": passed,
        "person": person.banner(golden, links),
        "links": links,
        "held_back": held_back(link.source_record for link in links),
        "fields": person.fields(golden, links),
        "numbers": numbers.numbers(links),
        "open_matches": person.open_matches(golden),
        "kept_apart": person.kept_apart(links),
        "tab": "overview",
    }
    return show(request, "mpi/golden_record.html", context)


@page
def source_records(request: ActorRequest, euid: str) -> HttpResponse:
    golden, passed = access.access_person(request.actor, euid)
    links = person.members(golden)
    context = {
        "golden": golden,
        "passed": passed,
        "person": person.banner(golden, links),
        "links": links,
        "held_back": held_back(link.source_record for link in links),
    }
    return show(request, "mpi/golden_source_records.html", {**context, "tab": "source-records"})


@page
def history(request: ActorRequest, euid: str) -> HttpResponse:
    """Of exactly this EUID: a merged golden record keeps a history of its own."""
    golden = access.access_exact_golden_record(request.actor, euid)
    context = {
        "golden": golden,
        "person": person.banner(golden, person.members(golden)),
        "merged_from": person.merged_into_this(golden),
        "timeline": timeline.timeline(golden, REASONS, before=time_of(request.GET.get("before", ""))),
        "tab": "history",
    }
    return show(request, "mpi/golden_history.html", context)
