"""A source system takes back one of its records (soft): its link ends, its versions and history stay."""

from __future__ import annotations

from mpi.access import Permission, require
from mpi.commands import Actor, DeleteRecord
from mpi.errors import NotFound
from mpi.models import SourceRecord
from mpi.services.parse import all_systems, known_system
from mpi.services.reasons import check_note
from mpi.services.receive import Draft, command_payload, receive
from mpi.services.upsert import UpsertResult, apply_now


def delete_record(*, system: str, mrn: str, reason: str, actor: Actor, idempotency_key: str = "") -> UpsertResult:
    """Take back a source record (soft): its link ends, its versions and history stay. Raises as `upsert_record`.

    The reason stands in the audit log, with the message.
    """
    require(actor, Permission.RECORD_WRITE)
    check_note(reason)
    known_system(system, all_systems())
    if not SourceRecord.objects.filter(source_system__code=system, mrn=mrn).exists():
        raise NotFound("There is no source record under this system and number.")
    payload = command_payload(DeleteRecord(system, mrn))
    draft = Draft(actor.source, payload, system, mrn, idempotency_key)
    return apply_now(receive(draft, actor=actor, reason=reason))
