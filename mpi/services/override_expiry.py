"""Values of stewards whose time is over stop counting: the golden records are made anew without them."""

from __future__ import annotations

import logging

from audit.actions import Action
from mpi.commands import system_actor
from mpi.errors import Busy
from mpi.models import GoldenOverride
from mpi.services.act import begin
from mpi.services.locking import run_act
from mpi.services.rows import fetch

log = logging.getLogger(__name__)
_DUE = (
    "SELECT DISTINCT golden_record_id FROM mpi_golden_override WHERE ended_at IS NULL "
    "AND expires_at <= clock_timestamp() ORDER BY golden_record_id LIMIT %s"
)
_MOST = 500
"""Golden records a beat: some seconds."""


def expire_overrides() -> int:
    """End the overrides that have expired, a golden record a transaction. Returns how many golden records changed.

    One that somebody else is changing is left to the next beat. Raises ServiceDown.
    """
    due = [pk for (pk,) in fetch(_DUE, _MOST)]
    ended = 0
    for pk in due:
        try:
            ended += run_act(lambda pk=pk: _expire(pk))  # type: ignore[misc]  # bound now: the loop goes on
        except Busy:
            log.warning("golden record %d is being changed: its overrides end with the next beat", pk)
    return ended


def _expire(golden_id: int) -> bool:
    unit = begin(system_actor("overrides"), [golden_id])
    golden = unit.golden_records[golden_id]
    rows = GoldenOverride.objects.filter(golden_record=golden, ended_at__isnull=True, expires_at__lte=unit.recorded_at)
    fields = sorted(rows.values_list("field", flat=True))
    if not fields:
        return False  # somebody has set another value meanwhile
    rows.update(ended_at=unit.recorded_at)
    unit.touch_values(golden)
    unit.audit_golden(Action.OVERRIDE_EXPIRED, golden, detail={"fields": fields})
    unit.flush()
    return True
