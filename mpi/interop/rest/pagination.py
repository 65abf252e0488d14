"""Keyset pages: a page begins after the last key of the page before: depth costs nothing, nothing is skipped.

A cursor is opaque to clients: base64url of a JSON list of the key's parts. It holds ids and numbers, no demographics.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

import orjson

from mpi.errors import Flaw, InvalidInput

Row = TypeVar("Row")
KeyPart = int | float | str


def read_cursor(told: str, *kinds: type) -> tuple[KeyPart, ...] | None:
    """The key after which the page begins, or None for the first page. Raises InvalidInput."""
    if not told:
        return None
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(told.encode("ascii") + b"=" * (-len(told) % 4)))
    except (binascii.Error, UnicodeEncodeError, orjson.JSONDecodeError):
        parts = None
    fits = isinstance(parts, list) and [type(part) for part in parts] == list(kinds)
    if not fits or any(isinstance(part, int) and abs(part) >= 2**63 for part in parts):
        flaw = Flaw("cursor", "is not a cursor of this list", "send “next” of the page before, or leave it out")
        raise InvalidInput("The page cannot be found.", flaws=[flaw])
    return tuple(parts)


def page(rows: Sequence[Row], limit: int, key: Callable[[Row], Sequence[KeyPart]]) -> tuple[Sequence[Row], str | None]:
    """The rows to show and the cursor of the next page. `rows` holds one more than `limit` where there is more."""
    if len(rows) <= limit:
        return rows, None
    last = orjson.dumps(list(key(rows[limit - 1])))
    return rows[:limit], base64.urlsafe_b64encode(last).rstrip(b"=").decode()
