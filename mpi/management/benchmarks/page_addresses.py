"""The addresses of all pages, each with something of this index to show.

An address that has parameters needs an example; an address of an act answers no GET. Whoever adds a page adds its
example here: the walk of the tests and `benchmark pages` both go by this list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from mpi.models import (
    UNDOABLE,
    Decision,
    EvaluationRun,
    EventKind,
    GoldenOverride,
    GoldenRecord,
    IdentityEvent,
    IdentityTask,
    InboundMessage,
    Job,
    LinkageModelVersion,
    PotentialMatch,
    Relationship,
    RematchRun,
    Separation,
    SourceMerge,
    SourceRecord,
    SurvivorshipVersion,
)

Values = Mapping[str, Any]
Example = Callable[[], Values | None]
"""The parameters of an address, None where this index has nothing to show there."""

_MACHINE_DOORS = ("api/",)
_ACTS_ON_EVENTS = {"undo": tuple(UNDOABLE), "unmerge": (EventKind.MERGE, EventKind.SAME_PERSON)}


@dataclass(frozen=True, slots=True)
class PageAddress:
    """A named address; `parameters` are the names in its route; `address` is "" where nothing can be shown."""

    name: str
    parameters: tuple[str, ...]
    known: bool
    address: str


def page_addresses() -> Iterator[PageAddress]:
    """Every named address of the pages once, in the order of the resolver. The doors for machines are left out."""
    seen = set()
    for route, pattern in _patterns(get_resolver().url_patterns):
        if pattern.name and pattern.name not in seen and not route.startswith(_MACHINE_DOORS):
            seen.add(pattern.name)
            yield _addressed(pattern.name, tuple(pattern.pattern.converters))


def _patterns(patterns: list[URLPattern | URLResolver], route: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        whole = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield whole, pattern
        else:
            yield from _patterns(pattern.url_patterns, whole)


def _addressed(name: str, parameters: tuple[str, ...]) -> PageAddress:
    if not parameters:
        query = QUERIES[name]() if name in QUERIES else ""
        return PageAddress(name, (), True, reverse(name) + query)
    example = EXAMPLES.get(name) or PARAMETERS.get(parameters)
    found = example() if example else None
    return PageAddress(name, parameters, example is not None, reverse(name, kwargs=dict(found)) if found else "")


def _first(rows: QuerySet[Any], **attributes: str) -> Example:
    """Parameters from the attributes of the first of these rows."""

    def found() -> Values | None:
        row: Model | None = rows.all().first()
        return {name: getattr(row, attribute) for name, attribute in attributes.items()} if row else None

    return found


def _person() -> Values | None:
    """The live golden record with the most members that somebody acted on, else simply the one with the most."""
    live = GoldenRecord.objects.filter(status__in=("provisional", "confirmed")).order_by("-member_count", "id")
    for event in IdentityEvent.objects.filter(kind__in=_ACTS_ON_EVENTS["unmerge"]).order_by("-id")[:1]:
        live = live.filter(pk__in=event.golden_record_ids) or live
    golden = live.first()
    return {"euid": golden.euid} if golden else None


def _pair(one: str, other: str) -> Example:
    """Both sides of an open question."""

    def found() -> Values | None:
        question = PotentialMatch.objects.filter(status="open").select_related("golden_a", "golden_b").first()
        return {one: question.golden_a.euid, other: question.golden_b.euid} if question else None

    return found


def _event(act: str) -> Example:
    kinds = _ACTS_ON_EVENTS[act]
    return _first(IdentityEvent.objects.filter(kind__in=kinds, undone_by=None).order_by("-id"), event_uuid="uuid")


def _override() -> Values | None:
    standing = GoldenOverride.objects.filter(ended_at=None).select_related("golden_record").first()
    return {"euid": standing.golden_record.euid, "field": standing.field} if standing else None


def _linked_elsewhere() -> Values | None:
    """A record of one side of an open question, and the golden record of the other."""
    question = PotentialMatch.objects.filter(status="open").select_related("golden_b").first()
    return {"record_id": question.record_a_id, "euid": question.golden_b.euid} if question else None


def _two_numbers() -> Values | None:
    """Two active records of one source: a person's duplicate there, else any two."""
    found = PotentialMatch.objects.filter(status="open", kind="duplicate").values_list("record_a_id", "record_b_id")
    first = SourceRecord.objects.filter(state="active").order_by("id").first()
    system = first.source_system_id if first else None
    others = SourceRecord.objects.filter(state="active", source_system=system).order_by("id")
    pair = found.first() or tuple(others.values_list("pk", flat=True)[:2])
    return {"record_id": pair[0], "survivor_id": pair[1]} if len(pair) == 2 else None


