"""An index in which every kind of act has happened, and the acts of it that the tests name."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from matching.records import Name, PatientRecord
from mpi.commands import Actor
from mpi.models import IdentityTask, PotentialMatch, Separation
from mpi.services.link import link_record
from mpi.services.merge import merge_golden_records
from mpi.services.overlay import decide_overlay
from mpi.services.proposal_acts import ProposedUnlink, Why
from mpi.services.proposal_decide import approve_proposal
from mpi.services.proposal_propose import propose
from mpi.services.registration import register_new, register_visit
from mpi.services.registration_alias import register_alias
from mpi.services.registration_later import withdraw_registration
from mpi.services.relationship import relate
from mpi.services.resolve import resolve_potential_match
from mpi.services.separate import lift_separation, separate
from mpi.services.sweep import sweep_inbox
from mpi.services.systems import register_system
from mpi.services.undo import undo_event
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.verify import verify_golden_record
from tests.services.telling import (
    ESTEBAN,
    KATHERINE_BRIDGE,
    KATHERINE_BY_NUMBER,
    KATHERINE_MARRIED,
    MARCUS,
    MARGARET,
    MARJORIE,
    owner,
    question,
    record_of,
    store,
    take_back,
    tell,
)

STRANGERS = tuple(
    {
        "given_name": given,
        "family_name": family,
        "birth_date": f"19{30 + 11 * number}-0{number + 1}-1{number}",
        "sex": "FM"[number % 2],
        "street": f"{7 + 31 * number} {family} Way",
        "city": "Dayton",
        "state": "OH",
        "postal_code": f"{45001 + 7 * number}",
    }
    for number, (given, family) in enumerate(
        (
            ("Abigail", "Zimmer"),
            ("Bertrand", "Yarborough"),
            ("Cordelia", "Underhill"),
            ("Desmond", "Thibodeaux"),
            ("Euphemia", "Rasmussen"),
            ("Florian", "Pfeiffer"),
        )
    )
)


def live(actor: Actor) -> None:
    """Messages, acts of a steward and their undoing, an overlay, a deletion: every kind at least once."""
    for rank, code in enumerate(("HIS", "LAB", "PORTAL", "CLINIC"), start=1):
        register_system(code=code, name=code.title(), rank=rank * 10, actor=actor)
    why = {"reason_code": "slip", "reason": "", "actor": actor}
    _messages()
    # One pair is answered "the same", one "different people", one is left open.
    for number, outcome in enumerate(("same", "different")):
        _pair(number)
        asked = PotentialMatch.objects.filter(status="open").order_by("-id")[0]
        resolve_potential_match(uuid=asked.uuid, outcome=outcome, version=asked.version, **why)
    tell("HIS", "pair-a", MARGARET)
    tell("HIS", "pair-b", MARJORIE)
    question()
    _merges(actor)
    _records(actor)
    one, other = owner("CLINIC", "6"), owner("LAB", "5")
    separate(euid_a=one.euid, euid_b=other.euid, **why)
    separate(euid_a=one.euid, euid_b=owner("HIS", "pair-a").euid, **why)
    standing = Separation.objects.filter(lifted_at__isnull=True).order_by("-id")[0]
    lift_separation(separation_uuid=standing.uuid, reason="They are", actor=actor)
    relate(from_euid=one.euid, to_euid=owner("HIS", "pair-b").euid, kind="guardian", reason="Court order", actor=actor)
    _registered(one.euid, actor)


def _registered(euid: str, actor: Actor) -> None:
    """A visit of a known person, somebody new whose registration is taken back, and a patient under an alias."""
    known = PatientRecord("", "", names=(Name("Duarte", "Esteban"),), birth_date="1980-01-01")
    register_visit(token=uuid4(), record=known, euid=euid, reason="Known on sight", actor=actor)
    stranger = PatientRecord("", "", names=(Name("Vandermolen", "Ottoline"),), birth_date="1931-12-30")
    slip, _ = register_new(token=uuid4(), record=stranger, seen=(), actor=actor)
    withdraw_registration(registration_uuid=slip.uuid, reason="A slip", actor=actor)
    register_alias(token=uuid4(), sex="M", actor=actor)


def _messages() -> None:
    """Created, joined by a bridge, updated, repeated, told too late, deleted and told again; one is refused."""
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("LAB", "2", KATHERINE_MARRIED)
    tell("PORTAL", "3", KATHERINE_BRIDGE)
    tell("HIS", "5", MARCUS, updated_at="2025-03-09T08:30:00+00:00")
    tell("LAB", "5", MARCUS)
    tell("HIS", "5", MARCUS, phone="419-555-0199", updated_at="2025-03-11T08:30:00+00:00")
    tell("HIS", "5", MARCUS, phone="419-555-0100", updated_at="2025-03-10T08:30:00+00:00")
    tell("LAB", "5", MARCUS)
    tell("CLINIC", "6", ESTEBAN)
    tell("CLINIC", "7", {"given_name": "Oskar", "family_name": "Lindqvist", "birth_date": "1999-01-02"})
    take_back("CLINIC", "7")
    tell("CLINIC", "8", {"given_name": "Pia", "family_name": "Marchetti", "birth_date": "1962-06-17"})
    take_back("CLINIC", "8")
    tell("CLINIC", "8", {"given_name": "Pia", "family_name": "Marchetti", "birth_date": "1962-06-17"})
    tell("NOWHERE", "1", MARCUS)


def _pair(number: int) -> None:
    """Twins, or one person misspelt: as Margaret and Marjorie, under other names."""
    changed = {
        "family_name": ("Sandoval", "Quillfeather")[number],
        "birth_date": f"19{55 + number}-07-1{number}",
        "city": ("Salem", "Boise")[number],
        "postal_code": ("97301", "83701")[number],
    }
    tell("HIS", f"twin-{number}-a", MARGARET, **changed, ssn="", street="3 Pier Walk", phone=f"503-555-016{number}")
    tell("HIS", f"twin-{number}-b", MARJORIE, **changed, street="3 Pier Wk", phone=f"503-555-061{number}")


def _merges(actor: Actor) -> None:
    """One merge stands, one is undone, one unmerged."""
    why = {"reason_code": "slip", "reason": "", "actor": actor}
    marcus, esteban = owner("HIS", "5"), owner("CLINIC", "6")
    for undoing in ("undo", "unmerge"):
        act = merge_golden_records(survivor_euid=marcus.euid, retired_euid=esteban.euid, versions={}, **why)
        if undoing == "undo":
            undo_event(event_uuid=act.event_uuid, reason="The wrong row", actor=actor)
        else:
            unmerge_golden_records(event_uuid=act.event_uuid, **why)
    merge_golden_records(
        survivor_euid=owner("HIS", "1").euid, retired_euid=owner("CLINIC", "8").euid, versions={}, **why
    )


def _records(actor: Actor) -> None:
    """Unlinked, linked by hand, verified; overlays accepted, rejected, and left open."""
    why = {"reason_code": "slip", "reason": "", "actor": actor}
    unlinked = propose(act=ProposedUnlink(record_of("LAB", "5").pk), why=Why("slip", ""), actor=actor)
    approve_proposal(uuid=unlinked.uuid, reason="", actor=replace(actor, id="sonja", name="Sonja"))
    link_record(record_id=record_of("PORTAL", "3").pk, euid=owner("LAB", "5").euid, version=None, **why)
    golden = owner("HIS", "pair-a")
    verify_golden_record(euid=golden.euid, version=golden.version, reason="Seen", actor=actor)
    for number, accept in enumerate((True, False, None)):
        mrn = f"over-{number}"
        tell("CLINIC", mrn, STRANGERS[number])
        tell("CLINIC", mrn, STRANGERS[number + 3])
        task = IdentityTask.objects.get(type="overlay", source_record=record_of("CLINIC", mrn))
        store("CLINIC", mrn, STRANGERS[number], phone=f"212-555-014{number}")
        if accept is not None:
            decide_overlay(task_uuid=task.uuid, accept=accept, reason="Seen", actor=actor)
        sweep_inbox(older_than_s=-60)
