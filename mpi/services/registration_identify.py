"""A patient under an alias is identified: somebody who is known, or somebody new.

The record under the alias is corrected: it tells who the patient is from now on. Is it a known person, then the two
golden records are merged by whoever may merge; else a potential match asks a steward. No separation comes of either.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from audit.actions import Action
from matching.records import PatientRecord
from mpi import codec
from mpi.access import Permission, allowed, live_golden_record, require
from mpi.commands import Actor, Placement, UpsertRecord
from mpi.errors import AlreadyDecided, Flaw, InvalidInput, SecondPersonNeeded
from mpi.models import MessageOutcome, Registration, RegistrationKind, SourceRecord
from mpi.services.act import ActResult
from mpi.services.locking import require_version
from mpi.services.merge import merge_golden_records
from mpi.services.proposal_acts import ProposedMerge, Why
from mpi.services.proposal_propose import propose
from mpi.services.reasons import check_note, check_reason
from mpi.services.registration_begin import registration_system
from mpi.services.registration_later import (
    find_registration,
    owner_of,
    record_of,
    require_record_version,
    settle,
    tell_again,
)
from mpi.services.registration_look import Likely, look, require_looked, require_reason
from mpi.services.upsert import UpsertResult


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the patient is. `euid` "" says that it is nobody who is known; `version` is that person's as seen."""

    record: PatientRecord
    euid: str = ""
    version: int | None = None
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Identified:
    """What became of it: the correction, and the merge where there was one.

    asked      a steward decides whether the two are one
    proposed   the merge waits for a second person, as policy asks
    """

    result: UpsertResult
    merged: ActResult | None
    asked: bool
    proposed: bool = False


def identify(
    *, registration_uuid: UUID | str, identity: Identity, seen: Collection[str], version: int | None, actor: Actor
) -> Identified:
    """Correct the record of an alias, and merge it with the person it is if the actor may merge.

    `seen` are the likely existing patients that were shown. Raises Forbidden, NotFound, InvalidInput, LookAgain,
    AlreadyDecided (identified before, or taken back), StaleVersion, Separated, AwaitsSecondPerson, Busy, ServiceDown.
    Where policy asks two people for the merge, it is proposed.
    """
    require(actor, Permission.REGISTER)
    check_note(identity.reason)
    row = find_registration(registration_uuid)
    _require_alias(row)
    source_record = record_of(row)
    require_record_version(source_record, version)
    own = owner_of(row)
    known = look(identity.record, actor=actor, besides=(own,))
    require_looked(known, seen)
    if identity.euid:
        _check_choice(known, identity)
    else:
        require_reason(known, identity.reason_code, identity.reason)
    by_hand = bool(known)
    result = tell_again(row, source_record, _corrected(source_record, identity, actor, by_hand=by_hand), actor)
    if result.outcome == MessageOutcome.QUARANTINED:
        return Identified(result, None, asked=True)
    first = settle(
        row,
        source_record,
        Action.PATIENT_IDENTIFIED,
        actor,
        reason_code=identity.reason_code,
        reason=identity.reason,
    )
    if not first:
        # Whom the other one merged the alias into must not be merged with whom this one has chosen.
        raise AlreadyDecided(
            "Somebody identified this patient at the same moment. The record tells both; nothing was merged for you. "
            "Open the registration and look whose it is."
        )
    return _merged(result, identity, own, actor)


def _require_alias(row: Registration) -> None:
    if row.kind != RegistrationKind.ALIAS:
        flaw = Flaw("registration", "is none under an alias", "correct the record at its source")
        raise InvalidInput("Nothing was changed.", flaws=[flaw])
    if row.settled_at is not None or row.withdrawn_at is not None:
        raise AlreadyDecided("This patient was identified before, or the registration was taken back.")


def _check_choice(known: Sequence[Likely], identity: Identity) -> None:
    check_reason(identity.reason_code, identity.reason)
    if all(one.golden.euid != identity.euid for one in known):
        flaw = Flaw(
            "euid", "is nobody who looks like the patient", "correct the entries, or say that it is nobody known"
        )
        raise InvalidInput("Nothing was changed.", flaws=[flaw])
    # Here, not at the merge: the correction may ask about the two, and that counts as a change of both.
    require_version(live_golden_record(identity.euid)[0], identity.version)


def _corrected(source_record: SourceRecord, identity: Identity, actor: Actor, *, by_hand: bool) -> UpsertRecord:
    """What is told from now on; the alias stays as an alias."""
    before = codec.told_record(source_record)
    names = (*identity.record.names, *(replace(name, use="alias") for name in before.names))
    told = replace(
        identity.record,
        source_system=registration_system().code,
        mrn=source_record.mrn,
        names=names,
        sex=identity.record.sex or before.sex,
        facility=identity.record.facility or before.facility,
        registrar=before.registrar,
    )
    placed = Placement("", actor.id, actor.name, identity.reason_code, identity.reason) if by_hand else None
    return UpsertRecord(told, placed=placed)


def _merged(result: UpsertResult, identity: Identity, own: str, actor: Actor) -> Identified:
    if not identity.euid:
        return Identified(result, None, asked=bool(result.standing and result.standing.is_asked_about))
    chosen, alias = live_golden_record(identity.euid)[0], live_golden_record(own)[0]
    if chosen.pk == alias.pk:
        return Identified(result, None, asked=False)
    if not allowed(actor, Permission.MERGE):
        return Identified(result, None, asked=bool(result.standing and result.standing.is_asked_about))
    versions = {chosen.euid: chosen.version, alias.euid: alias.version}
    code, words = identity.reason_code, identity.reason
    try:
        act = merge_golden_records(
            survivor_euid=chosen.euid,
            retired_euid=alias.euid,
            versions=versions,
            reason_code=code,
            reason=words,
            actor=actor,
        )
    except SecondPersonNeeded:
        propose(act=ProposedMerge(chosen.euid, alias.euid, versions), why=Why(code, words), actor=actor)
        return Identified(result, None, asked=True, proposed=True)
    return Identified(result, act, asked=False)
