"""Every act on identity asks for permission first; a refusal changes nothing and is written down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.models import AuditEvent
from matching.records import Name, PatientRecord
from mpi.commands import Actor
from mpi.errors import Forbidden, InvalidInput
from mpi.models import IdentityEvent, IdentityTask, InboundMessage, Separation
from mpi.services.delete import delete_record
from mpi.services.link import link_record
from mpi.services.match import match
from mpi.services.merge import merge_golden_records, preview_merge
from mpi.services.overlay import decide_overlay
from mpi.services.raw_message import show_raw_message
from mpi.services.replay import replay_message
from mpi.services.resolve import resolve_potential_match
from mpi.services.separate import lift_separation, separate
from mpi.services.take_back import preview_undo, preview_unmerge
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from mpi.services.unmask import unmask_ssn
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.upsert import upsert_record
from mpi.services.verify import verify_golden_record
from tests.services.telling import (
    KATHERINE,
    MARCUS,
    MARGARET,
    MARJORIE,
    last_event,
    owner,
    question,
    record_of,
    state,
    tell,
)

WHY = {"reason_code": "documents-seen", "reason": "Passport"}
NOBODY = "00000000-0000-0000-0000-000000000000"


def one() -> str:
    return owner("HIS", "1").euid


def other() -> str:
    return owner("HIS", "2").euid


def told() -> PatientRecord:
    return PatientRecord("HIS", "9", names=(Name(family="Nobody", given="New"),))


ACTS: dict[str, tuple[str, Callable[[Actor], object]]] = {
    "merge": (
        "merge",
        lambda actor: merge_golden_records(survivor_euid=one(), retired_euid=other(), versions={}, actor=actor, **WHY),
    ),
    "preview merge": ("merge", lambda actor: preview_merge(survivor_euid=one(), retired_euid=other(), actor=actor)),
    "undo": ("merge", lambda actor: undo_event(event_uuid=last_event().uuid, reason="", actor=actor)),
    "unmerge": ("merge", lambda actor: unmerge_golden_records(event_uuid=last_event().uuid, actor=actor, **WHY)),
    "preview undo": ("merge", lambda actor: preview_undo(event_uuid=last_event().uuid, actor=actor)),
    "preview unmerge": ("merge", lambda actor: preview_unmerge(event_uuid=last_event().uuid, actor=actor)),
    "link": (
        "merge",
        lambda actor: link_record(record_id=record_of("HIS", "2").pk, euid=one(), version=None, actor=actor, **WHY),
    ),
    "unlink": ("merge", lambda actor: unlink_record(record_id=record_of("LAB", "1").pk, actor=actor, **WHY)),
    "separate": ("merge", lambda actor: separate(euid_a=one(), euid_b=other(), actor=actor, **WHY)),
    "lift": ("merge", lambda actor: lift_separation(separation_uuid=NOBODY, reason="", actor=actor)),
    "verify": ("merge", lambda actor: verify_golden_record(euid=one(), version=1, reason="", actor=actor)),
    "resolve": (
        "review",
        lambda actor: resolve_potential_match(
            uuid=question().uuid, outcome="same", version=1, versions={}, actor=actor, **WHY
        ),
    ),
    "overlay": ("review", lambda actor: decide_overlay(task_uuid=NOBODY, accept=True, reason="", actor=actor)),
    "upsert": ("records.write", lambda actor: upsert_record(record=told(), source_time=None, actor=actor)),
    "delete": ("records.write", lambda actor: delete_record(system="HIS", mrn="1", reason="", actor=actor)),
    "match": ("match", lambda actor: match(record=told(), actor=actor)),
    "unmask": (
        "ssn.unmask",
        lambda actor: unmask_ssn(record_id=record_of("HIS", "1").pk, reason="Card lost", actor=actor),
    ),
    "raw message": ("messages", lambda actor: show_raw_message(uuid=NOBODY, reason="Disputed", actor=actor)),
    "replay": ("messages", lambda actor: replay_message(uuid=NOBODY, actor=actor)),
}


@pytest.fixture
def index() -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    tell("HIS", "3", MARGARET)
    tell("LAB", "4", MARJORIE)


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("name", sorted(ACTS))
def test_an_act_without_its_permission_is_refused_written_down_and_changes_nothing(name: str, outsider: Actor) -> None:
    permission, act = ACTS[name]
    before = (state(), IdentityEvent.objects.count(), InboundMessage.objects.count(), Separation.objects.count())
    with pytest.raises(Forbidden, match=permission):
        act(outsider)
    after = (state(), IdentityEvent.objects.count(), InboundMessage.objects.count(), Separation.objects.count())
    assert before == after
    refusal = AuditEvent.objects.get(action="access.refused")
    assert (refusal.actor_id, refusal.outcome, refusal.detail["permission"]) == ("otto", "refused", permission)


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("name", ["merge", "link", "unlink", "separate", "resolve", "verify", "undo", "delete"])
def test_a_clerk_and_a_compliance_officer_may_look_but_not_decide(name: str, clerk: Actor, auditor: Actor) -> None:
    for actor in (clerk, auditor):
        with pytest.raises(Forbidden):
            ACTS[name][1](actor)


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("note", ["x" * 501, "a\0b", "\ud800"])
def test_a_note_that_cannot_be_stored_is_refused_by_every_act(note: str, steward: Actor, system: Actor) -> None:
    said: dict[str, Callable[[], object]] = {
        "undo": lambda: undo_event(event_uuid=last_event().uuid, reason=note, actor=steward),
        "lift": lambda: lift_separation(separation_uuid=NOBODY, reason=note, actor=steward),
        "verify": lambda: verify_golden_record(euid=one(), version=1, reason=note, actor=steward),
        "separate": lambda: separate(euid_a=one(), euid_b=other(), reason_code="other", reason=note, actor=steward),
        "overlay": lambda: decide_overlay(task_uuid=NOBODY, accept=True, reason=note, actor=steward),
        "unmask": lambda: unmask_ssn(record_id=record_of("HIS", "1").pk, reason=note, actor=steward),
        "delete": lambda: delete_record(system="HIS", mrn="1", reason=note, actor=system),
    }
    before = state()
    for act in said.values():
        with pytest.raises(InvalidInput) as refused:
            act()
        assert refused.value.flaws[0].field == "reason"
        assert note not in str(refused.value)
    assert state() == before


@pytest.mark.usefixtures("index")
def test_unmasking_gives_the_number_to_who_may_and_says_so_in_the_log(steward: Actor) -> None:
    assert unmask_ssn(record_id=record_of("HIS", "1").pk, reason="Card lost", actor=steward) == "536228145"
    entry = AuditEvent.objects.get(action="ssn.unmasked")
    assert (entry.actor_id, entry.reason_text) == (steward.id, "Card lost")
    with pytest.raises(InvalidInput):
        unmask_ssn(record_id=record_of("HIS", "1").pk, reason=" ", actor=steward)


@pytest.mark.usefixtures("index")
def test_no_task_or_event_is_left_by_a_refused_act(outsider: Actor) -> None:
    with pytest.raises(Forbidden):
        ACTS["overlay"][1](outsider)
    assert not IdentityTask.objects.exists()
