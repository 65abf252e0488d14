"""Overlay: an update that speaks of another person waits for a steward, and what comes after it waits in order."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, NotFound
from mpi.models import IdentityTask, InboundMessage
from mpi.services.ingest import ingest
from mpi.services.overlay import decide_overlay
from mpi.services.separate import separate
from mpi.services.sweep import release_queued, sweep_inbox
from tests.services.telling import (
    KATHERINE,
    KATHERINE_BRIDGE,
    KATHERINE_BY_NUMBER,
    KATHERINE_MARRIED,
    MARCUS,
    golden_state,
    link_of,
    owner,
    record_of,
    store,
    take_back,
    tell,
)


@pytest.fixture
def quarantined() -> IdentityTask:
    """HIS 1 was Katherine; then it was told that it is Marcus."""
    tell("HIS", "1", KATHERINE)
    tell("HIS", "1", MARCUS)
    return IdentityTask.objects.get()


def states() -> list[str]:
    return list(InboundMessage.objects.order_by("id").values_list("state", flat=True))


def decide(task: IdentityTask, actor: Actor, *, accept: bool) -> None:
    decide_overlay(task_uuid=task.uuid, accept=accept, reason="Asked the ward", actor=actor)
    sweep_inbox(older_than_s=-60)


def test_an_overlay_is_quarantined_and_the_trusted_identity_is_served_on(quarantined: IdentityTask) -> None:
    record = record_of("HIS", "1")
    assert (record.state, record.version) == ("quarantined", 1)
    assert (quarantined.type, quarantined.status, quarantined.source_record) == ("overlay", "open", record)
    assert quarantined.reasons
    assert states() == ["applied", "queued"]
    assert owner("HIS", "1").values["family_name"] == "Oyelaran"
    assert [row.history_type for row in record.history.order_by("history_id")] == ["+", "~"]
    assert AuditEvent.objects.filter(action="task.opened").count() == 1


def test_messages_behind_it_queue_and_follow_in_order_after_acceptance(
    quarantined: IdentityTask, steward: Actor
) -> None:
    tell_later = [store("HIS", "1", MARCUS, phone=f"419-555-010{digit}") for digit in (1, 2)]
    assert ingest(message_ids=tell_later) == {}
    assert states() == ["applied", "queued", "queued", "queued"]
    decide(quarantined, steward, accept=True)
    assert states() == ["applied"] * 4
    record = record_of("HIS", "1")
    assert (record.state, record.version) == ("active", 4)
    assert owner("HIS", "1").values["family_name"] == "Whitfield"
    told = [row.told["telecoms"][0]["value"] for row in record.history.order_by("history_id") if row.version > 1]
    assert told == ["419-555-0187", "419-555-0101", "419-555-0102"]
    quarantined.refresh_from_db()
    assert quarantined.status == "accepted"
    entry = AuditEvent.objects.get(action="task.resolved")
    assert (entry.actor_id, entry.reason_text, entry.detail["accepted"]) == (steward.id, "Asked the ward", True)


def test_a_rejected_overlay_changes_nothing_and_lets_the_next_pass(quarantined: IdentityTask, steward: Actor) -> None:
    before = golden_state()
    store("HIS", "1", KATHERINE, phone="937-555-0100")
    decide(quarantined, steward, accept=False)
    assert states() == ["applied", "rejected", "applied"]
    record = record_of("HIS", "1")
    assert (record.state, record.version) == ("active", 2)
    golden = owner("HIS", "1")
    assert golden.values["family_name"] == "Oyelaran"
    assert golden.values["phone"] != before[golden.euid]["values"]["phone"]
    rejected = InboundMessage.objects.get(state="rejected")
    assert "steward" in rejected.errors[0]["problem"]


def test_it_is_decided_once(quarantined: IdentityTask, steward: Actor) -> None:
    decide(quarantined, steward, accept=False)
    with pytest.raises(AlreadyDecided):
        decide(quarantined, steward, accept=True)
    with pytest.raises(NotFound):
        decide_overlay(task_uuid="00000000-0000-0000-0000-000000000000", accept=True, reason="Asked", actor=steward)


def test_one_batch_queues_what_follows_the_overlay_in_it(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    ids = [store("HIS", "1", MARCUS), store("HIS", "1", KATHERINE, phone="937-555-0100"), store("LAB", "5", KATHERINE)]
    results = ingest(message_ids=ids)
    assert [results[pk].state for pk in ids] == ["queued", "queued", "applied"]
    assert record_of("HIS", "1").version == 1
    decide(IdentityTask.objects.get(), steward, accept=False)
    assert states() == ["applied", "rejected", "applied", "applied"]


def test_a_deletion_queues_behind_it_too(quarantined: IdentityTask, steward: Actor) -> None:
    with pytest.raises(KeyError):
        take_back("HIS", "1")
    assert states() == ["applied", "queued", "queued"]
    decide(quarantined, steward, accept=True)
    assert record_of("HIS", "1").state == "deleted"


def test_a_quarantined_record_attracts_nobody(quarantined: IdentityTask) -> None:
    tell("LAB", "7", MARCUS)
    tell("CLINIC", "7", KATHERINE)
    assert len({owner(*key) for key in (("HIS", "1"), ("LAB", "7"), ("CLINIC", "7"))}) == 3


def test_a_separation_of_a_quarantined_record_holds_for_its_whole_person(steward: Actor) -> None:
    """LAB 1 and CLINIC 2 are two; HIS 1 came later to LAB 1: CLINIC 2 must not come in by that door."""
    tell("LAB", "1", KATHERINE_BY_NUMBER)
    tell("CLINIC", "2", KATHERINE_MARRIED)
    apart = (owner("LAB", "1").euid, owner("CLINIC", "2").euid)
    separate(euid_a=apart[0], euid_b=apart[1], reason_code="family-member", reason="", actor=steward)
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    assert owner("HIS", "1") == owner("LAB", "1")
    tell("LAB", "1", MARCUS)
    assert record_of("LAB", "1").state == "quarantined"
    tell("CLINIC", "2", KATHERINE_BRIDGE)
    assert owner("CLINIC", "2") != owner("HIS", "1")


def test_a_message_left_queueing_behind_nothing_is_released_by_the_sweep(
    quarantined: IdentityTask, steward: Actor
) -> None:
    late = store("HIS", "1", KATHERINE, phone="937-555-0100")
    decide(quarantined, steward, accept=False)
    InboundMessage.objects.filter(pk=late).update(state="queued")
    assert release_queued() == 1
    assert InboundMessage.objects.get(pk=late).state == "received"


def test_the_sweep_leaves_what_waits_for_a_steward(quarantined: IdentityTask) -> None:
    store("HIS", "1", MARCUS, phone="419-555-0101")
    sweep_inbox(older_than_s=-60)
    assert release_queued() == 0
    assert states() == ["applied", "queued", "queued"]
    assert link_of("HIS", "1").ended_at is None
