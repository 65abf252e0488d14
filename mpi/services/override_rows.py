"""Overrides begin and end under an identity event; what was ended comes back as a row of its own, never edited.

The rows are written at once: golden records are recomputed from them when the unit of work settles.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mpi.errors import CannotUndo
from mpi.models import GoldenOverride, GoldenRecord, IdentityEvent
from mpi.services.unit import UnitOfWork


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
) -> None:
    """A steward's value counts from now on; the caller ended the one before."""
    row = GoldenOverride.objects.create(
        golden_record=golden,
        field=field,
        value=stored,
        reason=reason,
        actor_id=actor_id,
        recorded_at=unit.recorded_at,
        expires_at=expires_at,
    )
    _told(event)["opened"].append(row.pk)


def end_override(unit: UnitOfWork, event: IdentityEvent, row: GoldenOverride) -> None:
    """It does not count any more."""
    row.ended_at = unit.recorded_at
    row.save(update_fields=["ended_at"])
    _told(event)["ended"].append(row.pk)


def _told(event: IdentityEvent) -> dict[str, list[int]]:
    """What the event says of overrides: {"opened": [id], "ended": [id]}."""
    told: dict[str, list[int]] = event.payload.setdefault("overrides", {"opened": [], "ended": []})
    return told


def restore_overrides(unit: UnitOfWork, undoing: IdentityEvent, event: IdentityEvent) -> None:
    """Undo what an event did to overrides. Raises CannotUndo where a later act has decided on the same field."""
    told = event.payload.get("overrides")
    if not told:
        return
    rows = GoldenOverride.objects.select_related("golden_record").in_bulk([*told["opened"], *told["ended"]])
    for pk in told["opened"]:
        row = rows[pk]
        if row.ended_at is None:
            end_override(unit, undoing, row)
        elif row.expires_at is None or row.ended_at < row.expires_at:
            raise CannotUndo("A later act has set or lifted this value again; undo that one first.")
    for pk in told["ended"]:
        row = rows[pk]
        if row.expires_at is not None and row.expires_at <= unit.recorded_at:
            continue  # it would count no more
        if GoldenOverride.objects.filter(golden_record=row.golden_record, field=row.field, ended_at=None).exists():
            raise CannotUndo("A later act has set this value again; undo that one first.")
        open_override(
            unit,
            undoing,
            row.golden_record,
            field=row.field,
            stored=row.value,
            reason=row.reason,
            expires_at=row.expires_at,
            actor_id=row.actor_id,
        )
