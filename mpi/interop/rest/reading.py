"""Bytes and query strings → checked values. Every flaw is named with its place; nothing is guessed.

JSON is read strictly (RFC 8259, I-JSON RFC 7493): a name that stands twice, NaN, half a surrogate
pair, a control character, a number no computer agrees on or a nest of a hundred lists is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from json import JSONDecodeError

from django.http import HttpRequest

from mpi.errors import Flaw, InvalidInput, Malformed, TooLarge
from mpi.interop.rest.errors import unsupported_type

JSON = "application/json"
NDJSON = "application/x-ndjson"
LONGEST_TEXT = 500
"""Characters of one JSON string."""
MOST_VALUES = 50
"""Values of one JSON array, members of one JSON object."""
DEEPEST = 8
_LONGEST_NUMBER = 18
_LONGEST_NAME = 64
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _repeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise _Refused("a name stands twice in one object")
    return document


def _number(told: str) -> int:
    if len(told) > _LONGEST_NUMBER:
        raise _Refused("a number has too many digits")
    return int(told)


def _fraction(told: str) -> float:
    found = float(told)
    if found in (float("inf"), float("-inf")):
        raise _Refused("a number is too large")
    return found


def _constant(told: str) -> float:
    raise _Refused(f"{told} is not JSON")


class _Refused(ValueError):
    """Well-formed for a lenient reader, refused by this one."""


_DECODER = json.JSONDecoder(
    object_pairs_hook=_repeated, parse_int=_number, parse_float=_fraction, parse_constant=_constant
)


def content_type(request: HttpRequest) -> str:
    """The media type without its parameters, lower case."""
    return str(request.META.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()


def body_of(request: HttpRequest, *, most_bytes: int, accepted: Sequence[str] = (JSON,)) -> bytes:
    """The whole body. Raises UnsupportedType, TooLarge, Malformed (empty)."""
    announced = str(request.META.get("CONTENT_LENGTH") or "0")
    if announced == "0":
        raise _empty()
    require_type(request, accepted)
    if announced.isdecimal() and int(announced) > most_bytes:
        raise too_large(most_bytes)
    body = request.body
    if len(body) > most_bytes:
        raise too_large(most_bytes)
    if not body.strip():
        raise _empty()
    return body


def _empty() -> Malformed:
    mend = "send a JSON object, with its Content-Length"
    return Malformed("The body is empty.", flaws=[Flaw("body", "is empty", mend)])


def require_type(request: HttpRequest, accepted: Sequence[str]) -> None:
    """Raises UnsupportedType unless the body announces one of the accepted types."""
    if content_type(request) not in accepted:
        raise unsupported_type(accepted)


def too_large(most_bytes: int) -> TooLarge:
    """The refusal of a body over the limit."""
    flaw = Flaw("body", f"is larger than {most_bytes:,} bytes", "send less at once")
    return TooLarge("The body is larger than this address accepts.", flaws=[flaw])


def json_object(body: bytes, *, line: int | None = None) -> dict[str, object]:
    """One JSON object, read strictly. Raises Malformed (where it breaks) or InvalidInput (what is not allowed)."""
    try:
        document = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        flaw = Flaw("body", f"is not UTF-8 from byte {error.start} on", "send UTF-8", line=line)
        raise Malformed("The body is not UTF-8 text.", flaws=[flaw]) from None
    except JSONDecodeError as error:
        place = Flaw("body", _plain(error.msg), "send one JSON object", line=line or error.lineno, column=error.colno)
        raise Malformed("The body is not JSON.", flaws=[place]) from None
    except _Refused as error:
        raise Malformed("The body is not JSON.", flaws=[Flaw("body", str(error), "mend it", line=line)]) from None
    except RecursionError:
        raise _too_deep("body") from None
    if not isinstance(document, dict):
        flaw = Flaw("body", "is not a JSON object", "send { … }", line=line)
        raise Malformed("The body must be one JSON object.", flaws=[flaw])
    if flaws := flaws_within(document):
        raise InvalidInput("The body holds what is not allowed in it.", flaws=flaws[:MOST_VALUES])
    return document


def _plain(message: str) -> str:
    """The decoder's words as the rest of a sentence: they name characters of JSON, never a value."""
    return message[:1].lower() + message[1:]


def _too_deep(path: str) -> Malformed:
    flaw = Flaw(path, f"is nested deeper than {DEEPEST}", "send a flatter document")
    return Malformed("The body is nested too deep.", flaws=[flaw])


def flaws_within(value: object, path: str = "", depth: int = 0) -> list[Flaw]:
    """What is wrong with the texts, arrays and objects of a document, each with its path. Raises Malformed (depth)."""
    if isinstance(value, str):
        return text_flaws(path, value)
    if not isinstance(value, dict | list):
        return []
    if depth >= DEEPEST:
        raise _too_deep(path or "body")
    if len(value) > MOST_VALUES:
        return [Flaw(path or "body", f"holds more than {MOST_VALUES} values", "send fewer")]
    if isinstance(value, list):
        return [flaw for index, part in enumerate(value) for flaw in flaws_within(part, f"{path}[{index}]", depth + 1)]
    flaws = []
    for name, part in value.items():
        if not name.strip() or len(name) > _LONGEST_NAME or text_flaws("", name):
            flaws.append(Flaw(path or "body", "holds a member name that is no field name", "use the documented names"))
        else:
            flaws += flaws_within(part, f"{path}.{name}" if path else name, depth + 1)
    return flaws


def text_flaws(path: str, value: str) -> list[Flaw]:
    """What is wrong with one text: too long, or characters in it that no name or number has."""
    if len(value) > LONGEST_TEXT:
        return [Flaw(path, f"is longer than {LONGEST_TEXT} characters", "shorten it")]
    if _CONTROL.search(value):
        return [Flaw(path, "holds a control character or half a character", "remove it; send plain UTF-8")]
    return []


def only(document: Mapping[str, object], known: Sequence[str]) -> None:
    """Raise InvalidInput naming each member that this address does not know."""
    mend = f"the fields are {', '.join(known)}" if known else "send none"
    flaws = [Flaw(name, "is not known here", mend) for name in document if name not in known]
    if flaws:
        raise InvalidInput("The body holds fields that are not known here.", flaws=flaws)
