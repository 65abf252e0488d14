"""Overlay: accept or reject the update of a quarantined source record."""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, record_subject, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Flaw, InvalidInput, NotFound
from mpi.models import IdentityTask, InboundMessage, MessageState, RecordState, SourceRecord, TaskType
from mpi.services.dispatch import hint
from mpi.services.locking import lock_keys, run_act, transaction_time
from mpi.services.reasons import check_note
from mpi.services.rows import write_history


def decide_overlay(*, task_uuid: UUID | str, accept: bool, reason: str, actor: Actor) -> IdentityTask:
    """Accept: the update takes effect, still the same person. Reject: it is refused, the record stays as it was.

    Messages that queued behind it follow in their order, in either case. Returns the closed task.
    Raises Forbidden, NotFound, AlreadyDecided, InvalidInput (no reason), Busy.
    """
    require(actor, Permission.REVIEW)
    check_note(reason)

    def act() -> IdentityTask:
        task = IdentityTask.objects.select_for_update().filter(uuid=task_uuid, type=TaskType.OVERLAY).first()
        if task is None:
            raise NotFound("There is no overlay task under this number.")
        if task.status != "open":
            raise AlreadyDecided(f"This overlay was {task.status} before.")
        if not reason.strip():
            unsaid = Flaw("reason", "is empty", "say in a few words how you know")
            raise InvalidInput("A reason is needed; nothing was changed.", flaws=[unsaid])
        message = InboundMessage.objects.get(pk=task.message_id or 0)
        lock_keys([message.order_key])
        now = transaction_time()
        source_record = SourceRecord.objects.get(pk=task.source_record_id)
        # `recorded_at` stays: it says when the source told the values, and the newest telling survives.
        source_record.state = RecordState.ACTIVE
        SourceRecord.objects.filter(pk=source_record.pk).update(state=RecordState.ACTIVE)
        write_history([(source_record, "~")], actor=actor, recorded_at=now, correlation_id=actor.correlation_id)
        task.status = "accepted" if accept else "rejected"
        task.closed_at = now
        task.version += 1
        task.save(update_fields=["status", "closed_at", "version"])
        queued = InboundMessage.objects.filter(order_key=message.order_key, state=MessageState.QUEUED)
        if not accept:
            flaw = {"problem": "a steward rejected it as an overlay: it speaks of another person"}
            queued.filter(pk=message.pk).update(state=MessageState.REJECTED, errors=[flaw], applied_at=now)
        waiting = list(queued.order_by("pk").values_list("pk", flat=True))
        queued.update(state=MessageState.RECEIVED)
        detail: dict[str, object] = {"accepted": accept, "task": str(task.uuid)}
        record(
            entry_by(
                actor,
                Action.TASK_RESOLVED,
                subject=record_subject(source_record.uuid),
                reason_text=reason,
                detail=detail,
                message_id=message.pk,
            )
        )
        hint(waiting)
        return task

    return run_act(act)
