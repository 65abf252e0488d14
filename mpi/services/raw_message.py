"""Show a message as it came: an act of its own, with a reason, audited. Government numbers in it stay masked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi import codec, vault
from mpi.access import access_message, owners_of, record_subject
from mpi.commands import Actor
from mpi.models import InboundMessage, SourceRecord
from mpi.services.reasons import check_words

_SSN = re.compile(r"(?<!\d)\d{3}[- ]\d{2}[- ]\d{4}(?!\d)|(?<![\d-])\d{9}(?![\d-])")
"""What is written as an SSN is written (SSA Publication 05-10633), wherever in the message it stands."""
_SHORTEST = 4
"""Digits or letters below which a number is too short to be looked for elsewhere in the message."""


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as text, and how many numbers in it are masked."""

    message: InboundMessage
    text: str
    masked: int


def show_raw_message(*, uuid: object, reason: str, actor: Actor) -> RawMessage:
    """Decrypt a message and mask what is protected. Raises Forbidden, NotFound, InvalidInput without a reason.

    Written down with its reason before it is returned, under the message, its source record and the person who has
    that record now.
    """
    check_words(reason, mend="say why you need to see the message as it came")
    message = access_message(actor, str(uuid))
    payload = vault.decrypt(message.payload, field="message", record=str(message.uuid))
    text, masked = masked_payload(payload)
    with transaction.atomic():
        record(
            entry_by(
                actor,
                Action.MESSAGE_REVEALED,
                subject=("message", str(message.uuid)),
                related=_related(message.source_record_id),
                reason_text=reason,
                detail={"masked": masked},
                message_id=message.pk,
            )
        )
    return RawMessage(message, text, masked)


def _related(record_id: int | None) -> tuple[tuple[str, str], ...]:
    if record_id is None:
        return ()
    uuids = SourceRecord.objects.filter(pk=record_id).values_list("uuid", flat=True)
    return (*(record_subject(uuid) for uuid in uuids), *owners_of(record_id))


def masked_payload(payload: bytes) -> tuple[str, int]:
    """The payload as indented text with its protected numbers masked, and how many were.

    A number that a field names as protected is masked wherever else it stands, too: in a name, in a note.
    """
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return _SSN.subn(lambda found: codec.mask(found.group()), payload.decode(errors="replace"))
    written, count = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode(), 0
    for number in sorted(set(_protected(document)), key=len, reverse=True):
        written, found = _anywhere(number).subn(codec.mask(number), written)
        count += found
    written, found = _SSN.subn(lambda match: codec.mask(match.group()), written)
    return written, count + found


def _protected(document: object) -> Iterator[str]:
    """The values that the document itself says are government numbers."""
    if not isinstance(document, dict):
        return
    told: list[object] = []
    if isinstance(flat := document.get("flat"), dict):
        told.append(flat.get("ssn"))
    if isinstance(row := document.get("record"), dict):
        parts = [part for part in row.get("identifiers") or () if isinstance(part, dict)]
        told += [
            part.get("value")
            for part in parts
            if codec.is_protected(str(part.get("authority", "")), str(part.get("type", "")))
        ]
    yield from (value for value in told if isinstance(value, str) and value.strip())


def _anywhere(number: str) -> re.Pattern[str]:
    """The number as it was told, and with other separators or none; a short one only as a whole value."""
    kept = [char for char in number if char.isalnum()]
    if len(kept) < _SHORTEST:
        return re.compile(rf'(?<="){re.escape(orjson.dumps(number).decode()[1:-1])}(?=")')
    spread = r"[-. ]?".join(re.escape(char) for char in kept)
    return re.compile(rf"(?<![0-9A-Za-z]){spread}(?![0-9A-Za-z])")
