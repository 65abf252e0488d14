"""Overrides begin and end under an identity event; what was ended comes back as a row of its own, never edited.

What holds for a person holds after a merge too: an override of the golden record that is retired goes on under the
survivor's EUID, where that has none of its own for the field (decision 0011). A row that continues another one, because
it was carried over or restored, is named so in the event that opened it.

The rows are written at once: golden records are recomputed from them when the unit of work settles.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from audit.actions import Action
from mpi.errors import CannotUndo
from mpi.models import GoldenOverride, GoldenRecord, IdentityEvent
from mpi.services.override_value import opened, sealed
from mpi.services.unit import UnitOfWork

Line = list[tuple[GoldenOverride, bool]]
"""Rows of which each later one continues an earlier one, and whether another one continues it."""


def open_override(
    unit: UnitOfWork,
    event: IdentityEvent,
    golden: GoldenRecord,
    *,
    field: str,
    stored: Any,
    reason: str,
    expires_at: datetime | None,
    actor_id: str,
    continues: GoldenOverride | None = None,
) -> None:
    """A steward's value counts from now on; the caller ended the one before. `continues` is what it is like."""
    row = GoldenOverride.objects.create(
        golden_record=golden,
        field=field,
        value=stored,
        reason=reason,
        actor_id=actor_id,
        recorded_at=unit.recorded_at,
        expires_at=expires_at,
    )
    told = _told(event)
    told["opened"].append(row.pk)
    if continues is not None:
        told["continues"][str(row.pk)] = continues.pk


def end_override(unit: UnitOfWork, event: IdentityEvent, row: GoldenOverride) -> None:
    """It does not count any more."""
    row.ended_at = unit.recorded_at
    row.save(update_fields=["ended_at"])
    _told(event)["ended"].append(row.pk)


def _told(event: IdentityEvent) -> dict[str, Any]:
    """What the event says of overrides: {"opened": [id], "ended": [id], "continues": {id: id of the one before}}."""
    told: dict[str, Any] = event.payload.setdefault("overrides", {"opened": [], "ended": [], "continues": {}})
    return told


def carry_overrides(unit: UnitOfWork, event: IdentityEvent, *, retired: GoldenRecord, survivor: GoldenRecord) -> None:
    """What stewards have set for the retired golden record counts for its survivor, unless that has its own. Audited.

    The rows of the retired one stay: they count for it again when it comes back. One query where nothing was set.
    """
    rows = GoldenOverride.objects.filter(golden_record__in=[retired.pk, survivor.pk], ended_at__isnull=True)
    standing = list(rows.order_by("pk"))
    own = {row.field: row for row in standing if row.golden_record_id == survivor.pk}
    for row in standing:
        if row.golden_record_id == survivor.pk or _is_over(row, unit):
            continue
        if (theirs := own.get(row.field)) is not None:
            if not _is_over(theirs, unit):
                continue
            end_override(unit, event, theirs)
        _continue(unit, event, row, retired, survivor)
        detail: dict[str, object] = {"event": str(event.uuid), "field": row.field}
        unit.audit_golden(Action.GOLDEN_OVERRIDDEN, survivor, retired, reason=row.reason, detail=detail)


def _continue(
    unit: UnitOfWork, event: IdentityEvent, row: GoldenOverride, told_of: GoldenRecord, golden: GoldenRecord
) -> None:
    """The same value, reason and end, from now on and for this golden record."""
    value = opened(row.field, row.value, told_of.euid)
    open_override(
        unit,
        event,
        golden,
        field=row.field,
        stored=row.value if golden.pk == told_of.pk else sealed(row.field, value, golden.euid),
        reason=row.reason,
        expires_at=row.expires_at,
        actor_id=row.actor_id,
        continues=row,
    )


def _is_over(row: GoldenOverride, unit: UnitOfWork) -> bool:
    return row.expires_at is not None and row.expires_at <= unit.recorded_at


def golden_ids_of_overrides(event: IdentityEvent) -> set[int]:
    """Golden records whose values an undo of the event may change through overrides. No query without any."""
    told = event.payload.get("overrides")
    if not told:
        return set()
    rows = GoldenOverride.objects.in_bulk([*told["opened"], *told["ended"]])
    lines = (_line(rows[pk], event) for pk in told["opened"])
    return {row.golden_record_id for line in lines for row, _ in line} | {row.golden_record_id for row in rows.values()}


def restore_overrides(unit: UnitOfWork, undoing: IdentityEvent, event: IdentityEvent) -> None:
    """Undo what an event did to overrides. Raises CannotUndo where a later act has decided on the same field."""
    told = event.payload.get("overrides")
    if not told:
        return
    rows = GoldenOverride.objects.select_related("golden_record").in_bulk([*told["opened"], *told["ended"]])
    for pk in told["opened"]:
        _end_line(unit, undoing, _line(rows[pk], event))
    for pk in told["ended"]:
        row = rows[pk]
        if _is_over(row, unit):
            continue  # it would count no more
        if GoldenOverride.objects.filter(golden_record=row.golden_record, field=row.field, ended_at=None).exists():
            raise CannotUndo("A later act has set this value again; undo that one first.")
        _continue(unit, undoing, row, row.golden_record, row.golden_record)


def _end_line(unit: UnitOfWork, undoing: IdentityEvent, line: Line) -> None:
    """End what goes on of a value. Raises CannotUndo, naming the act, where a person has ended it since."""
    for row, goes_on in line:
        if row.ended_at is None:
            unit.touch(undoing, unit.golden_records[row.golden_record_id])
            end_override(unit, undoing, row)
        elif not goes_on and (act := _ended_by(row)) is not None and act.undoes_id is None:
            raise CannotUndo(
                "A later act has set or lifted this value again; undo that one first.", extra={"event": str(act.uuid)}
            )


def _line(row: GoldenOverride, event: IdentityEvent) -> Line:
    """The row that the event opened and, after it, all that continue it. Two queries a row."""
    line: Line = []
    waiting = [row]
    while waiting:
        one = waiting.pop(0)
        following = list(GoldenOverride.objects.filter(pk__in=list(_next(one, event))))
        line.append((one, bool(following)))
        waiting += following
    return line


def _next(row: GoldenOverride, event: IdentityEvent) -> Iterator[int]:
    later = IdentityEvent.objects.filter(
        golden_record_ids__contains=[row.golden_record_id], pk__gte=event.pk, payload__has_key="overrides"
    )
    for payload in later.values_list("payload", flat=True):
        yield from (int(new) for new, old in payload["overrides"].get("continues", {}).items() if old == row.pk)


def _ended_by(row: GoldenOverride) -> IdentityEvent | None:
    """The act that ended it, None where its time was over."""
    acts = IdentityEvent.objects.filter(
        golden_record_ids__contains=[row.golden_record_id], payload__overrides__ended__contains=[row.pk]
    )
    return acts.order_by("-pk").first()
