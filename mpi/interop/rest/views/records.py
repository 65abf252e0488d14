"""`records`: what a source system says of its patients."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission, access_record
from mpi.euid import grouped
from mpi.interop.rest.authentication import require_system
from mpi.interop.rest.bodies import json_body
from mpi.interop.rest.documents import (
    Document,
    decision_document,
    link_document,
    number_document,
    opened_match,
    record_document,
    record_version_document,
    stored_decision,
)
from mpi.interop.rest.door import Door
from mpi.interop.rest.idempotency import key_of
from mpi.interop.rest.operation import IDEMPOTENCY_KEY, PREFER_ASYNC, operation
from mpi.interop.rest.rendering import plain_answer
from mpi.interop.rest.shapes_records import (
    AcceptedShape,
    RecordAnswerShape,
    RecordBodyShape,
    RecordWithNumberShape,
    UpsertAnswerShape,
)
from mpi.interop.rest.views.match import EXAMPLE
from mpi.mapping import Mapped
from mpi.mapping_json import record_from_json
from mpi.models import MessageState
from mpi.queries import rest_golden, rest_records
from mpi.queries.source_merges import surviving_record
from mpi.services.delete import delete_record
from mpi.services.upsert import UpsertResult, upsert_record

_VERSIONS_SHOWN = 100
_BY_SOURCE = "Taken back by its source system."
_WAITING = (MessageState.RECEIVED, MessageState.QUEUED)
_EXAMPLE = {**EXAMPLE, "ssn": "536-22-8145", "email": "k.oyelaran@example.org", "updated_at": "2026-02-12T08:30:00Z"}
_EXAMPLES = [OpenApiExample("A registration", value=_EXAMPLE, request_only=True)]
_WORDS = (
    "Stores what the source says, decides whose record it is and answers the decision with its evidence: 201 for a new "
    "record, 200 for a changed or unchanged one. Sending the same again changes nothing."
)


class RecordWriter(Door):
    """Shared by PUT and POST: one way in."""

    def upsert(self, request: Request, mapped: Mapped) -> HttpResponse:
        """Store, decide and answer; 202 with the message to poll where the client asked for it."""
        require_system(self.client, self.actor, mapped.record.source_system)
        respond_async = wants_async(request)
        result = upsert_record(
            record=mapped.record,
            source_time=mapped.source_time,
            actor=self.actor,
            idempotency_key=key_of(request._request),
            respond_async=respond_async,
        )
        if respond_async or result.state in _WAITING:
            return _accepted(result, respond_async=respond_async)
        system, mrn = mapped.record.source_system, mapped.record.mrn
        headers = {"Location": f"/api/v1/records/{quote(system, safe='')}/{quote(mrn, safe='')}"}
        answer = _upserted(result, {"source_system": system, "mrn": mrn})
        return plain_answer(answer, status=201 if result.created else 200, headers=headers)


class Records(RecordWriter):
    """The collection."""

    @operation(
        "Register or update a record, number in the body",
        tag="records",
        name="create_record",
        scope=Permission.RECORD_WRITE,
        body=RecordWithNumberShape,
        answers={200: UpsertAnswerShape, 201: UpsertAnswerShape, 202: AcceptedShape},
        headers=(IDEMPOTENCY_KEY, PREFER_ASYNC),
        examples=[
            OpenApiExample(
                "A registration",
                value={"source_system": "MERCY", "mrn": "100234", **_EXAMPLE},
                request_only=True,
            )
        ],
        words=_WORDS,
    )
    def post(self, request: Request) -> HttpResponse:
        """Parse and upsert."""
        return self.upsert(request, record_from_json(json_body(request)))


class Record(RecordWriter):
    """One record, by its source system and number."""

    @operation(
        "Register or update a record",
        tag="records",
        name="put_record",
        scope=Permission.RECORD_WRITE,
        body=RecordBodyShape,
        answers={200: UpsertAnswerShape, 201: UpsertAnswerShape, 202: AcceptedShape},
        headers=(IDEMPOTENCY_KEY, PREFER_ASYNC),
        examples=_EXAMPLES,
        words=_WORDS,
    )
    def put(self, request: Request, system: str, mrn: str) -> HttpResponse:
        """Parse and upsert."""
        return self.upsert(request, record_from_json(json_body(request), system=system, mrn=mrn))

    @operation(
        "Read a record with its link and versions",
        tag="records",
        name="get_record",
        scope=Permission.RECORD_READ,
        answers={200: RecordAnswerShape},
    )
    def get(self, request: Request, system: str, mrn: str) -> Response:
        """The record, audited as a read."""
        record = access_record(self.actor, system=system, mrn=mrn)
        survivor = surviving_record(record)
        link = rest_golden.open_link(survivor.pk)
        owner = link and {
            **link_document(link),
            "euid": grouped(link.golden_record.euid),
            "golden_status": link.golden_record.status,
        }
        return Response(
            {
                **record_document(record),
                "merged_into": number_document(survivor) if survivor.pk != record.pk else None,
                "link": owner,
                "decision": stored_decision(rest_records.latest_decision(record.pk)),
                "potential_matches": [opened_match(found) for found in rest_records.open_potential_matches(record.pk)],
                "versions": [
                    record_version_document(row) for row in rest_records.versions(record.pk, size=_VERSIONS_SHOWN)
                ],
            }
        )

    @operation(
        "Take a record back",
        tag="records",
        name="delete_record",
        scope=Permission.RECORD_WRITE,
        answers={202: AcceptedShape, 204: None},
        headers=(IDEMPOTENCY_KEY,),
        words="Soft: the record keeps its history and leaves its person.",
    )
    def delete(self, request: Request, system: str, mrn: str) -> Response:
        """Delete softly."""
        require_system(self.client, self.actor, system)
        key = key_of(request._request)
        result = delete_record(system=system, mrn=mrn, reason=_BY_SOURCE, actor=self.actor, idempotency_key=key)
        return _accepted(result) if result.state in _WAITING else Response(status=204)


def wants_async(request: Request) -> bool:
    """Whether `Prefer: respond-async` stands among the preferences (RFC 7240 §2)."""
    told = str(request.META.get("HTTP_PREFER", "")).lower()
    return any(part.partition(";")[0].strip() == "respond-async" for part in told.split(","))


def _accepted(result: UpsertResult, *, respond_async: bool = False) -> Response:
    """202: stored and safe; an earlier message of the same record, or a quarantine, comes first."""
    location = f"/api/v1/messages/{result.message_uuid}"
    headers = {"Location": location} | ({"Preference-Applied": "respond-async"} if respond_async else {})
    return Response({"id": result.message_uuid, "location": location}, status=202, headers=headers)


def _upserted(result: UpsertResult, number: Mapping[str, str]) -> Document:
    standing = result.standing
    opened = rest_records.open_potential_matches(standing.record_id) if standing and standing.is_asked_about else []
    return {
        **number,
        "message_id": result.message_uuid,
        "replayed": result.replayed,
        "outcome": result.outcome,
        "version": standing.version if standing else None,
        "euid": grouped(standing.euid) if standing and standing.euid else None,
        "golden_status": standing.golden_status if standing else None,
        "decision": decision_document(result.decision) if result.decision else None,
        "potential_matches": [opened_match(found) for found in opened],
    }
