"""One record through a door that answers: stored (T1), applied (T2), then the decision is told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from matching.records import PatientRecord
from mpi import codec
from mpi.access import Permission, require
from mpi.commands import Actor, UpsertRecord
from mpi.errors import Flaw, InvalidInput
from mpi.models import Decision, GoldenRecord, InboundMessage, MessageState, SourceRecord
from mpi.services.dispatch import hint
from mpi.services.ingest import ingest
from mpi.services.parse import all_systems, known_system
from mpi.services.receive import Draft, Receipt, command_payload, receive

_ATTEMPTS = 20
_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """The answer of an upsert. `state` received means that a worker will apply it: poll the message."""

    message_uuid: UUID
    state: str
    outcome: str
    record: SourceRecord | None
    golden: GoldenRecord | None
    decision: dict[str, Any] | None = field(repr=False)
    replayed: bool

    @property
    def created(self) -> bool:
        """Whether this message made the source record."""
        return self.outcome == "created"


def upsert_record(
    *,
    record: PatientRecord,
    source_time: datetime | None,
    actor: Actor,
    idempotency_key: str = "",
    respond_async: bool = False,
) -> UpsertResult:
    """Store and apply one record as told by its source system.

    Raises Forbidden, UnknownSystem, InvalidInput, IdempotencyConflict, TooLarge, Busy, ServiceDown.
    After Busy or ServiceDown the message is kept and applied by a worker: nothing is lost.
    """
    require(actor, Permission.RECORD_WRITE)
    known_system(record.source_system, all_systems())
    payload = command_payload(UpsertRecord(record, source_time))
    draft = Draft(actor.source, payload, record.source_system, record.mrn, idempotency_key, source_time=source_time)
    return apply_now(receive(draft, actor=actor), respond_async=respond_async)


def apply_now(receipt: Receipt, *, respond_async: bool = False) -> UpsertResult:
    """Apply a stored message at once, or leave it to the workers; answers a repeated one as the first time.

    Earlier messages of the same source record are applied with it, or waited for while another worker has them.
    """
    if not respond_async:
        _apply_in_turn(receipt.message_id)
    result = outcome_of(receipt)
    if result.state == MessageState.RECEIVED:
        hint([receipt.message_id])
    return result


def _apply_in_turn(message_id: int) -> None:
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_WAIT_S)
        message = InboundMessage.objects.get(pk=message_id)
        if message.state != MessageState.RECEIVED:
            return
        same = InboundMessage.objects.filter(
            order_key=message.order_key, state=MessageState.RECEIVED, pk__lte=message.pk
        )
        result = ingest(message_ids=list(same.order_by("pk").values_list("pk", flat=True))).get(message_id)
        if result is not None and result.errors:
            return


def outcome_of(receipt: Receipt) -> UpsertResult:
    """The stored outcome of a message, with the present state of its record. Raises InvalidInput for a rejected one."""
    message = InboundMessage.objects.get(pk=receipt.message_id)
    if message.state in (MessageState.REJECTED, MessageState.DEAD):
        said = message.errors or []
        flaws = [Flaw(told.get("field", "message"), told["problem"], told.get("mend", "")) for told in said]
        number = {"message": str(message.uuid)}
        raise InvalidInput("The message was rejected; nothing was changed.", flaws=flaws, extra=number)
    record = SourceRecord.objects.select_related("source_system").filter(pk=message.source_record_id or 0).first()
    owners = GoldenRecord.objects.filter(links__source_record_id=message.source_record_id, links__ended_at__isnull=True)
    golden = owners.first() if record else None
    decision = Decision.objects.filter(pk=message.decision_id or 0).first()
    return UpsertResult(
        message_uuid=message.uuid,
        state=message.state,
        outcome=message.outcome,
        record=record,
        golden=golden,
        decision=codec.decision_evidence(decision) if decision else None,
        replayed=receipt.replayed,
    )
