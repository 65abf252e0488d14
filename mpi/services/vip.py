"""Mark a person as VIP, and lift the mark: acts on such a person need two people."""

from __future__ import annotations

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, golden_subject, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, NotFound
from mpi.models import VipMark
from mpi.services.act import find_golden_record
from mpi.services.locking import lock_golden_records, require_live, run_act, transaction_time
from mpi.services.reasons import check_words


def mark_vip(*, euid: str, reason: str, actor: Actor) -> VipMark:
    """Mark a golden record; whoever it is merged into is marked by it.

    Raises Forbidden (supervisors only), NotFound, InvalidInput (no reason), AlreadyMerged, AlreadyDecided, Busy.
    """
    require(actor, Permission.SUPERVISE)
    check_words(reason)

    def act() -> VipMark:
        golden = find_golden_record(euid)
        require_live(lock_golden_records([golden.pk])[golden.pk])
        if VipMark.objects.filter(golden_record=golden, lifted_at__isnull=True).exists():
            raise AlreadyDecided("This golden record is marked as VIP already; nothing was changed.")
        mark = VipMark.objects.create(
            golden_record=golden,
            reason=reason,
            marked_by_id=actor.id,
            marked_by_name=actor.name,
            marked_at=transaction_time(),
        )
        record(entry_by(actor, Action.VIP_MARKED, subject=golden_subject(golden.euid), reason_text=reason))
        return mark

    return run_act(act)


def lift_vip(*, euid: str, reason: str, actor: Actor) -> VipMark:
    """Lift the mark that this golden record bears; one that it has by a merge is lifted where it was set.

    Raises Forbidden (supervisors only), NotFound, InvalidInput (no reason), Busy.
    """
    require(actor, Permission.SUPERVISE)
    check_words(reason)

    def act() -> VipMark:
        golden = find_golden_record(euid)
        lock_golden_records([golden.pk])
        mark = VipMark.objects.filter(golden_record=golden, lifted_at__isnull=True).first()
        if mark is None:
            raise NotFound("This golden record bears no VIP mark; nothing was changed.")
        mark.lifted_at, mark.lift_reason = transaction_time(), reason
        mark.lifted_by_id, mark.lifted_by_name = actor.id, actor.name
        mark.save(update_fields=["lifted_at", "lift_reason", "lifted_by_id", "lifted_by_name"])
        record(entry_by(actor, Action.VIP_LIFTED, subject=golden_subject(golden.euid), reason_text=reason))
        return mark

    return run_act(act)
