"""What a query string may say: declared once by a view, checked before it runs, documented from the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from mpi.errors import Flaw, InvalidInput
from mpi.interop.rest.reading import text_flaws

Kind = Literal["text", "integer", "fraction", "uuid", "time", "choice"]
Value = str | int | float | UUID | datetime

_TYPES: Mapping[Kind, OpenApiTypes] = {
    "text": OpenApiTypes.STR,
    "integer": OpenApiTypes.INT,
    "fraction": OpenApiTypes.DOUBLE,
    "uuid": OpenApiTypes.UUID,
    "time": OpenApiTypes.DATETIME,
    "choice": OpenApiTypes.STR,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter. `least` and `most` bound an integer or fraction; `choices` are the values of a choice."""

    name: str
    words: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = 1
    default: int | None = None
    required: bool = False

    def documented(self) -> OpenApiParameter:
        """The same for the OpenAPI document."""
        schema: dict[str, object] | OpenApiTypes = _TYPES[self.kind]
        if self.kind in {"integer", "fraction"}:
            number = "integer" if self.kind == "integer" else "number"
            schema = {"type": number, "minimum": self.least, "maximum": self.most}
        return OpenApiParameter(
            self.name,
            schema,
            description=self.words,
            enum=self.choices or None,
            default=self.default,
            required=self.required,
        )

    def read(self, told: str) -> Value:
        """The value of a text. Raises ValueError whose text says what is wrong, never what was told."""
        if flaws := text_flaws(self.name, told):
            raise ValueError(flaws[0].problem)
        return _READERS[self.kind](self, told)


def _integer(parameter: Parameter, told: str) -> Value:
    if len(told) <= 9 and told.isascii() and told.isdecimal() and parameter.least <= int(told) <= parameter.most:
        return int(told)
    raise ValueError(f"is not a whole number from {parameter.least:g} to {parameter.most:g}")


def _fraction(parameter: Parameter, told: str) -> Value:
    try:
        found = float(told)
    except ValueError:
        found = float("nan")
    if parameter.least <= found <= parameter.most:
        return found
    raise ValueError(f"is not a number from {parameter.least:g} to {parameter.most:g}")


def _uuid(parameter: Parameter, told: str) -> Value:
    try:
        return UUID(told)
    except ValueError:
        raise ValueError("is not a UUID") from None


def _time(parameter: Parameter, told: str) -> Value:
    try:
        found = datetime.fromisoformat(told)
        if found.tzinfo is not None:
            # In UTC: an offset can push a time out of the calendar, and PostgreSQL takes none of sixteen hours or more.
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("is not an ISO 8601 time with its offset, such as 2026-02-12T08:30:00Z")


def _choice(parameter: Parameter, told: str) -> Value:
    if told in parameter.choices:
        return told
    raise ValueError(f"is none of {', '.join(parameter.choices)}")


_READERS: Mapping[Kind, Callable[[Parameter, str], Value]] = {
    "text": lambda parameter, told: told.strip(),
    "integer": _integer,
    "fraction": _fraction,
    "uuid": _uuid,
    "time": _time,
    "choice": _choice,
}


class Asked(dict[str, Value]):
    """The checked parameters of one request, by name; absent ones are absent. Accessors narrow the type."""

    def text(self, name: str) -> str:
        """The text of a parameter, "" when it is absent."""
        return str(self.get(name, ""))

    def number(self, name: str) -> int:
        """A whole number that was given or has a default."""
        return int(str(self[name]))

    def uuid(self, name: str) -> UUID | None:
        """A UUID, or None when it is absent."""
        found = self.get(name)
        return found if isinstance(found, UUID) else None

    def time(self, name: str) -> datetime | None:
        """A time, or None when it is absent."""
        found = self.get(name)
        return found if isinstance(found, datetime) else None

    def fraction(self, name: str) -> float | None:
        """A number, or None when it is absent."""
        found = self.get(name)
        return found if isinstance(found, float) else None


def read(query: QueryDict, parameters: Sequence[Parameter]) -> Asked:
    """Check a query string against its declaration. Raises InvalidInput with every flaw; unknown names are refused."""
    by_name = {parameter.name: parameter for parameter in parameters}
    known = f"the parameters are {', '.join(by_name)}" if by_name else "this address takes none"
    flaws: list[Flaw] = []
    asked = Asked({p.name: p.default for p in parameters if p.default is not None})
    for name in query:
        parameter = by_name.get(name)
        if parameter is None:
            shown = name if len(name) <= 64 and not text_flaws("", name) else "query"
            flaws.append(Flaw(shown, "is not a parameter of this address", known))
            continue
        told = query.getlist(name)
        try:
            if len(told) > 1:
                raise ValueError("stands more than once")
            if told[0] != "":
                asked[name] = parameter.read(told[0])
        except ValueError as error:
            flaws.append(Flaw(name, str(error), parameter.words))
    flaws += [Flaw(p.name, "is missing", p.words) for p in parameters if p.required and p.name not in asked]
    if flaws:
        raise InvalidInput("The query string is not valid.", flaws=flaws)
    return asked


LIMIT = Parameter("limit", "How many on a page.", "integer", least=1, most=200, default=50)
CURSOR = Parameter("cursor", "Where the page begins: “next” of the page before.")
AS_OF = Parameter("as_of", "A past instant: ISO 8601 with its offset, Z or %2B01:00. Left out, the present.", "time")
