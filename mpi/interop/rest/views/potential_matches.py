"""`potential-matches`: the queue for machines."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from audit.actions import Action
from mpi.access import Permission, access_potential_match, audit_search
from mpi.interop.rest.acts import ActDoor
from mpi.interop.rest.bodies import checked, json_body, versions_in
from mpi.interop.rest.documents import person_summary, potential_match_line, record_document, stored_decision
from mpi.interop.rest.door import Door
from mpi.interop.rest.operation import IDEMPOTENCY_KEY, operation
from mpi.interop.rest.pagination import page, read_cursor
from mpi.interop.rest.query import CURSOR, LIMIT, Parameter
from mpi.interop.rest.shapes import PotentialMatchLineShape, PotentialMatchShape, paged
from mpi.interop.rest.shapes_records import ActShape, ResolveBodyShape
from mpi.models import PotentialMatchKind, PotentialMatchStatus
from mpi.queries.rest_potential_matches import QueueFilter, potential_matches
from mpi.services.resolve import resolve_potential_match

_TAG = "potential matches"
_FILTERS = (
    Parameter("status", "Which ones; open unless told.", "choice", choices=tuple(PotentialMatchStatus.values)),
    Parameter("kind", "Only this kind.", "choice", choices=tuple(PotentialMatchKind.values)),
    Parameter("source_system", "Only those with a record of this source system."),
    Parameter("least_probability", "Only from this probability on.", "fraction", least=0, most=1),
    Parameter("opened_since", "Only those opened at or after this time (ISO 8601 with offset).", "time"),
)


class PotentialMatches(Door):
    """The queue."""

    @operation(
        "List potential matches",
        tag=_TAG,
        name="list_potential_matches",
        scope=Permission.REVIEW,
        answers={200: paged(PotentialMatchLineShape, "PotentialMatch")},
        query=(*_FILTERS, LIMIT, CURSOR),
        words="Most urgent first. No demographics; read one to see both sides.",
    )
    def get(self, request: Request) -> Response:
        """One page; each person named in it is audited as read."""
        wanted = QueueFilter(
            status=self.asked.text("status") or PotentialMatchStatus.OPEN,
            kind=self.asked.text("kind"),
            source_system=self.asked.text("source_system"),
            least_probability=self.asked.fraction("least_probability"),
            opened_since=self.asked.time("opened_since"),
        )
        limit, key = self.asked.number("limit"), read_cursor(self.asked.text("cursor"), float, int)
        after = (float(key[0]), int(key[1])) if key else None
        found = potential_matches(wanted, after=after, size=limit)
        rows, following = page(found, limit, lambda match: (float(match.risk), match.pk))
        euids = dict.fromkeys(euid for match in rows for euid in (match.golden_a.euid, match.golden_b.euid))
        audit_search(self.actor, list(euids), action=Action.POTENTIAL_MATCH_READ)
        return Response({"items": [potential_match_line(match) for match in rows], "next": following})


class PotentialMatchDetail(Door):
    """One question."""

    @operation(
        "Read a potential match",
        tag=_TAG,
        name="get_potential_match",
        scope=Permission.REVIEW,
        answers={200: PotentialMatchShape},
    )
    def get(self, request: Request, match_id: UUID) -> Response:
        """Both sides with the evidence, audited as a read of both persons."""
        found = access_potential_match(self.actor, match_id)
        event = found.resolved_by_event
        return Response(
            {
                **potential_match_line(found),
                "persons": [person_summary(side) for side in (found.golden_a, found.golden_b)],
                "source_records": [record_document(side) for side in (found.record_a, found.record_b)],
                "decision": stored_decision(found.decision),
                "resolved_by_event": event.uuid if event else None,
            }
        )


class ResolvePotentialMatch(ActDoor):
    """The answer to one question."""

    @operation(
        "Resolve a potential match",
        tag=_TAG,
        name="resolve_potential_match",
        scope=Permission.REVIEW,
        body=ResolveBodyShape,
        answers={200: ActShape},
        headers=(IDEMPOTENCY_KEY,),
        words="“same” merges (the older EUID survives), “different” keeps apart. Stale versions refuse the act (409).",
    )
    def post(self, request: Request, match_id: UUID) -> Response:
        """Resolve."""
        told = checked(ResolveBodyShape, json_body(request))
        versions = versions_in(told["versions"], "versions") if "versions" in told else None
        return self.decide(
            request,
            lambda: resolve_potential_match(
                uuid=match_id,
                outcome=told["outcome"],
                version=told["version"],
                versions=versions,
                reason_code=told["reason_code"],
                reason=told.get("reason", ""),
                actor=self.actor,
            ),
        )
