"""What becomes of a registration later: a newborn gets its name; a registration made by a slip is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from matching.records import Name, PatientRecord
from mpi import codec
from mpi.access import Permission, allowed, record_subject, require
from mpi.commands import Actor, DeleteRecord, UpsertRecord
from mpi.errors import AlreadyDecided, Flaw, Forbidden, InvalidInput, NotFound, StaleVersion
from mpi.models import MessageOutcome, RecordState, Registration, RegistrationKind, SourceRecord
from mpi.services.locking import run_act, transaction_time
from mpi.services.reasons import check_words
from mpi.services.receive import Draft, command_payload, receive
from mpi.services.registration_begin import SUBJECT, registration_system
from mpi.services.upsert import UpsertResult, apply_now


def find_registration(uuid: UUID | str) -> Registration:
    """The registration of this number. Raises NotFound."""
    found = Registration.objects.filter(uuid=uuid).first()
    if found is None:
        raise NotFound("There is no registration under this number.")
    return found


def record_of(row: Registration) -> SourceRecord:
    """The source record of a registration. Raises NotFound while a worker has not applied it yet."""
    records = SourceRecord.objects.select_related("source_system")
    found = records.filter(source_system=registration_system(), mrn=row.number).first()
    if found is None:
        raise NotFound("This registration is stored and not applied yet. Open the page again in a few seconds.")
    return found


def owner_of(row: Registration) -> str:
    """The EUID of the golden record that a registration belongs to. Raises NotFound."""
    link = record_of(row).links.filter(ended_at__isnull=True).select_related("golden_record").first()
    if link is None:
        raise NotFound("The record of this registration belongs to nobody any more.")
    return str(link.golden_record.euid)


def name_newborn(
    *, registration_uuid: UUID | str, given: str, middle: str = "", family: str = "", version: int | None, actor: Actor
) -> UpsertResult:
    """The child has its name: the record tells it, and the name before as a former one.

    `family` "" keeps the family name; `version` is the source record's as the caller saw it. Raises Forbidden,
    NotFound, InvalidInput, AlreadyDecided (taken back), StaleVersion, Busy, ServiceDown.
    """
    require(actor, Permission.REGISTER)
    row = find_registration(registration_uuid)
    _require_standing(row)
    if row.kind != RegistrationKind.NEWBORN or not given.strip():
        raise InvalidInput("Nothing was changed.", flaws=[Flaw("given_name", "is missing", "tell the child's name")])
    source_record = record_of(row)
    require_record_version(source_record, version)
    told = codec.told_record(source_record)
    before = told.names[0] if told.names else Name()
    named = Name(family=family.strip() or before.family, given=given.strip(), middle=middle.strip())
    names = (named, replace(before, use="old"), *told.names[1:])
    result = tell_again(row, source_record, UpsertRecord(replace(told, names=names)), actor)
    if result.outcome != MessageOutcome.QUARANTINED:
        settle(row, source_record, Action.PATIENT_NAMED, actor)
    return result


def tell_again(row: Registration, source_record: SourceRecord, command: UpsertRecord, actor: Actor) -> UpsertResult:
    """The record of a registration tells something new, once for each of its versions. Raises Busy, ServiceDown."""
    told: PatientRecord = command.record
    control_id = f"{row.uuid}:{source_record.version}"
    draft = Draft(actor.source, command_payload(command), told.source_system, told.mrn, control_id)
    return apply_now(receive(draft, actor=actor))


def settle(
    row: Registration,
    source_record: SourceRecord,
    action: Action,
    actor: Actor,
    *,
    reason_code: str = "",
    reason: str = "",
) -> bool:
    """Nothing is left to be told later; audited. Does nothing, and says False, where that was said before."""

    def act() -> bool:
        locked = Registration.objects.select_for_update().get(pk=row.pk)
        if locked.settled_at is not None:
            return False
        locked.settled_at = transaction_time()
        locked.save(update_fields=["settled_at"])
        subjects = record_subject(source_record.uuid), (SUBJECT, str(row.uuid))
        record(
            entry_by(
                actor, action, subject=subjects[0], related=subjects[1:], reason_code=reason_code, reason_text=reason
            )
        )
        return True

    return run_act(act)


def withdraw_registration(*, registration_uuid: UUID | str, reason: str, actor: Actor) -> UpsertResult:
    """A slip: the number was never given. Its source record is deleted (soft), and its golden record with it if alone.

    Whoever registered may do it, and whoever may merge. Raises Forbidden, NotFound, InvalidInput (no reason),
    AlreadyDecided, Busy, ServiceDown.
    """
    require(actor, Permission.REGISTER)
    check_words(reason)
    row = find_registration(registration_uuid)
    _require_own(row, actor)
    _require_standing(row)
    source_record = record_of(row)
    command = DeleteRecord(source_record.source_system.code, row.number)
    draft = Draft(actor.source, command_payload(command), command.source_system, row.number, f"{row.uuid}:back")
    result = apply_now(receive(draft, actor=actor, reason=reason))
    run_act(_withdrawn(row, reason, actor))
    return result


def _withdrawn(row: Registration, reason: str, actor: Actor) -> Callable[[], None]:
    def act() -> None:
        locked = Registration.objects.select_for_update().get(pk=row.pk)
        if locked.withdrawn_at is not None:
            return
        locked.withdrawn_at = transaction_time()
        locked.save(update_fields=["withdrawn_at"])
        subject = (SUBJECT, str(row.uuid))
        record(entry_by(actor, Action.REGISTRATION_WITHDRAWN, subject=subject, reason_text=reason))

    return act


def may_withdraw(row: Registration, actor: Actor) -> bool:
    """Whether this person may take the registration back."""
    return row.actor_id == actor.id or allowed(actor, Permission.MERGE)


def _require_own(row: Registration, actor: Actor) -> None:
    if not may_withdraw(row, actor):
        raise Forbidden("Only whoever made a registration, or a steward, takes it back. Nothing was changed.")


def _require_standing(row: Registration) -> None:
    if row.withdrawn_at is not None:
        raise AlreadyDecided("This registration was taken back. Nothing was changed.")


def require_record_version(source_record: SourceRecord, version: int | None) -> None:
    """Raise StaleVersion unless the record is as the caller saw it and speaks for itself."""
    if source_record.state != RecordState.ACTIVE:
        raise StaleVersion("An update of this record waits for a steward, or it was taken back. Nothing was changed.")
    if version is not None and source_record.version != version:
        raise StaleVersion(
            "The record has changed since you looked; nothing was done. Look again.",
            extra={"your_version": version, "present_version": source_record.version},
        )
