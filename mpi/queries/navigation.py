"""What waits for stewards, as the desk itself counts it: one number on every page.

The index knows nothing of what the desk has set aside, so it asks the module that `settings.REVIEW_COUNTS` names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings


@dataclass(frozen=True, slots=True)
class OpenKind:
    """Open review of one type: how many and since when."""

    title: str
    means: str
    count: int
    today: int
    few_days: int
    older: int
    oldest: datetime | None


class _Desk(Protocol):
    """What the desk answers."""

    def to_do(self) -> int:
        """What waits and is not set aside."""

    def open_kinds(self, now: datetime) -> tuple[OpenKind, ...]:
        """The same by type."""


def open_review() -> int:
    """Everything that waits for a steward and is not set aside. One query."""
    return _desk().to_do()


def open_kinds(now: datetime) -> tuple[OpenKind, ...]:
    """The same by type, with its age at `now`. Two queries."""
    return _desk().open_kinds(now)


@cache
def _desk() -> _Desk:
    return cast(_Desk, import_module(settings.REVIEW_COUNTS))
