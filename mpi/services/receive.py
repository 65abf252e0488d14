"""T1: a message is stored, encrypted, before anything else happens to it. Nothing is acknowledged earlier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from audit.uuid7 import uuid7
from matching.records import PatientRecord
from mpi import codec, vault
from mpi.commands import Actor, DeleteRecord, UpsertRecord
from mpi.database import straight
from mpi.errors import Flaw, IdempotencyConflict, TooLarge, UnknownSystem
from mpi.models import InboundMessage, Job, MessageState
from mpi.services.clock import as_told
from mpi.services.locking import LockClass
from mpi.services.rows import fetch, insert_rows, new_row, together
from mpi.services.sequences import reserve_ids

_NEXT_KEY = (
    "WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(%s, %s)) "
    "SELECT nextval('mpi_inbound_message_id_seq'), EXISTS (SELECT FROM mpi_source_system WHERE code = %s) FROM turn"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """One message before it is stored. `payload` is the canonical JSON that `parse` reads back."""

    channel: str
    payload: bytes
    source_system: str
    mrn: str
    control_id: str = ""
    line: int | None = None
    source_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stored message. `replayed` means that it came before: this is the first one's receipt."""

    message_id: int
    uuid: UUID
    replayed: bool = False


def order_key(source_system: str, mrn: str) -> int:
    """The keyed hash under which the messages of one source record keep their order."""
    return vault.blocking_hash("order", f"{source_system}|{mrn}")


def flat_payload(row: dict[str, str]) -> bytes:
    """The payload of a CSV or NDJSON line: the row as told."""
    return orjson.dumps({"flat": row}, option=orjson.OPT_SORT_KEYS)


def command_payload(command: UpsertRecord | DeleteRecord) -> bytes:
    """The payload of a command that a door has parsed."""
    if isinstance(command, DeleteRecord):
        return orjson.dumps({"delete": command}, option=orjson.OPT_SORT_KEYS)
    told: dict[str, object] = {"record": command.record, "source_time": command.source_time}
    if command.placed is not None:
        told["placed"] = command.placed
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def payload_hash(payload: bytes) -> bytes:
    """A keyed hash of the whole payload: equal for equal payloads, tells nothing of them."""
    return vault.blind_index("payload", payload.decode())


def record_hash(record: PatientRecord) -> bytes:
    """A keyed hash of what a source tells of a patient, whichever door it came by."""
    return plain_hash(codec.plain_record(record))


def plain_hash(plain: Mapping[str, object]) -> bytes:
    """The same of a record in the plain form of `codec.plain_record`."""
    return vault.blind_index("record", orjson.dumps(plain).decode())


def receive(
    draft: Draft, *, actor: Actor, job: Job | None = None, reason: str = "", only_registered: bool = False
) -> Receipt:
    """Store one message and commit; audited, with who sent it and why. Raises IdempotencyConflict, TooLarge.

    With `only_registered` it is refused (UnknownSystem), not stored, if its source system is unknown.

    The same control id from the same sender within the window answers as the first time if the
    payload is equal, and is refused if not; outside the window it is a new message.
    """
    if len(draft.payload) > settings.MESSAGE_MAX_BYTES:
        raise TooLarge(f"A message may have {settings.MESSAGE_MAX_BYTES} bytes; this one has {len(draft.payload)}.")
    with transaction.atomic(durable=True):
        if draft.control_id and (earlier := _earlier(draft, actor)):
            return earlier
        with together(ends=True):
            key, is_registered = _in_its_turn(draft)
            if only_registered and not is_registered:
                raise unknown_system()
            receipt = _store([draft], actor, job, keys=[key])[0]
            entry = entry_by(
                actor,
                Action.MESSAGE_RECEIVED,
                subject=("message", str(receipt.uuid)),
                reason_text=reason,
                detail={"source_system": draft.source_system},
                message_id=receipt.message_id,
            )
            record(entry, send=straight.tell)
        return receipt


def store_many(drafts: Sequence[Draft], *, actor: Actor, job: Job) -> list[int]:
    """As `receive_many`, inside the caller's transaction. Returns the keys of the messages."""
    return [receipt.message_id for receipt in _store(drafts, actor, job)]


def receive_many(drafts: Sequence[Draft], *, actor: Actor, job: Job | None = None) -> list[Receipt]:
    """Store many messages, mostly the lines of one job, in one transaction, in their order."""
    with transaction.atomic(durable=True):
        return _store(drafts, actor, job)


def _earlier(draft: Draft, actor: Actor) -> Receipt | None:
    lock = vault.blocking_hash("control-id", f"{actor.id}|{draft.control_id}") & 0x7FFFFFFF
    fetch("SELECT pg_advisory_xact_lock(%s, %s)", LockClass.IDEMPOTENCY.value, lock)
    since = timezone.now() - timedelta(hours=settings.IDEMPOTENCY_WINDOW_HOURS)
    found = (
        InboundMessage.objects.filter(
            source_system=draft.source_system, control_id=draft.control_id, actor_id=actor.id, received_at__gt=since
        )
        .order_by("-received_at")
        .first()
    )
    if found is None:
        return None
    if bytes(found.payload_hash) != payload_hash(draft.payload):
        raise IdempotencyConflict(
            "This key was used for another payload within the last "
            f"{settings.IDEMPOTENCY_WINDOW_HOURS} hours; nothing was changed. Use a new key."
        )
    return Receipt(found.pk, found.uuid, replayed=True)


def _in_its_turn(draft: Draft) -> tuple[int, bool]:
    """A key that no message of the same record with a lower key can follow: who is stored first is applied first.

    With it, whether the source system is registered.
    """
    turn = order_key(draft.source_system, draft.mrn) & 0x7FFFFFFF
    return fetch(_NEXT_KEY, LockClass.ORDER.value, turn, draft.source_system)[0]


def unknown_system() -> UnknownSystem:
    """The refusal of a message whose source system is not registered."""
    flaw = Flaw("source_system", "is not registered", "register it first: manage.py registersystem CODE --name NAME")
    return UnknownSystem("The source system is not registered; nothing was changed.", flaws=[flaw])


def _store(
    drafts: Sequence[Draft], actor: Actor, job: Job | None, *, keys: Sequence[int] | None = None
) -> list[Receipt]:
    now = as_told(timezone.now())
    keys = keys or reserve_ids(InboundMessage, len(drafts))
    rows = []
    for key, draft in zip(keys, drafts, strict=True):
        uuid = uuid7()
        rows.append(
            new_row(
                InboundMessage,
                id=key,
                uuid=uuid,
                channel=draft.channel,
                source_system=draft.source_system,
                control_id=draft.control_id,
                payload=vault.encrypt(draft.payload, field="message", record=str(uuid)),
                payload_hash=payload_hash(draft.payload),
                order_key=order_key(draft.source_system, draft.mrn),
                state=MessageState.RECEIVED,
                job_id=job.pk if job else None,
                line=draft.line,
                source_time=draft.source_time,
                received_at=now,
                correlation_id=actor.correlation_id,
                actor_id=actor.id,
            )
        )
    insert_rows(rows)
    return [Receipt(row.pk, row.uuid) for row in rows]
