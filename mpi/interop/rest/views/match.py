"""`POST match`: demographics in, ranked persons out. It changes nothing but the audit log."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request

from mpi.access import Permission
from mpi.euid import grouped
from mpi.interop.rest.bodies import json_body
from mpi.interop.rest.documents import Document, evidence_document, person_summary
from mpi.interop.rest.door import Door
from mpi.interop.rest.operation import operation
from mpi.interop.rest.query import Parameter
from mpi.interop.rest.rendering import plain_answer
from mpi.interop.rest.shapes_records import MatchAnswerShape, MatchBodyShape
from mpi.mapping_json import record_from_json
from mpi.services.match import MatchCandidate, match

_LIMIT = Parameter("limit", "How many candidates at most.", "integer", least=1, most=50, default=10)
_ONLY_CERTAIN = Parameter(
    "only_certain", "true: only candidates that would link automatically.", "choice", choices=("true", "false")
)
EXAMPLE = {
    "given_name": "Katherine",
    "family_name": "Oyelaran",
    "birth_date": "1971-03-09",
    "sex": "F",
    "street": "12 Alder Court",
    "city": "Dayton",
    "state": "OH",
    "postal_code": "45402",
    "phone": "937-555-0141",
}


class Match(Door):
    """Who may this be?"""

    @operation(
        "Find a person",
        tag="match",
        name="match",
        scope=Permission.MATCH,
        body=MatchBodyShape,
        answers={200: MatchAnswerShape},
        query=(_LIMIT, _ONLY_CERTAIN),
        examples=[OpenApiExample("A patient at a desk", value=EXAMPLE, request_only=True)],
        words="Read-only: nothing is stored but the audit of the question. Candidates are persons, the best first, "
        "each with probability, grade and the evidence of every comparison. `limit` and `only_certain` hold exactly.",
    )
    def post(self, request: Request) -> HttpResponse:
        """Parse, match, answer."""
        mapped = record_from_json(json_body(request), needs_number=False)
        found = match(
            record=mapped.record,
            actor=self.actor,
            limit=self.asked.number("limit"),
            only_certain=self.asked.text("only_certain") == "true",
        )
        return plain_answer({"candidates": [_candidate(candidate) for candidate in found]})


def _candidate(candidate: MatchCandidate) -> Document:
    return {
        "euid": grouped(candidate.golden.euid),
        "status": candidate.golden.status,
        "probability": candidate.probability,
        "match_weight_bits": candidate.bits,
        "grade": candidate.grade,
        "reasons": candidate.reasons,
        "evidence": evidence_document(candidate.evidence),
        "golden_record": person_summary(candidate.golden),
    }
