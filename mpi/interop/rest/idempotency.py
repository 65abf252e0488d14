"""`Idempotency-Key` for acts: the same key with the same request answers as the first time, with another it is refused.

Upserts keep their key with the message itself, in PostgreSQL. Acts are guarded by versions already: sent
twice they change nothing twice. What is kept here, for the window, only lets the second answer equal the
first; it holds EUIDs and event ids, no demographics. Without the store a keyed act is refused, not guessed.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from mpi.errors import Busy, Flaw, IdempotencyConflict, InvalidInput, ServiceDown

log = logging.getLogger("mpi.rest")

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_RUNNING_S = 60
_STORE_DOWN = "The store of idempotency keys does not answer; nothing was changed. Send it again, or without the key."


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer that can be given again."""

    status: int
    document: Mapping[str, Any] | None
    location: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    request: str
    answer: Answer | None


def key_of(request: HttpRequest) -> str:
    """The key of a request, "" without one. Raises InvalidInput."""
    key = str(request.META.get("HTTP_IDEMPOTENCY_KEY", "")).strip(" \t").strip('"')
    if key and not _KEY.fullmatch(key):
        flaw = Flaw(HEADER, "is not a key", "use 1 to 128 printable ASCII characters without spaces, such as a UUID")
        raise InvalidInput("The idempotency key cannot be used.", flaws=[flaw])
    return key


def once(*, client_id: str, key: str, request: bytes, act: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Act, or answer as the first time; the second part tells which (True: answered from memory).

    `request` is method, path and body. Only success is kept: a refused act may be tried again under its key.
    Raises IdempotencyConflict, Busy (the first one still runs), ServiceDown, and what `act` raises.
    """
    if not key:
        return act(), False
    slot = f"rest:once:{hashlib.sha256(f'{client_id}|{key}'.encode()).hexdigest()}"
    mark = hashlib.sha256(request).hexdigest()
    if (earlier := _claim(slot, mark)) is not None:
        return earlier, True
    try:
        answer = act()
    except BaseException:
        _keep(slot, None)
        raise
    _keep(slot, _Kept(mark, answer))
    return answer, False


def _claim(slot: str, mark: str) -> Answer | None:
    """None when the slot is ours now, the first answer when it was given before."""
    try:
        if cache.add(slot, _Kept(mark, None), timeout=_RUNNING_S):
            return None
        kept = cache.get(slot)
    except redis.RedisError as error:
        raise ServiceDown(_STORE_DOWN) from error
    if not isinstance(kept, _Kept):
        raise Busy("The first request with this key has just ended; send it again.")
    if kept.request != mark:
        raise IdempotencyConflict("This key was used for another request; nothing was changed. Use a new key.")
    if kept.answer is None:
        raise Busy("The first request with this key is still running; send it again.")
    return kept.answer


def _keep(slot: str, kept: _Kept | None) -> None:
    """Never fails: the act is done, or refused, whatever becomes of the memory of it."""
    try:
        if kept is None:
            cache.delete(slot)
        else:
            cache.set(slot, kept, timeout=settings.IDEMPOTENCY_WINDOW_HOURS * 3600)
    except redis.RedisError as error:
        log.warning("idempotency store: %s", type(error).__name__)
