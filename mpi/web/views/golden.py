"""The golden record: overview, source records, household, questions, history. The banner stands on each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from mpi import access
from mpi.models import GoldenRecord, Link
from mpi.queries import merges, numbers, person, potential_matches, timeline
from mpi.queries.household import Subject, household
from mpi.queries.identity_tasks import held_back
from mpi.queries.relationships import relatives_of
from mpi.queries.vip import vip_marks
from mpi.services.reasons import REASONS
from mpi.web.pages import ActorRequest, page, show, time_of, whole_number


def _opened(request: ActorRequest, euid: str, tab: str) -> tuple[GoldenRecord, list[Link], dict[str, Any]]:
    """The live golden record, its members, and what the frame of each of its pages needs. Audited."""
    golden, passed = access.access_person(request.actor, euid)
    links = person.members(golden)
    return golden, links, {**framed(golden, links, tab), "passed": passed}


def framed(golden: GoldenRecord, links: Sequence[Link], tab: str) -> dict[str, Any]:
    """The banner, the tabs, and whether a supervisor has marked the person as VIP."""
    return {"golden": golden, "person": person.banner(golden, links), "vip": vip_marks(golden.pk), "tab": tab}


@page
@require_safe
def overview(request: ActorRequest, euid: str) -> HttpResponse:
    golden, links, context = _opened(request, euid, "overview")
    asked, related = potential_matches.open_matches(golden), relatives_of(golden)
    beside = [*(match.other for match in asked), *(one.person for one in related)]
    access.audit_shown(request.actor, [other.euid for other in beside], beside=golden.euid)
    context |= {
        "links": links,
        "relatives": related,
        "held_back": held_back(link.source_record for link in links),
        "fields": person.fields(golden, links),
        "numbers": numbers.numbers(links),
        "open_matches": asked,
        "kept_apart": potential_matches.kept_apart(links, REASONS),
    }
    return show(request, "mpi/golden_record.html", context)


@page
@require_safe
def source_records(request: ActorRequest, euid: str) -> HttpResponse:
    _, links, context = _opened(request, euid, "source-records")
    context |= {"links": links, "held_back": held_back(link.source_record for link in links)}
    return show(request, "mpi/golden_source_records.html", context)


@page
@require_safe
def at_home(request: ActorRequest, euid: str) -> HttpResponse:
    """Who shares an address, a telephone or an e-mail address with this person. Each of them counts as read."""
    golden, links, context = _opened(request, euid, "household")
    found, related = household(Subject(golden, [link.source_record for link in links])), relatives_of(golden)
    beside = [*(one.banner for one in found.residents), *(one.person for one in related)]
    access.audit_shown(request.actor, [other.euid for other in beside], beside=golden.euid)
    return show(request, "mpi/golden_household.html", {**context, "household": found, "relatives": related})


@page
@require_safe
def questions(request: ActorRequest, euid: str) -> HttpResponse:
    """With whom this person may be one, was asked about before, and is kept apart from."""
    golden, links, context = _opened(request, euid, "questions")
    asked = potential_matches.open_matches(golden)
    before = potential_matches.asked_before(golden, REASONS, before=whole_number(request.GET.get("before", "")))
    others = [*(match.other for match in asked), *(match.other for match in before.rows)]
    access.audit_shown(request.actor, [other.euid for other in others], beside=golden.euid)
    context |= {
        "open_matches": asked,
        "open_tasks": potential_matches.open_tasks(links),
        "page": before,
        "kept_apart": potential_matches.kept_apart(links, REASONS),
    }
    return show(request, "mpi/golden_questions.html", context)


@page
@require_safe
def history(request: ActorRequest, euid: str) -> HttpResponse:
    """Of exactly this EUID: a merged golden record keeps a history of its own."""
    golden = access.access_exact_golden_record(request.actor, euid)
    context = framed(golden, person.members(golden), "history")
    context["timeline"] = timeline.timeline(golden, REASONS, before=time_of(request.GET.get("before", "")))
    return show(request, "mpi/golden_history.html", context)


@page
@require_safe
def merged(request: ActorRequest, euid: str) -> HttpResponse:
    """Every merge of exactly this EUID: who, when, why, and how each is taken back."""
    golden = access.access_exact_golden_record(request.actor, euid)
    context = framed(golden, person.members(golden), "merges")
    context |= {
        "page": merges.merges(golden, REASONS, before=whole_number(request.GET.get("before", ""))),
        "merged_from": person.merged_into_this(golden),
    }
    return show(request, "mpi/golden_merges.html", context)
