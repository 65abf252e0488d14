"""The moments at which something of a golden record changed: what the slider of its past moves between."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mpi.models import GoldenRecord, IdentityEvent
from mpi.queries.timeline import event_words, is_grave

_MOST = 2_000
"""Moments that are read; of a golden record that has more, the newest."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant, numbered from 1 on from the oldest. `kind`: an act of a person, a merge or its undoing, or neither.

    `words` say what was done then; `by` who did it, "" for the index itself.
    """

    number: int
    recorded_at: datetime
    words: str
    by: str
    kind: Literal["engine", "human", "grave"]


def moments(euid: str) -> tuple[Moment, ...]:
    """Every recorded instant of exactly this EUID, the oldest first; none for an unknown one. Three queries."""
    key = GoldenRecord.objects.filter(euid=euid).values_list("pk", flat=True).first()
    acts = IdentityEvent.objects.filter(golden_record_ids__contains=[key])
    told = acts.order_by("-recorded_at", "-pk").values_list("recorded_at", "kind", "actor_kind", "actor_name")
    by_time = {recorded_at: (kind, actor_kind, name) for recorded_at, kind, actor_kind, name in told[:_MOST]}
    versions = GoldenRecord.history.filter(id=key).order_by("-history_date")
    instants = sorted({*by_time, *versions.values_list("history_date", flat=True)[:_MOST]})[-_MOST:]
    return tuple(_moment(number, at, by_time.get(at)) for number, at in enumerate(instants, start=1))


def _moment(number: int, at: datetime, act: tuple[str, str, str] | None) -> Moment:
    if act is None:
        return Moment(number, at, "Values changed with a source record", "", "engine")
    kind, actor_kind, name = act
    by_human = actor_kind != "system"
    weight: Literal["engine", "human", "grave"] = "grave" if is_grave(kind) else "human" if by_human else "engine"
    return Moment(number, at, event_words(kind), name if by_human else "", weight)


def moment_at(known: Sequence[Moment], instant: datetime) -> Moment | None:
    """The last moment at or before an instant: what had been recorded by then. None before the first."""
    place = bisect_right([moment.recorded_at for moment in known], instant)
    return known[place - 1] if place else None
