"""The first step of a registration: numbers are drawn and what the clerk saw is written down, once a form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings
from stdnum import luhn

from audit.actions import Action
from audit.record import entry_by, record
from matching.records import PatientRecord
from mpi.access import golden_subject
from mpi.commands import Actor, Placement, UpsertRecord, system_actor
from mpi.errors import IdempotencyConflict
from mpi.models import AliasName, Registration, RegistrationKind, SourceSystem
from mpi.services.locking import run_act, transaction_time
from mpi.services.receive import command_payload, payload_hash
from mpi.services.sequences import reserve_ids
from mpi.services.systems import register_system

SUBJECT = "registration"
"""How a registration is named in the audit log, with its UUID."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A likely existing patient that the clerk was shown; without probability where only a number is the same."""

    euid: str
    probability: float | None
    grade: str

    def as_document(self) -> dict[str, object]:
        """As it is kept with the registration."""
        return {"euid": self.euid, "probability": self.probability, "grade": self.grade}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One patient of a form. `record` has no source system and no number yet; `alias` brings its own number.

    by_hand   a person has decided whose the record is: `home_euid`, or a golden record of its own
    settled   nothing is left to be told later: no newborn without a name, no alias
    """

    kind: RegistrationKind
    record: PatientRecord
    by_hand: bool = False
    home_euid: str = ""
    shown: tuple[Shown, ...] = ()
    reason_code: str = ""
    reason: str = ""
    mother_euid: str = ""
    birth_order: int | None = None
    settled: bool = True
    alias: AliasName | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A registration with its number, and what goes through the door under it."""

    registration: Registration
    command: UpsertRecord


def registration_system() -> SourceSystem:
    """The source system of this index's own desk; registered when it is first needed."""
    code = settings.REGISTRATION_SYSTEM
    found = SourceSystem.objects.filter(code=code).first()
    return found or register_system(code=code, name="Registration desk", actor=system_actor(SUBJECT))


def number_for(letter: str, key: int) -> str:
    """A number that people can read out: a letter, eight digits and a check digit (ISO/IEC 7812-1, Luhn)."""
    digits = f"{key:08d}"
    return f"{letter}{digits}{luhn.calc_check_digit(digits)}"


def begun_before(token: UUID) -> list[Registration]:
    """What this form has registered already, in the order of its patients."""
    return list(Registration.objects.filter(token=token).order_by("place"))


def begin_registration(*, token: UUID, wanted: Sequence[Wanted], actor: Actor) -> list[Begun]:
    """Draw a number for each patient of a form, and commit; the form sent again gets the numbers that it has.

    The caller has checked the permission. Raises IdempotencyConflict when the form was sent before with other entries.
    """
    code = registration_system().code
    return run_act(lambda: begin_locked(token, wanted, code, actor))


def begin_locked(token: UUID, wanted: Sequence[Wanted], code: str, actor: Actor) -> list[Begun]:
    """The body of `begin_registration`; `code` is that of the registration's source system. Call inside `run_act`."""
    before = begun_before(token)
    return _as_before(before, wanted, code, actor) if before else _anew(token, wanted, code, actor)


def _as_before(before: Sequence[Registration], wanted: Sequence[Wanted], code: str, actor: Actor) -> list[Begun]:
    found = [Begun(row, _command(item, row.number, code, actor)) for row, item in zip(before, wanted, strict=False)]
    same = all(bytes(one.registration.payload_hash) == _hash(one.command) for one in found)
    if len(before) != len(wanted) or not same:
        raise IdempotencyConflict(
            "This form has registered a patient already, with other entries; nothing was changed. "
            "Open a new form for the next patient."
        )
    return found


def _anew(token: UUID, wanted: Sequence[Wanted], code: str, actor: Actor) -> list[Begun]:
    now, begun = transaction_time(), []
    for place, (key, item) in enumerate(zip(reserve_ids(Registration, len(wanted)), wanted, strict=True)):
        number = item.alias.number if item.alias else number_for("R", key)
        command = _command(item, number, code, actor)
        row = Registration(
            pk=key,
            kind=item.kind,
            token=token,
            place=place,
            number=number,
            payload_hash=_hash(command),
            shown=[one.as_document() for one in item.shown],
            shown_count=len(item.shown),
            home_euid=item.home_euid,
            mother_euid=item.mother_euid,
            birth_order=item.birth_order,
            reason_code=item.reason_code,
            reason=item.reason,
            actor_id=actor.id,
            actor_name=actor.name,
            recorded_at=now,
            settled_at=now if item.settled else None,
        )
        row.save(force_insert=True)
        if item.alias is not None:
            item.alias.registration = row
            item.alias.save(update_fields=["registration"])
        _audit(row, actor)
        begun.append(Begun(row, command))
    return begun


def _command(item: Wanted, number: str, code: str, actor: Actor) -> UpsertRecord:
    placed = Placement(item.home_euid, actor.id, actor.name, item.reason_code, item.reason) if item.by_hand else None
    return UpsertRecord(replace(item.record, source_system=code, mrn=number, registrar=actor.id), placed=placed)


def _hash(command: UpsertRecord) -> bytes:
    return payload_hash(command_payload(command))


def _audit(row: Registration, actor: Actor) -> None:
    related = [golden_subject(euid) for euid in (row.home_euid, row.mother_euid) if euid]
    related += [golden_subject(str(one["euid"])) for one in row.shown if one["euid"] != row.home_euid]
    record(
        entry_by(
            actor,
            Action.PATIENT_REGISTERED,
            subject=(SUBJECT, str(row.uuid)),
            related=tuple(related),
            reason_code=row.reason_code,
            reason_text=row.reason,
            detail={"kind": str(row.kind), "shown": row.shown_count},
        )
    )
