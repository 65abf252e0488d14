"""The source takes the merge of two of its numbers back: the correction of an A40."""

from __future__ import annotations

from dataclasses import dataclass

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import NotFound
from mpi.models import EventKind, GoldenRecord, SourceMerge, SourceRecord
from mpi.services.act import ActResult, begin, done
from mpi.services.locking import TryAgain, run_act
from mpi.services.parse import all_systems, known_system
from mpi.services.reasons import check_reason
from mpi.services.record_states import lock_own_keys
from mpi.services.source_merge import numbered, require_source
from mpi.services.undo import find_event, plan_undo, undo_locked


@dataclass(frozen=True, slots=True)
class SourceUnmergePreview:
    """What taking a merge back would do. `homes` are the golden records that source records go to."""

    merge: SourceMerge
    homes: tuple[GoldenRecord, ...]


def preview_source_unmerge(*, record: SourceRecord, actor: Actor) -> SourceUnmergePreview:
    """Compute it without writing anything. Raises Forbidden, NotFound (the number was not merged)."""
    require(actor, Permission.MERGE)
    merge = _standing_merge(record)
    plan = plan_undo(merge.event.uuid)
    going = {home for _, home in (*plan.moves, *plan.reopened)}
    return SourceUnmergePreview(merge, tuple(GoldenRecord.objects.filter(pk__in=going).order_by("pk")))


def unmerge_source_records(*, system: str, subsumed_mrn: str, reason_code: str, reason: str, actor: Actor) -> ActResult:
    """The source takes its merge back: the number stands for itself again, where it was linked before.

    Raises Forbidden, UnknownSystem, NotFound, InvalidInput, CannotUndo (naming what stands in the way), Busy.
    """
    require_source(actor)
    check_reason(reason_code, reason)
    known_system(system, all_systems())

    def act() -> ActResult:
        record = numbered(system, subsumed_mrn, "subsumed_mrn")
        lock_own_keys([record])
        merge = _standing_merge(record)
        plan = plan_undo(merge.event.uuid)
        unit = begin(actor, plan.golden_ids)
        now = plan_undo(merge.event.uuid)
        if now.golden_ids != plan.golden_ids:
            raise TryAgain
        undoing = unit.event(
            EventKind.SOURCE_UNMERGE, reason_code=reason_code, reason=reason, undoes=find_event(merge.event.uuid)
        )
        restored = undo_locked(unit, undoing, now)
        unit.audit_record(
            Action.RECORDS_UNMERGED,
            record,
            *restored,
            reason_code=reason_code,
            reason=reason,
            detail={"event": str(undoing.uuid)},
        )
        unit.flush()
        return done(undoing, "The number stands for itself again.", *restored, undoable=False)

    return run_act(act)


def _standing_merge(record: SourceRecord) -> SourceMerge:
    """The merge of the number, not taken back. Raises NotFound."""
    merges = SourceMerge.objects.filter(subsumed=record, ended_at__isnull=True)
    found = merges.select_related("event", "survivor__source_system").first()
    if found is None:
        raise NotFound("This number was not merged into another one.")
    return found
