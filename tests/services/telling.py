"""What the tests of the services say and look at: people, messages, and the state of the index."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import Any

from mpi import codec
from mpi.commands import DeleteRecord, system_actor
from mpi.models import GoldenRecord, IdentityEvent, Link, PotentialMatch, SourceRecord
from mpi.services.ingest import IngestResult, ingest
from mpi.services.receive import Draft, command_payload, flat_payload, receive

KATHERINE = {
    "given_name": "Katherine",
    "middle_name": "Louise",
    "family_name": "Oyelaran",
    "birth_date": "1971-03-09",
    "sex": "F",
    "ssn": "536-22-8145",
    "street": "12 Alder Court",
    "city": "Dayton",
    "state": "OH",
    "postal_code": "45402",
    "phone": "937-555-0141",
    "email": "k.oyelaran@example.org",
}
"""A person about whom everything is known."""

MARCUS = {
    "given_name": "Marcus",
    "family_name": "Whitfield",
    "birth_date": "1984-11-30",
    "sex": "M",
    "ssn": "219-44-7710",
    "street": "801 Kettering Boulevard",
    "city": "Toledo",
    "state": "OH",
    "postal_code": "43604",
    "phone": "419-555-0187",
}
"""Somebody else."""

ESTEBAN = {
    "given_name": "Esteban",
    "family_name": "Quiroga",
    "birth_date": "1950-07-21",
    "sex": "M",
    "ssn": "604-31-9922",
    "street": "77 Sycamore Road",
    "city": "Fresno",
    "state": "CA",
    "postal_code": "93701",
    "phone": "559-555-0133",
}
"""A third person."""

MARGARET = {
    "given_name": "Margaret",
    "middle_name": "Ann",
    "family_name": "Holloway",
    "birth_date": "1971-03-09",
    "sex": "F",
    "ssn": "412-55-8801",
    "street": "18 Orchard Lane",
    "city": "Concord",
    "state": "NH",
    "postal_code": "03301",
    "phone": "603-555-0141",
}
"""One of a pair."""

MARJORIE = {
    **MARGARET,
    "given_name": "Marjorie",
    "middle_name": "",
    "ssn": "",
    "street": "18 Orchard Ln",
    "phone": "603-555-0114",
}
"""Her twin, or herself misspelt: only a person can tell."""

_BY_NUMBER = {key: KATHERINE[key] for key in ("given_name", "family_name", "birth_date", "sex", "ssn")}
KATHERINE_BY_NUMBER = dict(_BY_NUMBER)
"""Katherine as the tax office knows her: no address."""

KATHERINE_MARRIED = {
    key: KATHERINE[key]
    for key in ("given_name", "birth_date", "sex", "street", "city", "state", "postal_code", "phone", "email")
} | {"family_name": "Moss"}
"""Katherine after her marriage, without the number."""

KATHERINE_BRIDGE = {**KATHERINE, "previous_family_name": "Moss"}
"""The record that shows that both are she."""
NAMESAKE = {
    **KATHERINE,
    "ssn": "604-31-9922",
    "street": "9 Linden Way",
    "city": "Fresno",
    "state": "CA",
    "postal_code": "93701",
    "phone": "559-555-0133",
    "email": "",
}
"""Another Katherine of the same birth date, elsewhere and under another number: doubted, and applied."""

_order = count()


def flat(system: str, mrn: str, told: Mapping[str, str], **changed: str) -> dict[str, str]:
    """One flat row."""
    return {"source_system": system, "mrn": mrn, **told, **changed}


def store(system: str, mrn: str, told: Mapping[str, str], **changed: str) -> int:
    """T1 alone: a message that waits."""
    payload = flat_payload(flat(system, mrn, told, **changed))
    return receive(Draft("rest", payload, system, mrn), actor=system_actor("test")).message_id


def tell(system: str, mrn: str, told: Mapping[str, str], **changed: str) -> IngestResult:
    """T1 and T2: a record as told by its system, applied."""
    message_id = store(system, mrn, told, **changed)
    return ingest(message_ids=[message_id])[message_id]


def take_back(system: str, mrn: str) -> IngestResult:
    """A system deletes its record."""
    payload = command_payload(DeleteRecord(system, mrn))
    message_id = receive(Draft("rest", payload, system, mrn), actor=system_actor("test")).message_id
    return ingest(message_ids=[message_id])[message_id]


def record_of(system: str, mrn: str) -> SourceRecord:
    return SourceRecord.objects.get(source_system__code=system, mrn=mrn)


def link_of(system: str, mrn: str) -> Link:
    """The open link of a record."""
    return Link.objects.select_related("golden_record").get(
        source_record__source_system__code=system, source_record__mrn=mrn, ended_at__isnull=True
    )


def owner(system: str, mrn: str) -> GoldenRecord:
    """Whose the record is now."""
    return link_of(system, mrn).golden_record


def versions(*golden: GoldenRecord) -> dict[str, int]:
    """As a steward sees them now."""
    return {one.euid: GoldenRecord.objects.get(pk=one.pk).version for one in golden}


def question() -> PotentialMatch:
    """The one open potential match."""
    return PotentialMatch.objects.get(status="open")


def golden_state() -> dict[str, dict[str, Any]]:
    """Every golden record by EUID, with its values in clear and all that an undo must restore."""
    return {
        golden.euid: {
            "status": golden.status,
            "merged_into": golden.merged_into.euid if golden.merged_into else None,
            "verified": golden.verified,
            "member_count": golden.member_count,
            "values": codec.golden_values(golden),
            "provenance": golden.provenance,
            "search": (golden.family_name, golden.given_name, golden.birth_date),
        }
        for golden in GoldenRecord.objects.select_related("merged_into")
    }


def link_state() -> dict[tuple[str, str], dict[str, Any]]:
    """Every open link by record, without its own key and times."""
    links = Link.objects.filter(ended_at__isnull=True).select_related("source_record__source_system", "golden_record")
    return {
        (link.source_record.source_system.code, link.source_record.mrn): {
            "euid": link.golden_record.euid,
            "origin": link.origin,
            "by_human": link.by_human,
            "supporting": link.supporting_record_id,
            "decision": link.decision_id,
            "model": link.model_version_id,
        }
        for link in links
    }


def question_state() -> dict[str, tuple[str, ...]]:
    """Every open potential match by number, with the EUIDs it asks about."""
    matches = PotentialMatch.objects.filter(status="open").select_related("golden_a", "golden_b")
    return {str(match.uuid): tuple(sorted((match.golden_a.euid, match.golden_b.euid))) for match in matches}


def state() -> tuple[object, ...]:
    """All of it."""
    return golden_state(), link_state(), question_state()


def questions_rest_on_their_golden_records() -> bool:
    """The invariant of open potential matches: each side is the golden record that holds the record of that side."""
    for match in PotentialMatch.objects.filter(status="open"):
        owners = dict(
            Link.objects.filter(
                source_record__in=[match.record_a_id, match.record_b_id], ended_at__isnull=True
            ).values_list("source_record_id", "golden_record_id")
        )
        if (owners.get(match.record_a_id), owners.get(match.record_b_id)) != (match.golden_a_id, match.golden_b_id):
            return False
    return True


def last_event() -> IdentityEvent:
    return IdentityEvent.objects.order_by("-id")[0]


def past(day: int) -> str:
    """A time of the source."""
    return datetime(2025, 3, day, 8, 30).isoformat() + "+00:00"
