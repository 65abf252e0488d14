"""What a quarantined message tells: opened for the steward who must judge it, protected numbers masked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from matching.records import PatientRecord, StandardRecord
from mpi import codec
from mpi.errors import NotFound
from mpi.models import IdentityTask, InboundMessage
from mpi.services.active_model import active_model
from mpi.services.parse import all_systems, parse


@dataclass(frozen=True, slots=True)
class WaitingUpdate:
    """The update that a suspected overlay holds back.

    shown      as told, for a page or an answer: of protected numbers only the last four characters
    told       as told, in clear, for asking whom it looks like
    standard   what the engine compares, as it standardises it today
    """

    message: InboundMessage
    shown: PatientRecord
    told: PatientRecord
    standard: StandardRecord
    source_time: datetime | None


def waiting_update(task: IdentityTask) -> WaitingUpdate:
    """Decrypt and read the message of a task. Raises NotFound where it has none, and what `parse` raises.

    Ask only for a task that the gate has handed out: nothing is audited here.
    """
    message = InboundMessage.objects.filter(pk=task.message_id or 0).first()
    if message is None:
        raise NotFound("This task speaks of no message.")
    told = parse(message, all_systems(), active_model())
    if told.record is None:
        raise NotFound("The message of this task deletes the record; it tells nothing of a patient.")
    return WaitingUpdate(message, _masked(told.record), told.record, told.standard, told.source_time)


def _masked(record: PatientRecord) -> PatientRecord:
    shown = tuple(
        replace(part, value=codec.mask(part.value)) if codec.is_protected(part.authority, part.type) else part
        for part in record.identifiers
    )
    return replace(record, identifiers=shown)
