"""Undo a whole rematch: its acts, last first, each as the undo of that act, in a transaction of its own.

An act on whose golden records a person has acted since is left as it is, and names what stands in the way.
"""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from mpi.access import Permission, require
from mpi.commands import Actor, Source
from mpi.errors import AlreadyDecided, CannotUndo
from mpi.models import EventKind, IdentityEvent, RematchChange, RematchChangeState, RematchRun, RematchStatus
from mpi.services.act import begin
from mpi.services.dispatch import hint_rematch
from mpi.services.locking import TryAgain, run_act, transaction_time
from mpi.services.reasons import check_note
from mpi.services.rematch_apply import locked_run, require_alone
from mpi.services.rematch_run import REASON_CODE, Tell, actor_of, find_run, note, reason_of, silent, step_by_step
from mpi.services.undo import plan_undo, undo_locked

_UNDOABLE = (RematchStatus.APPLYING, RematchStatus.APPLIED, RematchStatus.UNDONE)
_DO_NOT_BLOCK = frozenset(
    {
        EventKind.SEPARATE,
        EventKind.DIFFERENT_PEOPLE,
        EventKind.LIFT_SEPARATION,
        EventKind.RELATE,
        EventKind.UNRELATE,
    }
)
"""Acts of people that stand in the way only where they keep apart what comes together: `undo_locked` looks."""


def start_undoing(*, run_uuid: UUID | str, reason: str, actor: Actor, by_worker: bool = True) -> RematchRun:
    """Begin to undo a run, also one that was stopped half-way.

    A worker does the work unless the caller does, by `continue_undoing`.

    An undone run may be told again: what was refused then is tried anew. Raises Forbidden, NotFound,
    AlreadyDecided, Busy.
    """
    require(actor, Permission.MODEL_MANAGE)
    check_note(reason)

    def act() -> RematchRun:
        run = locked_run(find_run(run_uuid).pk)
        if by_worker:
            hint_rematch(run.pk)
        if run.status == RematchStatus.UNDOING:
            return run
        if run.status not in _UNDOABLE:
            raise AlreadyDecided(f"This run is {run.status}: nothing of it was applied, so there is nothing to undo.")
        require_alone(run)
        run.status, run.finished_at, run.stage = RematchStatus.UNDOING, None, "undoing"
        run.total = run.changes.filter(state=RematchChangeState.APPLIED).count()
        run.done, run.counts = 0, {**run.counts, "cursor": None}
        run.save(update_fields=["status", "finished_at", "stage", "done", "total", "counts"])
        note(run, Action.REMATCH_TAKEN_BACK, actor, changes=run.total, reason=reason)
        return run

    return run_act(act)


def continue_undoing(
    run: RematchRun, *, seconds: float | None = None, source: Source = "worker", tell: Tell = silent
) -> bool:
    """Undo what was applied, for at most `seconds`. Returns whether the run is done. Raises Busy."""
    return step_by_step(lambda: _next(run.pk, source), RematchStatus.UNDOING, seconds=seconds, tell=tell)


def _next(run_id: int, source: Source) -> RematchRun:
    """Undo the last act that is left to be looked at, or close the run. Returns the run as it is now."""
    run = locked_run(run_id)
    if run.status != RematchStatus.UNDOING:
        return run
    left = run.changes.filter(state=RematchChangeState.APPLIED).select_related("event")
    if run.counts.get("cursor") is not None:
        left = left.filter(number__lt=run.counts["cursor"])
    change = left.order_by("-number").first()
    if change is None:
        return _finish(run, source)
    try:
        _undo(run, change, source)
    except CannotUndo as refusal:
        blocking = refusal.extra.get("event", "")
        told = f"{refusal.detail} ({blocking})" if blocking else refusal.detail
        change.skip_reason = told[:300]
    change.changed_at = transaction_time()
    change.save(update_fields=["state", "skip_reason", "undone_by", "changed_at"])
    run.done, run.counts = run.done + 1, {**run.counts, "cursor": change.number}
    run.save(update_fields=["done", "counts"])
    return run


def _undo(run: RematchRun, change: RematchChange, source: Source) -> None:
    event = change.event
    if event is None:
        raise CannotUndo("The act of this change is not known.")
    if (undone := event.undone_by.first()) is not None:
        change.state, change.undone_by, change.skip_reason = RematchChangeState.UNDONE, undone, ""
        return
    _require_no_later_human_act(event)
    plan = plan_undo(event.uuid)
    unit = begin(actor_of(run, source=source), plan.golden_ids)
    plan_now = plan_undo(event.uuid)
    if plan_now.golden_ids != plan.golden_ids:
        raise TryAgain
    _require_no_later_human_act(event)
    reason = f"{reason_of(run)} undone"
    undoing = unit.event(EventKind.UNDO, reason_code=REASON_CODE, reason=reason, undoes=event)
    restored = undo_locked(unit, undoing, plan_now)
    unit.audit_golden(
        Action.IDENTITY_UNDONE,
        restored[0],
        *restored[1:],
        reason_code=REASON_CODE,
        reason=reason,
        detail={
            "event": str(undoing.uuid),
            "undone": str(event.uuid),
            "kind": str(event.kind),
            "run": str(run.uuid),
            "change": change.number,
        },
    )
    unit.flush()
    change.state, change.undone_by, change.skip_reason = RematchChangeState.UNDONE, undoing, ""


def _require_no_later_human_act(event: IdentityEvent) -> None:
    """Raise CannotUndo, naming the act, where a person has acted on the golden records since."""
    later = IdentityEvent.objects.filter(pk__gt=event.pk, golden_record_ids__overlap=event.golden_record_ids)
    later = later.exclude(actor_kind="system").exclude(kind__in=_DO_NOT_BLOCK).filter(undone_by__isnull=True)
    for act in later.order_by("pk"):
        if act.kind == EventKind.UNDO and act.undoes_id and act.undoes_id > event.pk:
            continue  # it took back something later than this
        raise CannotUndo(
            f"{act.actor_name} has acted on these golden records since ({act.kind}).", extra={"event": str(act.uuid)}
        )


def _finish(run: RematchRun, source: Source) -> RematchRun:
    states = run.changes.values_list("state", flat=True)
    undone = sum(state == RematchChangeState.UNDONE for state in states)
    refused = sum(state == RematchChangeState.APPLIED for state in states)
    kept = {key: value for key, value in run.counts.items() if key != "cursor"}
    run.counts = {**kept, "undone": undone, "refused": refused}
    run.status, run.stage, run.undone_at = RematchStatus.UNDONE, "", transaction_time()
    run.finished_at = run.undone_at
    run.save(update_fields=["counts", "status", "stage", "undone_at", "finished_at"])
    note(run, Action.REMATCH_UNDONE, actor_of(run, source=source), undone=undone, refused=refused)
    return run
