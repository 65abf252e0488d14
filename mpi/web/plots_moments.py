"""Where the moments of a golden record stand on the track of its slider, in per cent of the track's length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpi.queries.moments import Moment


@dataclass(frozen=True, slots=True)
class Stop:
    """One mark. `x`: per cent from the left; `shown`: the moment that the page is about."""

    x: float
    kind: str
    shown: bool


def track(known: Sequence[Moment], shown: Moment | None) -> tuple[Stop, ...]:
    """Moments at equal distances, as a range input has its steps."""
    steps = max(len(known) - 1, 1)
    return tuple(Stop(round((one.number - 1) / steps * 100, 2), one.kind, one == shown) for one in known)
