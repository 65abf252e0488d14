"""Looking for persons: by name and birth date, and by a number of another system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actions import Action
from audit.record import entry_by, record
from mpi import codec
from mpi.access import Permission, audit_search, golden_subject, record_subject
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.euid import grouped
from mpi.interop.rest.bodies import checked, json_body
from mpi.interop.rest.documents import Document, number_document, person_summary
from mpi.interop.rest.door import Door
from mpi.interop.rest.operation import operation
from mpi.interop.rest.pagination import page, read_cursor
from mpi.interop.rest.query import CURSOR, LIMIT, Parameter
from mpi.interop.rest.shapes import PersonSummaryShape, paged
from mpi.interop.rest.shapes_records import CrossReferencesShape, SearchBodyShape
from mpi.models import GoldenRecord, SourceRecord
from mpi.queries import rest_golden, rest_records
from mpi.queries.source_merges import surviving_record

_FAMILY = Parameter("family_name", "Beginning of the family name.")
_GIVEN = Parameter("given_name", "Beginning of the given name.")
_BIRTH_DATE = Parameter("birth_date", "YYYY-MM-DD")
_PAGE = paged(PersonSummaryShape, "PersonSummary")
_WORDS = (
    "Live golden records by name; names are prefixes, without regard to case and accents. Prefer `POST "
    "golden-records/search`: addresses are written into logs of proxies, bodies are not."
)


class GoldenRecords(Door):
    """Search by address."""

    @operation(
        "Search persons (address)",
        tag="golden records",
        name="search_golden_records_by_address",
        scope=Permission.PERSON_READ,
        answers={200: _PAGE},
        query=(_FAMILY, _GIVEN, _BIRTH_DATE, LIMIT, CURSOR),
        words=_WORDS,
    )
    def get(self, request: Request) -> Response:
        """Search with what the query string says."""
        texts = {name: self.asked.text(name) for name in ("family_name", "given_name", "birth_date", "cursor")}
        return _found(self.actor, texts, self.asked.number("limit"))


class GoldenRecordSearch(Door):
    """Search by body."""

    @operation(
        "Search persons",
        tag="golden records",
        name="search_golden_records",
        scope=Permission.PERSON_READ,
        body=SearchBodyShape,
        answers={200: _PAGE},
        words=_WORDS,
    )
    def post(self, request: Request) -> Response:
        """Search with what the body says."""
        told = checked(SearchBodyShape, json_body(request))
        return _found(self.actor, told, told["limit"])


def _found(actor: Actor, told: Mapping[str, str], limit: int) -> Response:
    """One audit event for the search and one a person shown."""
    wanted = rest_golden.PersonSearch(
        family_name=codec.search_name(told.get("family_name", "")),
        given_name=codec.search_name(told.get("given_name", "")),
        birth_date=_iso(told.get("birth_date", "")),
    )
    if wanted == rest_golden.PersonSearch():
        flaw = Flaw("family_name", "is missing", "give a family name, a given name or a birth date")
        raise InvalidInput("There is nothing to search for.", flaws=[flaw])
    after = read_cursor(told.get("cursor", ""), int)
    found = rest_golden.search(wanted, after=int(after[0]) if after else None, size=limit)
    rows, following = page(found, limit, lambda golden: (golden.pk,))
    audit_search(actor, [golden.euid for golden in rows])
    return Response({"items": [person_summary(golden) for golden in rows], "next": following})


def _iso(told: str) -> str:
    try:
        return date.fromisoformat(told).isoformat() if told else ""
    except ValueError:
        flaw = Flaw("birth_date", "is not a date of the calendar", "send YYYY-MM-DD")
        raise InvalidInput("The birth date cannot be read.", flaws=[flaw]) from None


class CrossReferences(Door):
    """One number → the numbers of the same person elsewhere."""

    @operation(
        "Look up the numbers of the same person",
        tag="cross-references",
        name="list_cross_references",
        scope=Permission.RECORD_READ,
        answers={200: CrossReferencesShape},
        query=(
            Parameter("system", "The source system of the number you know.", required=True),
            Parameter("mrn", "The number you know.", required=True),
            Parameter("target", "Only the numbers of this source system."),
        ),
    )
    def get(self, request: Request) -> Response:
        """Every other open member of the person."""
        system, mrn, target = (self.asked.text(name) for name in ("system", "mrn", "target"))
        if target and not rest_records.system_is_registered(target):
            flaw = Flaw("target", "is not registered", "send the code of a source system")
            raise InvalidInput("The target system is not known.", flaws=[flaw])
        found = rest_records.live_record(system, mrn)
        link = rest_golden.open_link(surviving_record(found).pk) if found else None
        if found is None or link is None:
            raise NotFound("No person is known under this system and number.")
        others = [
            other
            for other in rest_golden.cross_references(link.golden_record_id, target=target)
            if other.source_record_id != found.pk
        ]
        _note(self.actor, link.golden_record, [found, *(other.source_record for other in others)])
        return Response(
            {
                "euid": grouped(link.golden_record.euid),
                "status": link.golden_record.status,
                "asked": {"source_system": system, "mrn": mrn},
                "cross_references": [_cross_reference(other.source_record) for other in others],
            }
        )


def _cross_reference(found: SourceRecord) -> Document:
    authority = found.source_system.authority
    return {
        **number_document(found),
        "authority": authority.namespace,
        "authority_oid": authority.oid or None,
        "state": found.state,
    }


def _note(actor: Actor, golden: GoldenRecord, shown: list[SourceRecord]) -> None:
    related = tuple(record_subject(one.uuid) for one in shown)
    with transaction.atomic():
        record(entry_by(actor, Action.CROSS_REFERENCE_READ, subject=golden_subject(golden.euid), related=related))
