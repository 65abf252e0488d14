"""Bodies of acts, checked against the shape that the OpenAPI document shows; every flaw named, no value repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from mpi.errors import Flaw, InvalidInput
from mpi.euid import is_euid, normal_euid
from mpi.interop.rest.reading import body_of, json_object, only

_PROBLEMS = {
    "required": "is missing",
    "null": "must not be null",
    "blank": "must not be empty",
    "invalid_choice": "is not one of the codes",
    "max_length": "is too long",
    "min_length": "has too few values",
    "min_value": "is too small",
    "max_value": "is too large",
    "not_a_list": "is not a list",
    "not_a_dict": "is not an object",
}


def json_body(request: Request) -> dict[str, object]:
    """The JSON object of a request. Raises UnsupportedType, TooLarge, Malformed, InvalidInput."""
    return json_object(body_of(request._request, most_bytes=settings.MESSAGE_MAX_BYTES))


def checked(shape: type[Serializer[Any]], document: Mapping[str, object]) -> dict[str, Any]:
    """The document as its shape reads it. Raises InvalidInput with every flaw; unknown members are refused by name."""
    serializer = shape(data=document)
    only(document, tuple(serializer.fields))
    if not serializer.is_valid():
        flaws = _flaws("", serializer.errors, serializer)
        raise InvalidInput("The body is not valid.", flaws=flaws)
    return dict(serializer.validated_data)


def _flaws(path: str, told: Any, serializer: Serializer[Any]) -> list[Flaw]:
    if isinstance(told, Mapping):
        return [
            flaw
            for name, inner in told.items()
            for flaw in _flaws(f"{path}.{name}" if path else str(name), inner, serializer)
        ]
    return [
        Flaw(path, _PROBLEMS.get(part.code or "", "is not valid"), _mend(path, serializer))
        for part in told
        if isinstance(part, ErrorDetail)
    ]


def _mend(path: str, serializer: Serializer[Any]) -> str:
    found = serializer.fields.get(path.partition(".")[0])
    choices = getattr(found, "choices", None)
    if choices:
        return f"use one of {', '.join(map(str, choices))}"
    longest = getattr(found, "max_length", None)
    return f"at most {longest} characters" if isinstance(longest, int) else "see /api/docs/"


def euid_in(typed: str, field: str) -> str:
    """An EUID of a body in stored form. Raises InvalidInput where it is mistyped."""
    euid = normal_euid(typed)
    if not is_euid(euid):
        mend = "send the 12 characters as the index gave them"
        raise InvalidInput(
            "The EUID is mistyped.", flaws=[Flaw(field, "is no EUID: its check character differs", mend)]
        )
    return euid


def versions_in(told: Mapping[str, int], field: str) -> dict[str, int]:
    """EUID → version with EUIDs in stored form. Raises InvalidInput."""
    return {euid_in(euid, f"{field}.{euid[:20]}"): version for euid, version in told.items()}
