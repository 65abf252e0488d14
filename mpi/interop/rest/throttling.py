"""Quotas by token bucket, in the memory of each web process: no network, nothing to fail, no cost to speak of.

A client's quota is for fairness and holds per process, so the real limit is the number times the web processes.
"""

from __future__ import annotations

import math
import threading
import time

from django.conf import settings

from mpi.errors import TooManyRequests

_MOST_BUCKETS = 10_000


class Quota:
    """A bucket a key: `per_minute` tokens flow in evenly, at most `burst` lie in it."""

    def __init__(self, *, per_minute: int, burst: int, words: str) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._words = words
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def spend(self, key: str) -> None:
        """Take one token. Raises TooManyRequests, with the seconds to wait, when there is none."""
        with self._lock:
            level, now = self._level(key)
            if level >= 1:
                self._buckets[key] = (level - 1, now)
                return
        self._refuse(level)

    def refuse_if_spent(self, key: str) -> None:
        """Raise TooManyRequests when the bucket is empty; takes nothing."""
        with self._lock:
            level, _ = self._level(key)
        if level < 1:
            self._refuse(level)

    def reset(self) -> None:
        """Fill all buckets."""
        with self._lock:
            self._buckets.clear()

    def _level(self, key: str) -> tuple[float, float]:
        now = time.monotonic()
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.clear()  # a flood of keys: start afresh rather than grow
        level, then = self._buckets.get(key, (self._burst, now))
        return min(self._burst, level + (now - then) * self._per_second), now

    def _refuse(self, level: float) -> None:
        wait_s = max(1, math.ceil((1 - level) / self._per_second))
        raise TooManyRequests(f"{self._words} Wait {wait_s} s.", extra={"retry_after": wait_s})


_PER_MINUTE = settings.REST_REQUESTS_PER_MINUTE
REQUESTS = Quota(per_minute=_PER_MINUTE, burst=max(1, _PER_MINUTE // 10), words="The quota of this client is used up.")
"""Requests of one client."""

FAILURES = Quota(per_minute=30, burst=30, words="Too many wrong tokens came from this address.")
"""Wrong tokens of one network address."""
