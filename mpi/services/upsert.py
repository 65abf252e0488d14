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
from mpi.models import Decision, InboundMessage, MessageState
from mpi.services.dispatch import hint
from mpi.services.ingest import IngestResult, ingest
from mpi.services.receive import Draft, Receipt, command_payload, receive
from mpi.services.rows import fetch

_STANDING = """
SELECT r.id, r.version, g.euid, g.status, EXISTS (
  SELECT FROM mpi_potential_match m
  WHERE m.status = 'open' AND (m.golden_a_id = l.golden_record_id OR m.golden_b_id = l.golden_record_id)
  AND (m.record_a_id = r.id OR m.record_b_id = r.id)
)
FROM mpi_source_record r LEFT JOIN mpi_link l ON l.source_record_id = r.id AND l.ended_at IS NULL
LEFT JOIN mpi_golden_record g ON g.id = l.golden_record_id WHERE r.id = %s
"""
_ATTEMPTS = 20
_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class Standing:
    """A source record as it stands now, with the golden record that it is linked to, both None without a link.

    `is_asked_about` tells that an open potential match rests on it.
    """

    record_id: int
    version: int
    euid: str | None
    golden_status: str | None
    is_asked_about: bool


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """The answer of an upsert. `state` received means that a worker will apply it: poll the message."""

    message_uuid: UUID
    state: str
    outcome: str
    standing: Standing | None
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
    payload = command_payload(UpsertRecord(record, source_time))
    draft = Draft(actor.source, payload, record.source_system, record.mrn, idempotency_key, source_time=source_time)
    return apply_now(receive(draft, actor=actor, only_registered=True), respond_async=respond_async)


def apply_now(receipt: Receipt, *, respond_async: bool = False) -> UpsertResult:
    """Apply a stored message at once, or leave it to the workers; answers a repeated one as the first time.

    Earlier messages of the same source record are applied with it, or waited for while another worker has them.
    """
    done = None if respond_async else _apply_in_turn(receipt)
    if done is not None and done.state == MessageState.APPLIED:
        return _told(receipt, done.state, done.outcome, done.record_id, done.decision)
    result = outcome_of(receipt)
    if result.state == MessageState.RECEIVED:
        hint([receipt.message_id])
    return result


def _apply_in_turn(receipt: Receipt) -> IngestResult | None:
    """What became of the message, None where it was told before now. Most are the only one of their record."""
    own = None if receipt.replayed else ingest(message_ids=[receipt.message_id]).get(receipt.message_id)
    for attempt in range(_ATTEMPTS):
        if own is not None and (own.errors or own.state != MessageState.RECEIVED):
            return own
        if attempt:
            time.sleep(_WAIT_S)
        message = InboundMessage.objects.get(pk=receipt.message_id)
        if message.state != MessageState.RECEIVED:
            return None
        same = InboundMessage.objects.filter(
            order_key=message.order_key, state=MessageState.RECEIVED, pk__lte=message.pk
        )
        own = ingest(message_ids=list(same.order_by("pk").values_list("pk", flat=True))).get(receipt.message_id)
    return own


def outcome_of(receipt: Receipt) -> UpsertResult:
    """The stored outcome of a message, with the present state of its record. Raises InvalidInput for a rejected one."""
    message = InboundMessage.objects.get(pk=receipt.message_id)
    if message.state in (MessageState.REJECTED, MessageState.DEAD):
        said = message.errors or []
        flaws = [Flaw(told.get("field", "message"), told["problem"], told.get("mend", "")) for told in said]
        number = {"message": str(message.uuid)}
        raise InvalidInput("The message was rejected; nothing was changed.", flaws=flaws, extra=number)
    decision = Decision.objects.filter(pk=message.decision_id or 0).first()
    evidence = codec.decision_evidence(decision) if decision else None
    return _told(receipt, message.state, message.outcome, message.source_record_id, evidence)


def _told(
    receipt: Receipt, state: str, outcome: str, record_id: int | None, decision: dict[str, Any] | None
) -> UpsertResult:
    """The answer, with the record and its golden record as they are now. One prepared query."""
    return UpsertResult(
        message_uuid=receipt.uuid,
        state=state,
        outcome=outcome,
        standing=Standing(*fetch(_STANDING, record_id)[0]) if record_id else None,
        decision=decision,
        replayed=receipt.replayed,
    )
