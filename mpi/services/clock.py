"""The clock of the acts: that of the database, except while a demonstration lives through weeks that have passed.

The time is always told by the database, after the locks. A demonstration that is made in seconds but shows a month of
work may hold this process's acts some time behind it. No other code may: see tests/services/test_clock.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

_BEHIND: ContextVar[timedelta] = ContextVar("behind", default=timedelta(0))


def as_told(moment: datetime) -> datetime:
    """The time of an act whose transaction was told this time by the database."""
    return moment - _BEHIND.get()


@contextmanager
def behind(time: timedelta) -> Iterator[None]:
    """Acts of this process happen so much earlier, for the block. Raises ValueError for a time in the future."""
    if time < timedelta(0):
        raise ValueError("No act can happen in the future.")
    token = _BEHIND.set(time)
    try:
        yield
    finally:
        _BEHIND.reset(token)
