"""What each method of a view declares, once: the gate checks it and the OpenAPI document is written from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.serializers import BaseSerializer, Serializer

from mpi.interop.rest.errors import MEDIA_TYPE
from mpi.interop.rest.query import Parameter
from mpi.interop.rest.shapes import ProblemShape

Method = TypeVar("Method", bound=Callable[..., object])
Shape = type[BaseSerializer[object]] | BaseSerializer[object] | OpenApiResponse | None

PREFER_ASYNC = OpenApiParameter(
    "Prefer", str, "header", description="“respond-async”: answer 202 at once; poll the message (RFC 7240 §4.1)."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    "header",
    description="A key of your own, 1 to 128 characters. The same key with the same request answers as the first time; "
    "with another request it is refused.",
)
_REFUSALS = {
    400: "The request cannot be read.",
    401: "No valid token.",
    403: "The token lacks the scope, or the source system is not its own.",
    404: "There is nothing under this number.",
    409: "It has changed, was decided before, or the key was used for another request.",
    413: "Too large.",
    415: "The content type is not accepted here.",
    422: "Understood, but not valid: `flaws` names each field and the mend.",
    429: "The quota is used up; see Retry-After.",
    503: "Busy or down; nothing was changed; see Retry-After.",
}
_WITHOUT_BODY = frozenset({413, 415})


@dataclass(frozen=True, slots=True)
class Operation:
    """What the door checks before a method runs."""

    scope: str
    query: tuple[Parameter, ...]


def operation(
    summary: str,
    *,
    tag: str,
    name: str,
    scope: str,
    answers: Mapping[int, Shape],
    body: type[Serializer[object]] | Mapping[str, object] | None = None,
    query: Sequence[Parameter] = (),
    headers: Sequence[OpenApiParameter] = (),
    examples: Sequence[OpenApiExample] = (),
    words: str = "",
) -> Callable[[Method], Method]:
    """Declare one method of a view. `name` is the operationId; `answers` are the good ones, the refusals are added."""
    refusals = {
        (status, MEDIA_TYPE): OpenApiResponse(ProblemShape, told)
        for status, told in _REFUSALS.items()
        if body is not None or status not in _WITHOUT_BODY
    }
    documented = extend_schema(
        summary=summary,
        description=f"{words}\n\nScope: `{scope}`".strip(),
        tags=[tag],
        operation_id=name,
        parameters=[*(parameter.documented() for parameter in query), *headers],
        request=body,
        responses={**answers, **refusals},
        examples=list(examples),
        extensions={"x-required-scope": scope},
    )

    def declare(method: Method) -> Method:
        declared = documented(method)
        declared.operation = Operation(scope, tuple(query))  # type: ignore[attr-defined]  # read by the door
        return declared

    return declare
