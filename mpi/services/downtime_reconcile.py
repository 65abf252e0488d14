"""Reconcile: what happened at a look-up station during downtime is brought into the index.

Registrations go through the ordinary door under their temporary numbers; look-ups and sign-ins into the audit log. Told
twice it changes nothing: how far a journal is brought in is kept, and the door knows each entry by its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, golden_subject, require
from mpi.commands import Actor, Placement, UpsertRecord
from mpi.downtime.book import STATIONS
from mpi.downtime.journal import Entry, JournalHead, read_journal
from mpi.errors import InvalidInput, MpiError, NotFound
from mpi.mapping_json import record_from_json
from mpi.models import DowntimeJournal, DowntimeSnapshot, SourceSystem
from mpi.services.receive import Draft, command_payload, receive
from mpi.services.systems import register_system
from mpi.services.upsert import UpsertResult, apply_now

_ACTIONS = {
    "sign-in": Action.SIGN_IN_SUCCEEDED,
    "sign-in-failed": Action.SIGN_IN_FAILED,
    "search": Action.PERSON_SEARCHED,
    "read": Action.PERSON_READ,
}


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """One registration: its temporary number, and whose it is now; `refused` says why it is nobody's."""

    number: str
    euid: str
    outcome: str
    is_asked_about: bool
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was brought in now; `before` entries had been already."""

    head: JournalHead
    before: int
    entries: int
    reads: int
    registered: tuple[BroughtIn, ...] = field(default=())

    @property
    def refused(self) -> int:
        """Registrations that the door refused."""
        return sum(bool(one.refused) for one in self.registered)


def reconcile_downtime(path: Path, *, actor: Actor, advance: Callable[[int], None] = lambda _: None) -> Reconciled:
    """Bring in what a journal holds and is not in the index yet. Can be stopped and told again.

    Raises Forbidden, InvalidInput (the journal was altered, or is another one than was brought in before), NotFound
    (its snapshot is not of this index), Busy, ServiceDown.
    """
    require(actor, Permission.EXPORT)
    head, entries = read_journal(path)
    snapshot = DowntimeSnapshot.objects.filter(uuid=UUID(head.snapshot)).first()
    if snapshot is None:
        raise NotFound("The snapshot of this journal is not one of this index; nothing was changed.")
    done = _standing(snapshot, head, entries)
    system = _system()
    registered: list[BroughtIn] = []
    for entry in entries[done:]:
        if entry.kind == "register":
            registered.append(_register(entry, system, actor))
        _note(snapshot, head, entry, actor, registered[-1] if entry.kind == "register" else None)
        advance(1)
    fresh = len(entries) - done
    found = Reconciled(head, done, fresh, fresh - len(registered), tuple(registered))
    with transaction.atomic():
        detail = {
            "station": head.station,
            "entries": fresh,
            "registered": len(registered) - found.refused,
            "refused": found.refused,
        }
        subject = ("downtime_snapshot", str(snapshot.uuid))
        record(entry_by(actor, Action.DOWNTIME_RECONCILED, subject=subject, detail=detail))
    return found


def _standing(snapshot: DowntimeSnapshot, head: JournalHead, entries: Sequence[Entry]) -> int:
    """How many entries are in already. Raises InvalidInput where the journal is not the one that they came from."""
    if not 1 <= head.station <= STATIONS:
        raise InvalidInput("The journal names no station of a snapshot.")
    row = DowntimeJournal.objects.filter(snapshot=snapshot, station=head.station).first()
    if row is None or row.entries == 0:
        return 0
    if row.entries > len(entries) or entries[row.entries - 1].chain != row.chain:
        raise InvalidInput(
            f"Another journal of station {head.station}, with {row.entries} entries, was brought in before, and this "
            "one does not go on where that one ends. Nothing was changed; find out which of the two is whole."
        )
    return row.entries


def _system() -> SourceSystem:
    """The source system of temporary numbers; registered when it is first needed."""
    code = settings.MPI_DOWNTIME_SYSTEM
    found = SourceSystem.objects.filter(code=code).first()
    return found or register_system(code=code, name="Downtime registrations", actor=_keeper())


def _keeper() -> Actor:
    return Actor(kind="system", id="system:downtime", name="downtime", permissions=frozenset({"*"}), source="command")


def _who(entry: Entry, actor: Actor) -> Actor:
    """Who did it then, through the act of who brings it in now."""
    told = entry.told
    return Actor(
        kind="user",
        id=str(told["user"]),
        name=str(told.get("name") or told["user"]),
        permissions=actor.permissions,
        source=actor.source,
        correlation_id=actor.correlation_id,
    )


def _register(entry: Entry, system: SourceSystem, actor: Actor) -> BroughtIn:
    """Through the ordinary door, once. What it refuses is told, and kept with its messages."""
    told = entry.told
    number = str(told["number"])
    try:
        result = _send(told, system, _who(entry, actor))
    except (InvalidInput, NotFound) as error:
        return BroughtIn(number, "", "refused", False, _words(error))
    standing = result.standing
    return BroughtIn(
        number=number,
        euid=(standing.euid or "") if standing else "",
        outcome=result.outcome or result.state,
        is_asked_about=bool(standing and standing.is_asked_about),
    )


def _send(told: Mapping[str, Any], system: SourceSystem, who: Actor) -> UpsertResult:
    mapped = record_from_json(dict(told["record"]), system=system.code, mrn=str(told["number"]))
    placed = None
    if euid := str(told.get("euid") or ""):
        placed = Placement(euid, who.id, who.name, "other", str(told["reason"]))
    command = UpsertRecord(mapped.record, source_time=datetime.fromisoformat(told["at"]), placed=placed)
    draft = Draft(who.source, command_payload(command), system.code, mapped.record.mrn, str(told["uuid"]))
    return apply_now(receive(draft, actor=who, reason=str(told.get("reason") or "")))


def _words(error: MpiError) -> str:
    """What is wrong, without a value of the patient."""
    return "; ".join([error.detail, *(f"{flaw.field} {flaw.problem}" for flaw in error.flaws)])


def _note(snapshot: DowntimeSnapshot, head: JournalHead, entry: Entry, actor: Actor, brought: BroughtIn | None) -> None:
    """The audit event of an entry, and that it is in: one transaction."""
    told = entry.told
    detail: dict[str, object] = {"downtime": head.snapshot, "station": head.station, "entry": told["uuid"]}
    detail["at"] = told["at"]
    action = _ACTIONS.get(entry.kind, Action.DOWNTIME_REGISTERED)
    related = tuple(golden_subject(str(euid)) for euid in told.get("euids", ()))
    subject = ("", "")
    if brought is not None:
        detail |= {"outcome": brought.outcome}
        subject = golden_subject(brought.euid) if brought.euid else ("downtime_snapshot", head.snapshot)
    elif entry.kind == "read":
        subject, related = related[0], related[1:]
    with transaction.atomic(durable=True):
        record(entry_by(_who(entry, actor), action, subject=subject, related=related, detail=detail))
        DowntimeJournal.objects.update_or_create(
            snapshot=snapshot,
            station=head.station,
            defaults={"entries": entry.number, "chain": entry.chain, "recorded_at": timezone.now()},
        )
