"""As of: a golden record as it was recorded at a past instant. Audited as a read of every person that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mpi.access import access_exact_golden_record
from mpi.commands import Actor
from mpi.models import GoldenRecord
from mpi.queries.as_of import check_instant, golden_then, survivor_then


@dataclass(frozen=True, slots=True)
class AsOf:
    """What stood at an instant.

    asked    the golden record of the EUID that was asked for, as it stands now
    exact    the history row of that very golden record then
    row      the one that carried on then: `exact`, or its survivor if it had been merged by then
    passed   EUIDs from the asked one to its survivor then, the asked one first; () where it was not merged
    """

    instant: datetime
    asked: GoldenRecord
    exact: Any
    row: Any
    passed: tuple[str, ...]


def golden_record_as_of(*, euid: str, instant: datetime, actor: Actor) -> AsOf:
    """The golden record of an EUID at an instant; one that was merged by then leads to its survivor of that time.

    Raises Forbidden, InvalidInput (a future instant), NotFound (no such EUID, or not yet at that instant).
    """
    check_instant(instant)
    asked = access_exact_golden_record(actor, euid, as_of=instant)
    exact = golden_then(asked.pk, instant)
    row, passed = survivor_then(exact, instant)
    if passed:
        access_exact_golden_record(actor, row.euid, as_of=instant)
    return AsOf(instant, asked, exact, row, passed)
