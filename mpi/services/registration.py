"""Register a patient at this index's own desk: another number of a known person, or somebody new.

A registration goes through the ordinary door as one more source record. What the clerk has decided goes with it: the
engine then asks stewards about others that fit, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from matching.records import PatientRecord
from mpi.access import Permission, live_golden_record, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import LIVE_STATUSES, Registration, RegistrationKind
from mpi.services.ingest import ingest
from mpi.services.reasons import check_note
from mpi.services.receive import Draft, command_payload, receive
from mpi.services.registration_begin import Begun, Shown, Wanted, begin_registration, begun_before
from mpi.services.registration_look import Likely, LookAgain, look, require_looked, require_reason
from mpi.services.upsert import UpsertResult, apply_now


def register_new(
    *,
    token: UUID,
    record: PatientRecord,
    seen: Collection[str],
    reason_code: str = "",
    reason: str = "",
    actor: Actor,
) -> tuple[Registration, UpsertResult]:
    """Register somebody who is none of those shown (`seen`, EUIDs). Sent twice it registers once.

    Where somebody was shown, the record gets a golden record of its own by the clerk's word, and stewards are asked
    about those that fit; where nobody was, the engine decides. Raises Forbidden, InvalidInput (no reason), LookAgain,
    IdempotencyConflict, Busy, ServiceDown; after the last two nothing is lost: send the form again.
    """
    require(actor, Permission.REGISTER)
    check_note(reason)
    shown = looked_at(token, 0, record, seen=seen, reason_code=reason_code, reason=reason, actor=actor)
    wanted = Wanted(
        RegistrationKind.NEW, record, by_hand=bool(shown), shown=shown, reason_code=reason_code, reason=reason
    )
    ((begun, result),) = carry_out(begin_registration(token=token, wanted=[wanted], actor=actor), actor=actor)
    return begun, result


def looked_at(
    token: UUID,
    place: int,
    record: PatientRecord,
    *,
    seen: Collection[str],
    reason_code: str,
    reason: str,
    actor: Actor,
    besides: Collection[str] = (),
) -> tuple[Shown, ...]:
    """Who was shown, as the form has written it down when it was sent first, or as it is now.

    A form that is sent again would find the patient that it has registered itself. Raises LookAgain, InvalidInput.
    """
    before = begun_before(token)
    if len(before) > place:
        return _kept(before[place])
    likely = look(record, actor=actor, besides=besides)
    try:
        require_looked(likely, seen)
    except LookAgain:
        if len(before := begun_before(token)) > place:  # the same form, at the same moment
            return _kept(before[place])
        raise
    require_reason(likely, reason_code, reason)
    return tuple(one.shown() for one in likely)


def _kept(row: Registration) -> tuple[Shown, ...]:
    return tuple(Shown(one["euid"], one["probability"], one["grade"]) for one in row.shown)


def register_visit(
    *, token: UUID, record: PatientRecord, euid: str, reason: str = "", actor: Actor
) -> tuple[Registration, UpsertResult]:
    """Register another number of a person who is known: linked by hand. Sent twice it registers once.

    What was typed should look like the person; where it does not, a reason is needed. Raises Forbidden, NotFound,
    InvalidInput, IdempotencyConflict, Busy, ServiceDown; after the last two nothing is lost: send the form again.
    """
    require(actor, Permission.REGISTER)
    check_note(reason)
    golden, _ = live_golden_record(euid)
    if golden.status not in LIVE_STATUSES:
        flaw = Flaw("euid", "is a golden record that was retired", "look the person up again")
        raise InvalidInput("Nothing was registered.", flaws=[flaw])
    before = begun_before(token)
    home = before[0].home_euid if before else golden.euid
    shown = _kept(before[0]) if before else _shown(look(record, actor=actor), golden.euid, reason)
    wanted = Wanted(RegistrationKind.VISIT, record, by_hand=True, home_euid=home, shown=shown, reason=reason)
    ((begun, result),) = carry_out(begin_registration(token=token, wanted=[wanted], actor=actor), actor=actor)
    return begun, result


def _shown(likely: Sequence[Likely], chosen: str, reason: str) -> tuple[Shown, ...]:
    """Raises InvalidInput where the chosen one is not among the likely ones and nothing says why."""
    shown = tuple(one.shown() for one in likely)
    if any(one.euid == chosen and one.probability is not None for one in shown):
        return shown
    if not reason.strip():
        flaw = Flaw("reason", "is missing: what was typed does not look like this person", "say how you know")
        raise InvalidInput("Nothing was registered.", flaws=[flaw])
    others = tuple(one for one in shown if one.euid != chosen)
    return (*others, Shown(chosen, None, "certainly-not"))


def carry_out(begun: Sequence[Begun], *, actor: Actor) -> list[tuple[Registration, UpsertResult]]:
    """Send registrations through the door, several of one form in one transaction; what is stored is applied once.

    Raises InvalidInput, Busy, ServiceDown.
    """
    receipts = [
        receive(_draft(one, actor), actor=actor, reason=one.registration.reason, only_registered=True) for one in begun
    ]
    if len(receipts) > 1:
        ingest(message_ids=[receipt.message_id for receipt in receipts])
    return [(one.registration, apply_now(receipt)) for one, receipt in zip(begun, receipts, strict=True)]


def _draft(one: Begun, actor: Actor) -> Draft:
    record = one.command.record
    control_id = str(one.registration.uuid)
    return Draft(actor.source, command_payload(one.command), record.source_system, record.mrn, control_id)
