"""Override: a steward sets a golden value, with a reason and perhaps an end; and lifts it again.

It is stronger than survivorship. A merge of golden records carries it over where the survivor has none for the field.
Records are never compared by it: what a source tells wrong is to be corrected at the source.
"""

from __future__ import annotations

from datetime import datetime

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.models import EventKind, GoldenOverride, GoldenRecord
from mpi.services.act import ActResult, begin, check_sides, done, find_golden_record
from mpi.services.locking import run_act
from mpi.services.override_rows import end_override, open_override
from mpi.services.override_value import override_value, sealed
from mpi.services.reasons import check_words


def set_value(
    *,
    euid: str,
    field: str,
    value: object,
    reason: str,
    version: int | None,
    actor: Actor,
    expires_at: datetime | None = None,
) -> ActResult:
    """Set a golden value; one that was set before ends. `value` is a text, of an address its parts.

    Raises Forbidden, NotFound, InvalidInput (field, value, reason, expires_at), StaleVersion, AlreadyMerged, Busy.
    """
    require(actor, Permission.MERGE)
    check_words(reason, mend="say why")
    shown = override_value(field, value)

    def act() -> ActResult:
        golden = find_golden_record(euid)
        unit = begin(actor, [golden.pk])
        golden = unit.golden_records[golden.pk]
        check_sides([golden], {} if version is None else {golden.euid: version})
        if expires_at is not None and expires_at <= unit.recorded_at:
            flaw = Flaw("expires_at", "has passed", "give an instant to come, or none")
            raise InvalidInput("The value was not set: it would not count.", flaws=[flaw])
        event = unit.event(EventKind.OVERRIDE, reason=reason)
        unit.touch(event, golden)
        if (before := standing(golden, field)) is not None:
            end_override(unit, event, before)
        stored = sealed(field, shown, golden.euid)
        open_override(
            unit,
            event,
            golden,
            field=field,
            stored=stored,
            reason=reason,
            expires_at=expires_at,
            actor_id=actor.id,
        )
        until = expires_at.isoformat() if expires_at else ""
        detail: dict[str, object] = {"event": str(event.uuid), "field": field, "until": until}
        unit.audit_golden(Action.GOLDEN_OVERRIDDEN, golden, reason=reason, detail=detail)
        unit.flush()
        return done(event, "The value is set. Whatever sources tell, it is shown until it is lifted.", golden)

    return run_act(act)


def lift_value(*, euid: str, field: str, reason: str, version: int | None, actor: Actor) -> ActResult:
    """Let survivorship choose the value again.

    Raises Forbidden, NotFound (nothing is set), InvalidInput, StaleVersion, AlreadyMerged, Busy.
    """
    require(actor, Permission.MERGE)
    check_words(reason, mend="say why")

    def act() -> ActResult:
        golden = find_golden_record(euid)
        unit = begin(actor, [golden.pk])
        golden = unit.golden_records[golden.pk]
        check_sides([golden], {} if version is None else {golden.euid: version})
        row = standing(golden, field)
        if row is None:
            raise NotFound("No steward has set this value; nothing was changed.")
        event = unit.event(EventKind.LIFT_OVERRIDE, reason=reason)
        unit.touch(event, golden)
        end_override(unit, event, row)
        detail: dict[str, object] = {"event": str(event.uuid), "field": field}
        unit.audit_golden(Action.OVERRIDE_LIFTED, golden, reason=reason, detail=detail)
        unit.flush()
        return done(event, "The value is what the source records make it again.", golden)

    return run_act(act)


def standing(golden: GoldenRecord, field: str) -> GoldenOverride | None:
    """The steward's value of a field that was not ended, expired or not. One query."""
    return GoldenOverride.objects.filter(golden_record=golden, field=field, ended_at__isnull=True).first()
