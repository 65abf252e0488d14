"""The source record page: as told, standardised, its link and the decision behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from matching.records import PatientRecord, StandardRecord
from mpi import codec
from mpi.errors import NotFound
from mpi.models import Decision, GoldenRecord, Link, LinkageModelVersion, SourceRecord
from mpi.queries.evidence import Evidence, evidence_of
from mpi.queries.linkage import statement_of
from mpi.queries.numbers import number_kind
from mpi.queries.person import LABELS
from mpi.queries.timeline import event_words, said

LINKS_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a record: what it is, the value, and its use (current, former ...)."""

    label: str
    value: Any
    shape: str
    use: str = ""


@dataclass(frozen=True, slots=True)
class LinkStory:
    """A link with why it stands or stood: the act that opened it, and the one that ended it, in words.

    `support` is the record that earned it; `ended`, `ended_by` and `ended_reason` are "" of an open link.
    """

    link: Link
    opened: str
    opened_by: str
    reason: str
    support: SourceRecord | None
    ended: str = ""
    ended_by: str = ""
    ended_reason: str = ""


@dataclass(frozen=True, slots=True)
class Considered:
    """One person the engine considered, with the evidence of the strongest pair."""

    euid: str
    record_id: int
    record: SourceRecord | None
    earned: bool
    evidence: Evidence
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A stored decision as it was at decision time."""

    outcome: str
    grade: str
    model: str
    recorded_at: datetime
    reasons: tuple[str, ...]
    considered: tuple[Considered, ...]


def lines_told(record: PatientRecord) -> tuple[Told, ...]:
    """A record as lines, in page order; protected values must be masked already."""
    return tuple(_lines(record))


def _lines(record: PatientRecord) -> Iterable[Told]:
    for name in record.names:
        yield Told("Name", name, "person", name.use)
    yield Told("Born", record.birth_date, "date")
    yield Told("Sex", record.sex, "sex")
    if record.deceased_date:
        yield Told("Died", record.deceased_date, "date")
    for address in record.addresses:
        yield Told("Address", address, "told-address", address.use)
    for telecom in record.telecoms:
        shape = "phone" if telecom.kind == "phone" else "text"
        yield Told("Phone" if telecom.kind == "phone" else "E-mail", telecom.value, shape, telecom.use)
    for part in record.identifiers:
        yield Told(number_kind(part.authority, part.type), part.value, "text", part.use)
    for label, value in (
        ("Mother's maiden name", record.mothers_maiden_name),
        ("Facility", record.facility),
        ("Registrar", record.registrar),
        ("Checked against a document", ", ".join(LABELS[name][0] for name in record.verified.split())),
    ):
        if value:
            yield Told(label, value, "text")


def lines_standard(record: SourceRecord) -> tuple[Told, ...]:
    """The standard form that is compared, without its SSN."""
    standard: StandardRecord = codec.standard_from_document(record.standard, "")
    lines = [Told("Name", standard.name, "person")]
    lines += [Told("Former name", name, "person") for name in standard.former_names]
    lines += [Told("Born", standard.birth_date or standard.birth_year, "date"), Told("Sex", standard.sex, "sex")]
    lines += [Told("Address", address, "address") for address in standard.addresses]
    lines += [Told("Phone", phone, "phone") for phone in standard.phones]
    lines += [Told("E-mail", email, "text") for email in standard.emails]
    lines += [Told("Carries no evidence", words, "text") for words in standard.removed]
    return tuple(lines)


def open_link(record: SourceRecord) -> Link | None:
    """The open link with its golden record, decision and model. One query."""
    related = ("golden_record", "decision__model_version", "opened_by_event", "supporting_record__source_system")
    links = Link.objects.filter(source_record=record, ended_at__isnull=True).select_related(*related)
    return links.defer("decision__model_version__document").first()


def past_links(record: SourceRecord, reasons: Mapping[str, str]) -> tuple[LinkStory, ...]:
    """Ended links, newest first. One query."""
    related = ("golden_record", "opened_by_event", "ended_by_event", "supporting_record__source_system")
    ended = Link.objects.filter(source_record=record, ended_at__isnull=False).select_related(*related)
    return tuple(story_of(link, reasons) for link in ended.order_by("-pk")[:LINKS_SHOWN])


def story_of(link: Link, reasons: Mapping[str, str]) -> LinkStory:
    """Why a link stands. `reasons` gives words for reason codes; the events come with the link. No query."""
    opened, ended = link.opened_by_event, link.ended_by_event
    return LinkStory(
        link=link,
        opened=event_words(opened.kind),
        opened_by=opened.actor_name,
        reason=said(opened, reasons),
        support=link.supporting_record,
        ended=event_words(ended.kind) if ended else "",
        ended_by=ended.actor_name if ended else "",
        ended_reason=said(ended, reasons) if ended else "",
    )


def latest_decision(record: SourceRecord) -> Decision | None:
    """The newest decision on the record. One query."""
    decisions = Decision.objects.filter(source_record=record).select_related("model_version")
    return decisions.defer("model_version__document").order_by("-pk").first()


def decision_of_message(message_id: int) -> UUID:
    """The decision that a message brought about. Raises NotFound."""
    found = Decision.objects.filter(message_id=message_id).order_by("-pk").values_list("uuid", flat=True).first()
    if found is None:
        raise NotFound("No decision was made on this message.")
    return found


def decision_view(decision: Decision) -> DecisionView:
    """The stored decision opened for a page. Two queries, for the persons and records considered."""
    document = codec.decision_evidence(decision)
    considered = document.get("considered", ())
    found_by: Mapping[str, Sequence[str]] = document.get("keys", {})
    found = GoldenRecord.objects.filter(pk__in=[part["person_id"] for part in considered])
    euids = dict(found.values_list("pk", "euid"))
    nearest = SourceRecord.objects.select_related("source_system")
    records = nearest.in_bulk([part["record_id"] for part in considered])
    model: LinkageModelVersion = decision.model_version
    return DecisionView(
        outcome=decision.outcome,
        grade=decision.grade,
        model=model.name,
        recorded_at=decision.recorded_at,
        reasons=tuple(reason["words"] for reason in document.get("reasons", ())),
        considered=tuple(
            _considered(part, euids, records, model, found_by.get(str(part["person_id"]), ())) for part in considered
        ),
    )


def _considered(
    part: Mapping[str, Any],
    euids: Mapping[int, str],
    records: Mapping[int, SourceRecord],
    model: LinkageModelVersion,
    keys: Iterable[str],
) -> Considered:
    return Considered(
        euid=euids.get(part["person_id"], ""),
        record_id=part["record_id"],
        record=records.get(part["record_id"]),
        earned=bool(part.get("earned")),
        evidence=evidence_of(part["evidence"], statement_of(model), keys),
        refusals=tuple(refusal["words"] for refusal in part.get("refusals", ())),
    )


_PARTS = {
    "person": ("family", "given", "middle", "suffix", "prefix", "text"),
    "told-address": ("street", "city", "state", "postal_code", "country"),
}
"""What a value of several parts is compared by."""


def text_of(line: Told) -> str:
    """A line as plain text, for setting versions against each other."""
    parts = _PARTS.get(line.shape)
    if parts is None:
        return str(line.value)
    return ", ".join(told for name in parts if (told := getattr(line.value, name)))
