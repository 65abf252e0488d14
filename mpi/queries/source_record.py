"""The source record page: as told, standardised, its versions, its link and the decision behind it."""

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

VERSIONS_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a record: what it is, the value, and its use (current, former ...)."""

    label: str
    value: Any
    shape: str
    use: str = ""


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A line of a version that was not so in the version before; "" where it was not told."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a source record and what it changed."""

    number: int
    recorded_at: datetime
    effective_at: datetime | None
    actor: str
    changes: tuple[VersionChange, ...]


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


def past_links(record: SourceRecord) -> tuple[Link, ...]:
    """Ended links, newest first. One query."""
    related = ("golden_record", "opened_by_event", "ended_by_event")
    ended = Link.objects.filter(source_record=record, ended_at__isnull=False).select_related(*related)
    return tuple(ended.order_by("-pk")[:VERSIONS_SHOWN])


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


def versions(record: SourceRecord) -> tuple[Version, ...]:
    """The newest versions with what each changed. One query."""
    history = SourceRecord.history.filter(id=record.pk)
    rows = list(history.order_by("-history_id")[: VERSIONS_SHOWN + 1])
    told = [lines_told(codec.masked_told(row)) for row in rows]
    found = []
    for place, row in enumerate(rows[:VERSIONS_SHOWN]):
        before = told[place + 1] if place + 1 < len(rows) else None
        found.append(
            Version(
                number=row.version,
                recorded_at=row.recorded_at,
                effective_at=row.effective_at,
                actor=(row.history_user_id or "").removeprefix("system:"),
                changes=tuple(_changes(before, told[place])) if before is not None else (),
            )
        )
    return tuple(found)


def _changes(before: tuple[Told, ...], after: tuple[Told, ...]) -> Iterable[VersionChange]:
    old, new = _by_place(before), _by_place(after)
    for place in dict.fromkeys((*old, *new)):
        if old.get(place) != new.get(place):
            line = new.get(place) or old[place]
            yield VersionChange(line.label, _text(old.get(place)), _text(new.get(place)))


def _by_place(lines: tuple[Told, ...]) -> dict[tuple[str, int], Told]:
    """Lines by label and count, so that the second address is set against the second address."""
    counts: dict[str, int] = {}
    placed = {}
    for line in lines:
        counts[line.label] = counts.get(line.label, 0) + 1
        placed[line.label, counts[line.label]] = line
    return placed


def _text(line: Told | None) -> str:
    """A line as plain text, for setting versions against each other."""
    if line is None:
        return ""
    if line.shape in {"person", "told-address"}:
        keys = {"person": ("family", "given", "middle", "suffix", "text"), "told-address": _ADDRESS}[line.shape]
        return ", ".join(part for key in keys if (part := getattr(line.value, key)))
    return str(line.value)


_ADDRESS = ("street", "city", "state", "postal_code", "country")
