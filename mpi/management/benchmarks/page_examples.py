"""What of an index each page with parameters can show: for the walk over all pages, and to measure them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

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
    Proposal,
    Registration,
    Relationship,
    RematchRun,
    Separation,
    SourceMerge,
    SourceRecord,
    SurvivorshipVersion,
)
from mpi.web.views.help import PAGES

Values = Mapping[str, Any]
Example = Callable[[], Sequence[Values]]
"""Parameters of an address, one mapping for each thing to show; none where this index has nothing of it."""

_MERGED = (EventKind.MERGE, EventKind.SAME_PERSON)


def _first(rows: QuerySet[Any], **attributes: str) -> Example:
    """Parameters from the attributes of the first of these rows."""

    def found() -> Sequence[Values]:
        return [
            {name: getattr(row, attribute) for name, attribute in attributes.items()}
            for row in rows.order_by(*(rows.query.order_by or ("pk",)))[:1]
        ]

    return found


def _person() -> Sequence[Values]:
    """The live golden record with the most members, of those that were merged last if they live."""
    live = GoldenRecord.objects.filter(status__in=("provisional", "confirmed")).order_by("-member_count", "pk")
    last = IdentityEvent.objects.filter(kind__in=_MERGED).order_by("-pk").first()
    golden = (last and live.filter(pk__in=last.golden_record_ids).first()) or live.first()
    return [{"euid": golden.euid}] if golden else []


_question = PotentialMatch.objects.filter(status="open").select_related("golden_a", "golden_b").order_by("-risk", "pk")


def _pair(one: str, other: str) -> Example:
    """Both sides of an open question."""
    return lambda: [{one: match.golden_a.euid, other: match.golden_b.euid} for match in _question.all()[:1]]


def _linked_elsewhere() -> Sequence[Values]:
    """A record of one side of an open question, and the golden record of the other."""
    return [{"record_id": match.record_a_id, "euid": match.golden_b.euid} for match in _question.all()[:1]]


def _override() -> Sequence[Values]:
    standing = GoldenOverride.objects.filter(ended_at=None).select_related("golden_record").order_by("pk")
    return [{"euid": row.golden_record.euid, "field": row.field} for row in standing[:1]]


def _two_numbers() -> Sequence[Values]:
    """Two active records of one source: a person's duplicate there, else any two."""
    duplicate = _question.filter(kind="duplicate").values_list("record_a_id", "record_b_id").first()
    first = _record.first()
    same_source = _record.filter(source_system=first.source_system_id if first else None)
    pair = duplicate or tuple(same_source.values_list("pk", flat=True)[:2])
    return [{"record_id": pair[0], "survivor_id": pair[1]}] if len(pair) == 2 else []


def _tasks(*, overlays: bool) -> Example:
    """The newest task of each type."""

    def found() -> Sequence[Values]:
        known = IdentityTask.objects.order_by("type", "-pk").distinct("type")
        known = known.filter(type="overlay") if overlays else known.exclude(type="overlay")
        return [{"uuid": uuid} for uuid in known.values_list("uuid", flat=True)]

    return found


def _event(*kinds: str) -> Example:
    return _first(IdentityEvent.objects.filter(kind__in=kinds, undone_by=None).order_by("-pk"), event_uuid="uuid")


def _unsettled(kind: str) -> Example:
    waiting = Registration.objects.filter(kind=kind, settled_at=None, withdrawn_at=None)
    return _first(waiting.order_by("-pk"), registration_uuid="uuid")


def _version(status: str) -> Example:
    return _first(LinkageModelVersion.objects.filter(status=status).order_by("-pk"), name="name")


def _compared_runs() -> str:
    runs = EvaluationRun.objects.order_by("-pk").values_list("uuid", flat=True)[:2]
    return f"?a={runs[0]}&b={runs[1]}" if len(runs) == 2 else ""


_record = SourceRecord.objects.filter(state="active").order_by("pk")
_rules = SurvivorshipVersion.objects.order_by("-pk")

PARAMETERS: dict[tuple[str, ...], Example] = {
    ("euid",): _person,
    ("record_id",): _first(_record, record_id="pk"),
    ("message_uuid",): _first(InboundMessage.objects.order_by("-pk"), message_uuid="uuid"),
    ("job_uuid",): _first(Job.objects.order_by("-pk"), job_uuid="uuid"),
    ("decision_uuid",): _first(Decision.objects.exclude(bits=None).order_by("-pk"), decision_uuid="uuid"),
}
"""By the names of the parameters, where the address itself has no example below."""

EXAMPLES: dict[str, Example] = {
    **dict.fromkeys(
        ("source-record", "source-record-versions"),
        _first(SourceRecord.objects.order_by("-version", "pk"), record_id="pk"),
    ),
    "merge": _pair("survivor", "retired"),
    "separate": _pair("euid", "other"),
    "undo": _event(*UNDOABLE),
    "unmerge": _event(*_MERGED),
    "lift-override": _override,
    "lift-separation": _first(Separation.objects.filter(lifted_at=None), separation_uuid="uuid"),
    "unrelate": _first(Relationship.objects.filter(ended_at=None), relationship_uuid="uuid"),
    "link": _linked_elsewhere,
    "unmask": _first(_record.exclude(ssn_cipher=None), record_id="pk"),
    "source-merge": _two_numbers,
    "source-unmerge": _first(SourceMerge.objects.filter(ended_at=None), record_id="subsumed_id"),
    "decision-of-message": _first(Decision.objects.exclude(message_id=None), message_id="message_id"),
    "evaluation-run": _first(EvaluationRun.objects.order_by("-pk"), run_uuid="uuid"),
    **dict.fromkeys(("review-task", "review-state"), _first(_question, uuid="uuid")),
    "review-overlay": _tasks(overlays=True),
    "review-identity-task": _tasks(overlays=False),
    **dict.fromkeys(
        ("rematch", "rematch-approve", "rematch-apply", "rematch-undo"),
        _first(RematchRun.objects.order_by("-pk"), run_uuid="uuid"),
    ),
    **dict.fromkeys(("model", "model-compare", "model-approve", "model-reject", "model-document"), _version("draft")),
    "model-activate": _version("approved"),
    "model-rollback": _version("superseded"),
    **dict.fromkeys(("model-card", "model-card-markdown"), _version("active")),
    **{
        f"survivorship-{page}": _first(_rules, name="name")
        for page in ("version", "preview", "approve", "reject", "activate")
    },
    "registration": _first(Registration.objects.order_by("-pk"), registration_uuid="uuid"),
    "register-name": _unsettled("newborn"),
    **dict.fromkeys(("register-identify", "register-withdraw"), _unsettled("alias")),
    "review-proposal": _first(Proposal.objects.order_by("-pk"), uuid="uuid"),
    "help-page": lambda: [{"slug": page.slug} for page in PAGES],
    "review-figure": lambda: [{"slug": "open"}],
}
"""By the name of the address."""

QUERIES: dict[str, Callable[[], str]] = {"evaluation-compare": _compared_runs, "golden-as-of": lambda: "?step=1"}
"""What follows the question mark, for pages that show nothing without it."""
