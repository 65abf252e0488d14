"""The rarer things of the demonstration: a family, a birth, unknown patients, overlays, a VIP, proposals, conflicts."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from mpi.errors import MpiError, Separated
from mpi.management.demo_clock import Step, catch_up, days, owner, person, question, tell
from mpi.management.demo_people import CLINIC, HOSPITAL, LAB, Told, pair
from mpi.models import IdentityEvent, IdentityTask, Registration, RelationshipKind, TaskType
from mpi.services.merge import merge_golden_records
from mpi.services.overlay import decide_overlay
from mpi.services.override import set_value
from mpi.services.proposal_acts import ProposedAnswer, ProposedSplit, Why
from mpi.services.proposal_decide import approve_proposal, reject_proposal
from mpi.services.proposal_propose import propose
from mpi.services.registration_alias import register_alias
from mpi.services.registration_identify import Identity, identify
from mpi.services.registration_newborn import Birth, Child, register_newborns
from mpi.services.relationship import relate
from mpi.services.source_merge import merge_source_records
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.vip import mark_vip
from mpi.services.watch import watch_persons
from review.basis import basis_of
from review.queries.queue_sets import QueueFilter
from review.services.assign import assign
from review.services.claim import claim
from review.services.saved_views import save_view

_TOKENS = UUID("6b1f6a0e-6b0f-4a1c-9d0a-1d0c8a6f5e10")
_LEILANI = Told(
    system=HOSPITAL, mrn="HA0501", family="Kealoha", given="Leilani", born="1986-04-12", sex="F",
    street="5 Plumeria Place", phone="808-555-0140", ssn="575-31-2204",
)  # fmt: skip
_KEONI = replace(_LEILANI, mrn="HA0502", given="Keoni", born="1984-11-02", sex="M", ssn="575-31-7715")
_KAI = replace(_LEILANI, mrn="HA0503", given="Kai", born="2016-06-21", sex="M", ssn="")
_NOA = replace(_KAI, mrn="HA0504", given="Noa")
_TUTU = replace(_LEILANI, mrn="HA0505", given="Abigail", born="1941-01-30", ssn="", deceased="2019-03-02")
FAMILY = (_LEILANI, _KEONI, _KAI, _NOA, _TUTU, replace(_LEILANI, system=CLINIC, mrn="BA0501", ssn=""))

_MALIA = Told(
    system=HOSPITAL, mrn="HA0520", family="Nakoa", given="Malia", born="1995-08-17", sex="F", street="77 Reef Road",
    phone="808-555-0152",
)  # fmt: skip
_VIP = Told(
    system=HOSPITAL, mrn="HA0530", family="Kuhio-Makaena", given="David", middle="Laamea", born="1957-05-09", sex="M",
    street="1 Governor's Walk", phone="808-555-0160",
)  # fmt: skip
_VIP_AGAIN = replace(_VIP, system=CLINIC, mrn="BA0530", street="PO Box 88", phone="808-555-0161", middle="")
_PUA = Told(
    system=HOSPITAL, mrn="HA0540", family="Pukahi", given="Pua", born="1958-02-14", sex="F", street="31 Pier Street",
    phone="808-555-0170", ssn="575-60-1184",
)  # fmt: skip
_OTHER = replace(
    _PUA,
    family="Reyes",
    given="Tomas",
    born="1990-09-27",
    sex="M",
    street="8 Mauka Drive",
    phone="808-555-0171",
    ssn="",
)
_FAITH = Told(
    system=HOSPITAL, mrn="HA0560", family="Holt", given="Faith", born="1979-12-05", sex="F", street="19 Dock Lane",
    phone="808-555-0180", ssn="575-71-3300",
)  # fmt: skip
_SAME_SSN = replace(
    _FAITH, system=CLINIC, mrn="BA0560", family="Duarte", given="Rosalina", born="1949-03-22", street="2 Canal Street",
    phone="808-555-0181",
)  # fmt: skip
_OFTEN = Told(
    system=LAB, mrn="LA0600", family="Kahaleuahi", given="Bernadette", born="1961-07-07", sex="F",
    street="14 Lighthouse Road", phone="808-555-0190", ssn="575-83-6141", registrar="Lab intake",
)  # fmt: skip
VISITS = 22
_SPLIT = replace(_PUA, mrn="HA0545", family="Kanakaole", given="Edith", born="1935-10-10", ssn="575-62-0047")


def _overlaid(told: Told, number: int) -> tuple[Told, Told]:
    """A record of its own, and the update of it that looks like another patient."""
    first = replace(told, mrn=f"HA055{number}", family=f"Pukahi{'abcde'[number]}", ssn=f"575-66-120{number}",
                    phone=f"808-555-017{2 + number}", street=f"{40 + number} Pier Street")  # fmt: skip
    return first, replace(_OTHER, mrn=first.mrn, family=f"Reyes{'abcde'[number]}", phone=f"808-555-02{10 + number}")


def special_steps(began: datetime) -> list[Step]:
    """All of them, in no order; the last ones are of now."""

    def ago(count: float) -> datetime:
        return began - days(count)

    visits = tuple(replace(_OFTEN, mrn=f"LA{600 + visit:04}") for visit in range(VISITS))
    singles = (_MALIA, _PUA, _FAITH, _SAME_SSN, _SPLIT, *(_overlaid(_PUA, number)[0] for number in range(3)))
    told = {
        26.5: lambda: tell(FAMILY),
        26.4: lambda: tell(singles),
        22.0: lambda: tell((_VIP, _VIP_AGAIN)),
        16.0: lambda: tell(visits),
        9.0: lambda: tell((_overlaid(_PUA, 0)[1],)),
        6.0: lambda: tell((_overlaid(_PUA, 1)[1],)),
        3.2: lambda: tell((_OTHER,)),
        2.5: lambda: tell((replace(_OTHER, mrn=_SPLIT.mrn, given="Ernesto", phone="808-555-0231"),)),
        0.2: lambda: tell((_overlaid(_PUA, 2)[1],)),
    }
    acts = {
        26.0: _family,
        21.5: _mark_vip,
        8.7: lambda: _overlay(_overlaid(_PUA, 0)[0], accept=False, who="steward"),
        5.6: lambda: _overlay(_overlaid(_PUA, 1)[0], accept=True, who="steward2"),
        12.0: _unmerge,
        10.0: _value,
        4.0: lambda: _birth(ago(4.2)),
        3.0: _unknown,
        1.4: _identified,
        2.2: _numbers,
        2.0: lambda: watch_persons(whole=True),
        1.2: _split,
        1.0: _proposals,
    }
    steps = [Step(ago(count), act) for count, act in (*told.items(), *acts.items())]
    return [*steps, Step(began, _today)]


def _family() -> None:
    """Who is whose mother: recorded by hand, so that the twins are kept apart and their question is answered."""
    leilani, keoni, kai, noa, tutu = (owner(one).euid for one in FAMILY[:5])
    said = (
        (kai, noa, RelationshipKind.TWIN),
        (leilani, kai, RelationshipKind.MOTHER),
        (leilani, noa, RelationshipKind.MOTHER),
        (keoni, kai, RelationshipKind.FATHER),
        (leilani, keoni, RelationshipKind.SPOUSE),
        (tutu, kai, RelationshipKind.GRANDPARENT),
    )
    for one, other, kind in said:
        with suppress(MpiError):
            relate(from_euid=one, to_euid=other, kind=kind, reason="Told at the desk", actor=person("steward"))


def _mark_vip() -> None:
    mark_vip(euid=owner(_VIP).euid, reason="In office; asked for by the hospital's board", actor=person("supervisor"))


def _overlay(told: Told, *, accept: bool, who: str) -> None:
    task = _task_on(told)
    reason = "Asked the ward: the same patient, married and moved" if accept else "The ward had picked the wrong chart"
    if task is not None:
        decide_overlay(task_uuid=task.uuid, accept=accept, reason=reason, actor=person(who))
        catch_up()


def _task_on(told: Told) -> IdentityTask | None:
    return IdentityTask.objects.filter(
        type=TaskType.OVERLAY,
        status="open",
        source_record__mrn=told.mrn,
        source_record__source_system__code=told.system,
    ).first()


def _unmerge() -> None:
    """Two persons merged by hand, and taken apart again: they were two."""
    one, other = owner(_FAITH), owner(_MALIA)
    done = merge_golden_records(
        survivor_euid=one.euid, retired_euid=other.euid, versions={}, reason_code="documents-seen",
        reason="An insurance card", actor=person("steward3"),
    )  # fmt: skip
    event = IdentityEvent.objects.get(uuid=done.event_uuid)
    unmerge_golden_records(
        event_uuid=event.uuid, reason_code="wrong-merge", reason="The card was the sister's", actor=person("supervisor")
    )


def _value() -> None:
    set_value(
        euid=owner(_LEILANI).euid, field="phone", value="808-555-0149", reason="She called and gave her new number",
        version=None, actor=person("steward"),
    )  # fmt: skip


def _birth(when: datetime) -> None:
    """Newborn twins of a known mother; one of them has no name yet."""
    mother = owner(_MALIA)
    birth = Birth(when.date().isoformat(), (Child("F", given="Lehua"), Child("M")), mother_euid=mother.euid)
    register_newborns(
        token=uuid5(_TOKENS, "birth"), birth=birth, seen=(), reason_code="", reason="", actor=person("clerk")
    )


def _unknown() -> None:
    for number, sex in enumerate(("M", "F")):
        register_alias(token=uuid5(_TOKENS, f"unknown-{number}"), sex=sex, facility="Emergency", actor=person("clerk"))


def _identified() -> None:
    row = Registration.objects.get(token=uuid5(_TOKENS, "unknown-0"))
    told = Told(
        system=HOSPITAL, mrn=row.number, family="Ferreira", given="Anthony", born="1972-01-19", sex="M",
        street="60 Cannery Row", phone="808-555-0195",
    )  # fmt: skip
    identity = Identity(told.record(), reason="His wallet was found")
    identify(registration_uuid=row.uuid, identity=identity, seen=(), version=None, actor=person("clerk"))


def _numbers() -> None:
    """A source merges two of its numbers that a steward keeps apart: a task asks who is right."""
    two = pair(0)
    with suppress(Separated):
        merge_source_records(
            system=HOSPITAL, survivor_mrn=two.first.mrn, subsumed_mrn=two.second.mrn, reason_code="source-confirmed",
            reason="Merged at the hospital", actor=person("steward"),
        )  # fmt: skip


def _split() -> None:
    """An overlay split is proposed by one and approved by another; the source is asked to mend its number."""
    task = _task_on(_SPLIT)
    if task is None:
        return
    why = Why("", "Two patients: the ward used the number again")
    waiting = propose(act=ProposedSplit(str(task.uuid)), why=why, actor=person("steward"))
    approve_proposal(uuid=waiting.uuid, reason="Seen the admission form", actor=person("steward2"))
    catch_up()


def _proposals() -> None:
    """One that waits about the VIP, and one that was rejected."""
    for told, who, rejected_by in ((_VIP_AGAIN, "steward", ""), (pair(39).second, "steward3", "supervisor")):
        match = question(told)
        if match is None:
            continue
        versions = dict(basis_of(match).golden)
        act = ProposedAnswer(str(match.uuid), "same", match.version, versions)
        why = Why("patient-confirmed", "He gave both numbers at the desk")
        waiting = propose(act=act, why=why, actor=person(who))
        if rejected_by:
            reject_proposal(uuid=waiting.uuid, reason="The two SSNs are both valid", actor=person(rejected_by))


def _today() -> None:
    """What is in hand: a claim, tasks given to somebody, a saved view."""
    fresh, late = question(pair(61).second), question(pair(30).second)
    if fresh is not None:
        claim(task=fresh.uuid, actor=person("steward2"))
    if late is not None:
        assign(to={late.uuid: "steward3"}, actor=person("supervisor"))
    for who in ("steward", "supervisor"):
        save_view(name="Over target", wanted=QueueFilter(age="late"), actor=person(who))
