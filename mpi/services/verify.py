"""Verify: a person vouches for a provisional golden record."""

from __future__ import annotations

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided
from mpi.models import EventKind
from mpi.services.act import ActResult, begin, check_sides, done, find_golden_record
from mpi.services.locking import run_act
from mpi.services.reasons import check_note


def verify_golden_record(*, euid: str, version: int, reason: str, actor: Actor) -> ActResult:
    """Confirm a golden record that has a single source. Raises NotFound, StaleVersion, AlreadyDecided, Busy."""
    require(actor, Permission.MERGE)
    check_note(reason)

    def act() -> ActResult:
        golden = find_golden_record(euid)
        unit = begin(actor, [golden.pk])
        golden = unit.golden_records[golden.pk]
        check_sides([golden], {golden.euid: version})
        if golden.verified:
            raise AlreadyDecided("This golden record was verified before.")
        event = unit.event(EventKind.VERIFY, reason=reason)
        unit.touch(event, golden)
        golden.verified = True
        unit.notify("golden.verified", golden)
        unit.audit_golden(Action.GOLDEN_VERIFIED, golden, reason=reason, detail={"event": str(event.uuid)})
        unit.flush()
        return done(event, "The golden record is confirmed.", golden)

    return run_act(act)
