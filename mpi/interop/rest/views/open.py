"""What anybody may ask: whether the index serves, and what a problem code means. No PHI."""

from __future__ import annotations

from functools import lru_cache

import redis
from django.core.cache import cache
from django.db import Error as DatabaseFailure
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.standing import standing
from mpi.errors import MpiError, NotFound, every_error
from mpi.interop.rest.documents import Document
from mpi.interop.rest.documents_operations import standing_document
from mpi.interop.rest.door import OpenDoor
from mpi.interop.rest.errors import INTERNAL
from mpi.interop.rest.shapes_operations import HealthShape, ProblemKindShape
from mpi.queries import rest_operations


class Health(OpenDoor):
    """For load balancers and monitors."""

    @extend_schema(
        summary="Whether the index serves",
        description="200 while it serves, also when degraded: messages wait (none is lost), or the audit log is late "
        "or broken (see `audit`); 503 when it does not.",
        tags=["health"],
        operation_id="get_health",
        request=None,
        responses={200: HealthShape, 503: HealthShape},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Small questions to the database and one to the broker."""
        told: Document = {"status": "down", "database": "down", "broker": "ok", "oldest_waiting_s": None, "audit": None}
        try:
            oldest = rest_operations.oldest_waiting()
            log = standing()
        except DatabaseFailure:
            return Response(told, status=503)
        status = "ok" if log.verdict == "ok" else "degraded"
        told |= {"status": status, "database": "ok", "audit": standing_document(log)}
        if oldest is not None:
            told["oldest_waiting_s"] = int((timezone.now() - oldest).total_seconds())
        try:
            cache.get("health")
        except redis.RedisError:
            told |= {"status": "degraded", "broker": "down"}
        return Response(told)


@lru_cache(maxsize=1)
def problem_kinds() -> dict[str, Document]:
    """Every code that a problem of this door can have."""
    kinds: dict[str, Document] = {
        kind.code: {
            "code": kind.code,
            "title": kind.title,
            "status": kind.http_status,
            "retryable": kind.retryable,
            "meaning": (kind.__doc__ or "").strip(),
        }
        for kind in reversed(every_error())  # of two that share a code the parent explains it
        if kind is not MpiError
    }
    kinds[INTERNAL.code] = {
        "code": INTERNAL.code,
        "title": INTERNAL.title,
        "status": INTERNAL.status,
        "retryable": False,
        "meaning": INTERNAL.detail,
    }
    return kinds


class ProblemKinds(OpenDoor):
    """The table of problem codes."""

    @extend_schema(
        summary="List the problem codes",
        tags=["problems"],
        operation_id="list_problem_codes",
        request=None,
        responses={200: ProblemKindShape(many=True)},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """All."""
        return Response(list(problem_kinds().values()))


class ProblemKind(OpenDoor):
    """What `type` of a problem leads to."""

    @extend_schema(
        summary="Explain a problem code",
        tags=["problems"],
        operation_id="get_problem_code",
        request=None,
        responses={200: ProblemKindShape, 404: None},
        auth=[],
    )
    def get(self, request: Request, code: str) -> Response:
        """One."""
        if code not in problem_kinds():
            raise NotFound("There is no such problem code.")
        return Response(problem_kinds()[code])
