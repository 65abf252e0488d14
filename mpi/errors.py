"""One error tree. Each door translates it once: problem+json, an HTML page, later ACK and OperationOutcome.

A message says what happened, what was not changed and how to mend it. It never holds a value of a
patient: which field, not what was in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with the input: where (`field`, and `line`/`column` of a file) and how to mend it."""

    field: str
    problem: str
    mend: str = ""
    line: int | None = None
    column: int | None = None

    def as_document(self) -> dict[str, object]:
        told = {
            "field": self.field,
            "problem": self.problem,
            "mend": self.mend,
            "line": self.line,
            "column": self.column,
        }
        return {key: value for key, value in told.items() if value not in (None, "")}


class MpiError(Exception):
    """Base of every refusal. `code` is stable and meant for programs; `retryable` says whether to try again."""

    code = "error"
    http_status = 400
    retryable = False
    title = "The request was refused"

    def __init__(
        self, detail: str, *, flaws: Sequence[Flaw] = (), extra: Mapping[str, str | int | list[str]] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.flaws = tuple(flaws)
        self.extra = dict(extra or {})


class InvalidInput(MpiError):
    """The input cannot be understood or is not allowed; nothing was changed."""

    code = "invalid-input"
    http_status = 422
    title = "The input is not valid"


class Malformed(InvalidInput):
    """The bytes cannot be parsed at all."""

    code = "malformed"
    http_status = 400
    title = "The input cannot be read"


class TooLarge(MpiError):
    """More bytes, lines or characters than a door accepts."""

    code = "too-large"
    http_status = 413
    title = "The input is too large"


class UnknownSystem(InvalidInput):
    """A source system that is not registered."""

    code = "unknown-system"
    title = "The source system is not registered"


class NotAuthenticated(MpiError):
    """No valid credentials."""

    code = "not-authenticated"
    http_status = 401
    title = "Sign in first"


class Forbidden(MpiError):
    """Known, but not allowed."""

    code = "forbidden"
    http_status = 403
    title = "Not allowed"


class NotFound(MpiError):
    """Absent, or not yours to see: the answer is the same."""

    code = "not-found"
    http_status = 404
    title = "Not found"


class StaleVersion(MpiError):
    """Somebody changed it since you looked."""

    code = "stale-version"
    http_status = 409
    title = "It has changed since you looked"


class AlreadyDecided(MpiError):
    """The question was answered before you."""

    code = "already-decided"
    http_status = 409
    title = "Somebody decided before you"


class AlreadyMerged(MpiError):
    """The golden record was merged into another one."""

    code = "already-merged"
    http_status = 409
    title = "The golden record was merged before"


class Separated(MpiError):
    """A standing decision says that these are different people."""

    code = "separated"
    http_status = 409
    title = "A steward decided that these are different people"


class Related(MpiError):
    """A standing relationship says that these are two people."""

    code = "related"
    http_status = 409
    title = "They are recorded as related"


class SecondPersonNeeded(MpiError):
    """Policy asks for two people: the act is proposed by one and approved by another. `asked_by` names the reasons."""

    code = "second-person-needed"
    http_status = 409
    title = "A second person is asked"


class AwaitsSecondPerson(MpiError):
    """An answer was proposed and waits for another person; `proposal` is its number."""

    code = "awaits-second-person"
    http_status = 409
    title = "An answer waits for a second person"


class UnderReview(MpiError):
    """An update of a source record waits for a steward; until that is answered nobody acts on the record."""

    code = "under-review"
    http_status = 409
    title = "An update of this source record waits for a steward"


class CannotUndo(MpiError):
    """A later act of a person stands in the way; it is named in the detail."""

    code = "cannot-undo"
    http_status = 409
    title = "This act cannot be undone any more"


class IdempotencyConflict(MpiError):
    """The same key or control id came before with another payload."""

    code = "idempotency-conflict"
    http_status = 409
    title = "The same key was used for another payload"


class TooManyRequests(MpiError):
    """A quota is used up; try later."""

    code = "too-many-requests"
    http_status = 429
    retryable = True
    title = "Too many requests"


class Busy(MpiError):
    """Locks were not free in time; nothing was changed; try again."""

    code = "busy"
    http_status = 503
    retryable = True
    title = "Busy, try again"


class ServiceDown(MpiError):
    """A part of the index (database, broker) does not answer."""

    code = "service-down"
    http_status = 503
    retryable = True
    title = "A part of the index does not answer"


def every_error(kind: type[MpiError] = MpiError) -> list[type[MpiError]]:
    """All classes of the tree, each once, parents first."""
    found = [kind]
    for child in kind.__subclasses__():
        found += [error for error in every_error(child) if error not in found]
    return found
