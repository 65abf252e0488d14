"""Any exception → one problem+json answer (RFC 9457). Nothing leaves this door as an unexplained 500.

A problem says what happened, which fields are wrong and how to mend them, never a value of a patient.
What is not expected is logged by class, place and correlation id only: its text could hold a value.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from uuid import UUID

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions as drf

from mpi.errors import Busy, Flaw, Forbidden, Malformed, MpiError, NotAuthenticated, NotFound, ServiceDown, TooLarge

log = logging.getLogger("mpi.rest")

MEDIA_TYPE = "application/problem+json"
PROBLEMS_PATH = "/api/problems/"
REALM = 'Bearer realm="master-patient-index"'
_RETRY_AFTER_S = {"busy": 1, "conflict": 1, "too-many-requests": 1}
_RETRY_AFTER_DEFAULT_S = 5
_TRY_AGAIN_STATES = frozenset({"55P03", "40P01", "40001", "57014"})
"""PostgreSQL: lock not available, deadlock, serialization failure, statement cancelled: nothing changed, try again."""


class UnsupportedType(MpiError):
    """The body is of another content type than the address reads (RFC 9110 §15.5.16)."""

    code = "unsupported-media-type"
    http_status = 415
    title = "The content type is not accepted here"


class MethodNotAllowed(MpiError):
    """The address exists and does something else (RFC 9110 §15.5.6)."""

    code = "method-not-allowed"
    http_status = 405
    title = "This address does not do that"


class Conflict(MpiError):
    """The database refused what another act made impossible at the same moment; nothing was changed."""

    code = "conflict"
    http_status = 409
    retryable = True
    title = "Another act came first"


def unsupported_type(accepted: Sequence[str]) -> UnsupportedType:
    """The refusal of a body that is none of the accepted media types."""
    told = " or ".join(accepted)
    flaw = Flaw("Content-Type", "is not accepted here", f"send {told}")
    return UnsupportedType(f"This address reads {told}.", flaws=[flaw])


def method_not_allowed(method: str, allowed: Sequence[str]) -> MethodNotAllowed:
    """The refusal of a method that the address does not offer."""
    known = method if method.isalpha() and len(method) < 16 else "This method"
    return MethodNotAllowed(f"{known} is not offered here; {', '.join(allowed)} is.", extra={"allow": list(allowed)})


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal as it is answered. `headers` are those that the status demands (Allow, Retry-After ...)."""

    status: int
    code: str
    title: str
    detail: str
    retryable: bool = False
    flaws: tuple[Flaw, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_document(self, correlation_id: UUID) -> dict[str, object]:
        """The members of RFC 9457 §3.1 and our own: code, retryable, flaws, correlation_id."""
        document: dict[str, object] = {
            "type": f"{PROBLEMS_PATH}{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "retryable": self.retryable,
            "flaws": [flaw.as_document() for flaw in self.flaws],
            "correlation_id": str(correlation_id),
        }
        return {**{key: value for key, value in self.extra.items() if key not in document}, **document}


INTERNAL = Problem(
    status=500,
    code="internal-error",
    title="Something went wrong in the index",
    detail="The request was not carried out. Tell the operator the correlation id; the log holds the rest.",
)


def translate(error: Exception, correlation_id: UUID) -> Problem:
    """The problem to answer; what is our own fault is logged, without the text of the exception."""
    problem = problem_of(error)
    if problem.status >= 500:
        frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
        log.error(
            "%s %s %s at %s", problem.code, correlation_id, type(error).__qualname__, " < ".join(reversed(frames))
        )
    return problem


@singledispatch
def problem_of(error: Exception) -> Problem:
    """An exception without a rule of its own is our own fault: 500, and not a word of what was in it."""
    return INTERNAL


@problem_of.register
def _(error: MpiError) -> Problem:
    headers = {}
    if error.retryable:
        wait = error.extra.get("retry_after", _RETRY_AFTER_S.get(error.code, _RETRY_AFTER_DEFAULT_S))
        headers["Retry-After"] = str(wait)
    if error.http_status == 401:
        headers["WWW-Authenticate"] = REALM
    return Problem(
        status=error.http_status,
        code=error.code,
        title=error.title,
        detail=error.detail,
        retryable=error.retryable,
        flaws=error.flaws,
        extra=error.extra,
        headers=headers,
    )


@problem_of.register(Http404)
@problem_of.register(drf.NotFound)
def _(error: Exception) -> Problem:
    return problem_of(NotFound("There is nothing at this address."))


@problem_of.register(PermissionDenied)
@problem_of.register(drf.PermissionDenied)
def _(error: Exception) -> Problem:
    return problem_of(Forbidden("This is not allowed."))


@problem_of.register
def _(error: RequestDataTooBig) -> Problem:
    return problem_of(TooLarge("The body is larger than this door accepts.", flaws=[Flaw("body", "is too large")]))


@problem_of.register(drf.APIException)
@problem_of.register(SuspiciousOperation)
@problem_of.register(UnreadablePostError)
def _(error: Exception) -> Problem:
    return problem_of(Malformed("The request cannot be read.", flaws=[Flaw("body", "ended early or is not allowed")]))


@problem_of.register(drf.NotAuthenticated)
@problem_of.register(drf.AuthenticationFailed)
def _(error: Exception) -> Problem:
    return problem_of(NotAuthenticated("Send a valid client token: “Authorization: Bearer …”."))


@problem_of.register
def _(error: DataError) -> Problem:
    return problem_of(Malformed("A value does not fit what the index can store; nothing was changed."))


@problem_of.register
def _(error: IntegrityError) -> Problem:
    return problem_of(Conflict("Another act changed the same thing at this moment; nothing was changed."))


@problem_of.register(DatabaseError)
@problem_of.register(InterfaceError)
@problem_of.register(OperationalError)
def _(error: Exception) -> Problem:
    if getattr(error.__cause__, "sqlstate", None) in _TRY_AGAIN_STATES:
        return problem_of(Busy("The records are being changed by others; nothing was changed. Send it again."))
    if isinstance(error, OperationalError | InterfaceError):
        return problem_of(ServiceDown("The database does not answer; nothing was changed. Send it again."))
    return INTERNAL
