"""After an activation of survivorship rules: golden records of before are made anew, in chunks that may be interrupted.

Which ones are left, the golden records say themselves: their provenance names the rules they were chosen by. A
transaction that read the rules of before may commit later, behind the pass at hand; so the last pass is one that began
when all transactions from before the activation had ended. It finds what is left over by then, usually nothing.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from matching.survivorship import DEFAULT_RULES
from mpi.commands import Actor, system_actor
from mpi.errors import Busy, ServiceDown
from mpi.models import SurvivorshipActivation
from mpi.services.act import begin
from mpi.services.dispatch import hint_rules
from mpi.services.locking import run_act, transaction_time
from mpi.services.rows import fetch
from mpi.services.rules_versions import SUBJECT

log = logging.getLogger(__name__)
CHUNK = 200
"""Golden records a transaction: locked together for some tenths of a second."""
_KEPT = ("earlier", "position", "is_last_pass", "recomputed", "changed", "worked_at", "finished_at")
_SECONDS = 20.0
"""How long one task works: far below the broker's visibility timeout."""
_QUIET_S = 30.0
"""A run that has not moved for so long has lost its worker."""
# Golden records of before there were versions name none: they were chosen by the shipped rules.
_LEFT = (
    "SELECT id FROM mpi_golden_record WHERE id > %s AND member_count > 0 "
    "AND coalesce(provenance ->> 'rules', %s) <> %s ORDER BY id LIMIT %s"
)
# Every transaction holds a lock on its own virtual id, which is never given out again; anybody may read pg_locks.
_AT_WORK = (
    "SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'virtualxid' AND l.pid <> pg_backend_pid() AND a.datname = current_database()"
)
_STILL = "SELECT count(*) FROM pg_locks WHERE locktype = 'virtualxid' AND virtualtransaction = ANY(%s::text[])"


@dataclass(frozen=True, slots=True)
class RulesProgress:
    """Where a run stands. `is_waiting`: everything seen is done, but transactions of before are still at work."""

    recomputed: int
    changed: int
    is_finished: bool
    is_waiting: bool = False


def follow_rules(*, seconds: float = _SECONDS, chunk: int = CHUNK) -> RulesProgress:
    """Go on with the newest activation for at most `seconds`. Raises Busy, ServiceDown."""
    ends = time.monotonic() + seconds
    while True:
        done = run_act(lambda: _next_chunk(chunk))
        if done.is_finished or done.is_waiting or time.monotonic() > ends:
            return done


def work_on_rules() -> None:
    """What a worker does about it; what is left is hinted again, or found by the sweep."""
    try:
        done = follow_rules()
    except (Busy, ServiceDown) as error:
        log.warning("golden records wait for the sweep: %s", error.code)
        return
    if not done.is_finished and not done.is_waiting:
        hint_rules(0)


def resume_rules() -> None:
    """Hint the newest activation again if its run is not finished and nobody is at it."""
    newest = SurvivorshipActivation.objects.order_by("-pk").first()
    if newest is None or newest.finished_at is not None:
        return
    last = newest.worked_at or newest.recorded_at
    if newest.worked_at is None or last < timezone.now() - timedelta(seconds=_QUIET_S):
        hint_rules(newest.pk)


def _next_chunk(size: int) -> RulesProgress:
    """One transaction. Workers take turns: the run's row is locked first."""
    run = SurvivorshipActivation.objects.select_for_update(of=("self",)).select_related("version").order_by("-pk")[0]
    if run.finished_at is not None:
        return _progress(run)
    if run.earlier is None:
        run.earlier = [transaction for (transaction,) in fetch(_AT_WORK)]
    if run.position == 0:
        run.is_last_pass = _earlier_have_ended(run)
    ids = [pk for (pk,) in fetch(_LEFT, run.position, DEFAULT_RULES.version, run.version.name, size)]
    if ids:
        _make_anew(run, ids)
        return _keep(run)
    if run.is_last_pass:
        run.finished_at = transaction_time()
        _write_down(run)
        return _keep(run)
    run.position = 0
    return _keep(run, is_waiting=not _earlier_have_ended(run))


def _earlier_have_ended(run: SurvivorshipActivation) -> bool:
    """Whether every transaction that is still at work began after the activation, and so reads its rules."""
    ((left,),) = fetch(_STILL, run.earlier)
    return not left


def _make_anew(run: SurvivorshipActivation, ids: list[int]) -> None:
    unit = begin(_actor(run), ids)
    before: dict[int, dict[str, Any]] = {pk: golden.values for pk, golden in unit.golden_records.items()}
    for golden in list(unit.golden_records.values()):
        unit.touch_values(golden)
    unit.flush()
    run.position = ids[-1]
    run.recomputed += len(ids)
    run.changed += sum(unit.golden_records[pk].values != values for pk, values in before.items())


def _keep(run: SurvivorshipActivation, *, is_waiting: bool = False) -> RulesProgress:
    run.worked_at = transaction_time()
    run.save(update_fields=_KEPT)
    return _progress(run, is_waiting=is_waiting)


def _progress(run: SurvivorshipActivation, *, is_waiting: bool = False) -> RulesProgress:
    return RulesProgress(run.recomputed, run.changed, run.finished_at is not None, is_waiting)


def _actor(run: SurvivorshipActivation) -> Actor:
    """The engine acts, under the correlation id of the activation."""
    return system_actor("survivorship", correlation_id=run.correlation_id)


def _write_down(run: SurvivorshipActivation) -> None:
    detail = {"activation": str(run.uuid), "recomputed": run.recomputed, "changed": run.changed}
    subject = (SUBJECT, run.version.name)
    record(entry_by(_actor(run), Action.RULES_FOLLOWED, subject=subject, detail=detail, recorded_at=run.finished_at))
