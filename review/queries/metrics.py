"""What the figures of the desk share: the period asked for, its steps, shares of time, the words of each type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Aggregate, DurationField, FloatField
from django.db.models.functions import Trunc

_STEPS = {1: "hour", 7: "day", 30: "day", 90: "week"}
PERIODS = {1: "24 hours", 7: "7 days", 30: "30 days", 90: "90 days"}
"""Days that can be asked for, with their words."""
USUAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Period:
    """The time that the figures speak of, cut into hours, days or weeks (UTC; weeks begin on Monday)."""

    days: int
    since: datetime
    until: datetime

    @property
    def step(self) -> str:
        """hour, day or week."""
        return _STEPS[self.days]

    @property
    def words(self) -> str:
        """`30 days`."""
        return PERIODS[self.days]

    @property
    def steps(self) -> tuple[datetime, ...]:
        """The beginning of every step, the oldest first; the first may have begun before the period."""
        length = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}[self.step]
        found = [self._beginning()]
        while found[-1] + length <= self.until:
            found.append(found[-1] + length)
        return tuple(found)

    def truncated(self, column: str) -> Trunc:
        """The step that a time lies in, for the database."""
        return Trunc(column, self.step, tzinfo=UTC)

    def _beginning(self) -> datetime:
        whole = self.since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if self.step == "hour":
            return whole
        whole = whole.replace(hour=0)
        return whole - timedelta(days=whole.weekday()) if self.step == "week" else whole


def period(days: int, *, now: datetime) -> Period:
    """The last `days` until `now`; another number than those offered means the usual one."""
    asked = days if days in PERIODS else USUAL_DAYS
    return Period(days=asked, since=now - timedelta(days=asked), until=now)


class Percentile(Aggregate):
    """`percentile_cont` of PostgreSQL: the value below which the share `at` of the rows lies, interpolated."""

    function = "percentile_cont"
    template = "%(function)s(%(at)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(
        self, expression: Any, *, at: float, output_field: DurationField[Any, Any] | FloatField[Any, Any], **extra: Any
    ) -> None:
        super().__init__(expression, at=at, output_field=output_field, **extra)