def _compared_runs() -> str:
    runs = EvaluationRun.objects.order_by("-id").values_list("uuid", flat=True)[:2]
    return f"?a={runs[0]}&b={runs[1]}" if len(runs) == 2 else ""


def _task(*types: str) -> Example:
    """The newest open task of these types, else the newest."""
    of_type = IdentityTask.objects.filter(type__in=types)
    return _first(of_type.order_by("closed_at", "-id"), uuid="uuid")


_record = SourceRecord.objects.filter(state="active").order_by("id")
_draft = LinkageModelVersion.objects.filter(status="draft")
_PREVIOUS = LinkageModelVersion.objects.filter(status="superseded")
_rules = SurvivorshipVersion.objects.order_by("-id")

PARAMETERS: dict[tuple[str, ...], Example] = {
    ("euid",): _person,
    ("record_id",): _first(_record, record_id="pk"),
    ("message_uuid",): _first(InboundMessage.objects.order_by("-id"), message_uuid="uuid"),
    ("job_uuid",): _first(Job.objects.order_by("-id"), job_uuid="uuid"),
    ("decision_uuid",): _first(Decision.objects.exclude(bits=None).order_by("-id"), decision_uuid="uuid"),
}
"""By the names of the parameters, where the address itself has no example below."""

EXAMPLES: dict[str, Example] = {
    "merge": _pair("survivor", "retired"),
    "separate": _pair("euid", "other"),
    "undo": _event("undo"),
    "unmerge": _event("unmerge"),
    "lift-override": _override,
    "lift-separation": _first(Separation.objects.filter(lifted_at=None), separation_uuid="uuid"),
    "unrelate": _first(Relationship.objects.filter(ended_at=None), relationship_uuid="uuid"),
    "link": _linked_elsewhere,
    "unmask": _first(_record.exclude(ssn_cipher=None), record_id="pk"),
    "source-merge": _two_numbers,
    "source-unmerge": _first(SourceMerge.objects.filter(ended_at=None), record_id="subsumed_id"),
    "decision-of-message": _first(Decision.objects.exclude(message_id=None), message_id="message_id"),
    "evaluation-run": _first(EvaluationRun.objects.order_by("-id"), run_uuid="uuid"),
    "review-task": _first(PotentialMatch.objects.filter(status="open").order_by("-risk"), uuid="uuid"),
    "review-state": _first(PotentialMatch.objects.filter(status="open").order_by("-risk"), uuid="uuid"),
    "review-overlay": _task("overlay"),
    **dict.fromkeys(("rematch", "rematch-approve"), _first(RematchRun.objects.order_by("-id"), run_uuid="uuid")),
    "rematch-apply": _first(RematchRun.objects.order_by("-id"), run_uuid="uuid"),
    "rematch-undo": _first(RematchRun.objects.order_by("-id"), run_uuid="uuid"),
    **dict.fromkeys(
        ("model", "model-compare", "model-approve", "model-reject", "model-document"), _first(_draft, name="name")
    ),
    "help-page": lambda: {"slug": "tasks"},
    "review-figure": lambda: {"slug": "open"},
    "model-activate": _first(LinkageModelVersion.objects.filter(status="approved"), name="name"),
    "model-rollback": _first(_PREVIOUS.order_by("-id"), name="name"),
    **dict.fromkeys(
        ("model-card", "model-card-markdown"), _first(LinkageModelVersion.objects.filter(status="active"), name="name")
    ),
    **{
        f"survivorship-{page}": _first(_rules, name="name")
        for page in ("version", "preview", "approve", "reject", "activate")
    },
}
"""By the name of the address."""

QUERIES: dict[str, Callable[[], str]] = {"evaluation-compare": _compared_runs}
"""What follows the question mark, for pages that show nothing without it."""
