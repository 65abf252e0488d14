"""Unmask an SSN: an act of its own, with a reason, audited."""

from __future__ import annotations

from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi import codec
from mpi.access import Permission, access_record, owners_of, record_subject, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.services.reasons import check_note


def unmask_ssn(*, record_id: int, reason: str, actor: Actor) -> str:
    """The SSN of a source record in clear. Raises Forbidden, NotFound, InvalidInput without a reason."""
    require(actor, Permission.UNMASK)
    if not reason.strip():
        flaw = Flaw("reason", "is empty", "say why you need the number")
        raise InvalidInput("The number stays masked.", flaws=[flaw])
    check_note(reason)
    source_record = access_record(actor, pk=record_id)
    ssn = codec.decrypt_ssn(source_record.ssn_cipher, source_record.uuid)
    if not ssn:
        raise NotFound("This source record has no SSN.")
    with transaction.atomic():
        subject, related = record_subject(source_record.uuid), owners_of(source_record.pk)
        record(entry_by(actor, Action.SSN_UNMASKED, subject=subject, related=related, reason_text=reason))
    return ssn
