"""Reading a model document strictly: every refusal says what is wrong and where; nothing is guessed or passed over.

JSON after RFC 8259 and I-JSON (RFC 7493): a name that stands twice, NaN and infinities are refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from matching.model import InvalidModel

LARGEST_DOCUMENT = 10_000_000
"""Characters of a document's text; the shipped one has about 200,000."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def parse(text: str) -> Mapping[str, object]:
    """The object that a JSON text holds. Raises InvalidModel with line and column where it is no JSON."""
    if len(text) > LARGEST_DOCUMENT:
        raise InvalidModel(f"The document has more than {LARGEST_DOCUMENT:,} characters.")
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidModel(f"The document is not JSON: {error.msg} ({place}).", place) from error
    except RecursionError as error:
        raise InvalidModel("The document is nested too deeply.") from error
    except ValueError as error:
        if isinstance(error, InvalidModel):
            raise
        raise InvalidModel("A number of the document has too many digits.") from error
    if not isinstance(found, dict):
        raise InvalidModel("The document is not a JSON object.")
    return found


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidModel(f"The name “{twice[:40]}” stands twice in one object.", twice[:40])
    return found


def _constant(told: str) -> float:
    raise InvalidModel(f"{told} is not JSON.")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the document, and the path to it."""

    value: object
    place: str = ""

    def has(self, key: str) -> bool:
        """Whether the object holds the key, with a value."""
        return self._mapping().get(key) is not None

    def member(self, key: str) -> Node:
        """The value under a key of an object. Raises InvalidModel where there is none."""
        mapping = self._mapping()
        if key not in mapping:
            raise InvalidModel(f"{self._called()} lacks “{key}”.", self._below(key))
        return Node(mapping[key], self._below(key))

    def only(self, *keys: str) -> Node:
        """The same object, if it holds no other keys: a misspelt one must not be passed over."""
        if unknown := sorted(self._mapping().keys() - set(keys)):
            raise InvalidModel(f"{self._called()} holds “{unknown[0][:40]}”, which is not known.", self.place)
        return self

    def pairs(self) -> Iterator[tuple[str, Node]]:
        """Keys and values of an object."""
        for key, value in self._mapping().items():
            yield _plain(key, self.place), Node(value, self._below(key))

    def elements(self, name: str = "") -> Iterator[Node]:
        """The elements of a list; in their paths each is called by its member `name`, else by its number."""
        if not isinstance(self.value, list):
            raise InvalidModel("The model document holds something else where a list belongs.", self.place)
        for number, value in enumerate(self.value):
            called = value.get(name) if isinstance(value, Mapping) else None
            yield Node(value, self._below(called if isinstance(called, str) else str(number)))

    def text(self) -> str:
        """A text without control characters."""
        if not isinstance(self.value, str):
            raise InvalidModel("The model document holds something else where a text belongs.", self.place)
        return _plain(self.value, self.place)

    def number(self) -> float:
        """A finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not _finite(self.value):
            raise InvalidModel("The model document holds something else where a number belongs.", self.place)
        return float(self.value)

    def whole(self) -> int:
        """A whole number."""
        found = self.number()
        if not found.is_integer():
            raise InvalidModel("The model document holds a fraction where a whole number belongs.", self.place)
        return int(found)

    def plain(self) -> dict[str, object]:
        """An object of anything that JSON can hold, checked throughout."""
        _check_plain(self)
        return dict(self._mapping())

    def _mapping(self) -> Mapping[str, object]:
        if not isinstance(self.value, Mapping):
            raise InvalidModel("The model document holds something else where an object belongs.", self.place)
        return cast(Mapping[str, object], self.value)

    def _below(self, key: str) -> str:
        return f"{self.place}/{key[:60]}" if self.place else key[:60]

    def _called(self) -> str:
        return f"“{self.place}”" if self.place else "The model document"


def _finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _plain(text: str, place: str) -> str:
    if _CONTROL.search(text):
        raise InvalidModel("A text of the model document holds a character that cannot be stored.", place)
    return text


def _check_plain(node: Node) -> None:
    if isinstance(node.value, Mapping):
        for _, member in node.pairs():
            _check_plain(member)
    elif isinstance(node.value, list):
        for element in node.elements():
            _check_plain(element)
    elif isinstance(node.value, str):
        node.text()
    elif node.value is not None and not isinstance(node.value, bool):
        node.number()
