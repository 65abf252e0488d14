"""A source merges two of its own numbers (A40), takes it back, or says what a steward contradicts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyMerged, CannotUndo, InvalidInput, NotFound, Separated, StaleVersion, UnderReview
from mpi.models import (
    BlockingKey,
    IdentityTask,
    InboundMessage,
    OutboxEvent,
    PotentialMatch,
    SeparationPair,
    SourceMerge,
)
from mpi.queries.identity_tasks import reasons_of
from mpi.queries.search import Query, find
from mpi.queries.source_merges import surviving_record
from mpi.services.act import ActResult
from mpi.services.ingest import ingest
from mpi.services.replay import replay_message
from mpi.services.separate import separate
from mpi.services.source_merge import merge_source_records
from mpi.services.source_unmerge import unmerge_source_records
from tests.services.acting import merge, undo
from tests.services.invariants import faults
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    MARCUS,
    MARGARET,
    MARJORIE,
    link_state,
    owner,
    question,
    question_state,
    record_of,
    state,
    store,
    tell,
    versions,
)


@pytest.fixture(autouse=True)
def _every_invariant_holds(_systems: None) -> Iterator[None]:
    yield
    assert faults() == {}


def one(system: str, survivor: str, subsumed: str, actor: Actor) -> ActResult:
    return merge_source_records(
        system=system,
        survivor_mrn=survivor,
        subsumed_mrn=subsumed,
        reason_code="source-confirmed",
        reason="",
        actor=actor,
    )


def again_two(system: str, subsumed: str, actor: Actor) -> ActResult:
    return unmerge_source_records(
        system=system, subsumed_mrn=subsumed, reason_code="source-confirmed", reason="Their error", actor=actor
    )


def keys_of(mrn: str) -> int:
    return BlockingKey.objects.filter(source_record=record_of("HIS", mrn)).count()


def test_the_subsumed_number_answers_with_the_survivors_person(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    gone = owner("HIS", "2")
    act = one("HIS", "1", "2", steward)
    subsumed = record_of("HIS", "2")
    assert (subsumed.state, keys_of("2")) == ("subsumed", 0)
    assert surviving_record(subsumed) == record_of("HIS", "1")
    gone.refresh_from_db()
    assert (gone.status, gone.merged_into) == ("merged", owner("HIS", "1"))
    assert [hit.person.euid for hit in find(Query(number="2")).hits] == [owner("HIS", "1").euid]
    assert [hit.person.euid for hit in find(Query(number="219447710")).hits] == [owner("HIS", "1").euid]
    assert ("HIS", "2") not in link_state()
    assert act.euids == (owner("HIS", "1").euid,)
    entry = AuditEvent.objects.get(action="record.merged")
    assert (entry.reason_code, entry.detail["event"]) == ("source-confirmed", str(act.event_uuid))
    assert OutboxEvent.objects.filter(type="source-records.merged").count() == 1


def test_a_person_with_other_members_keeps_them(steward: Actor) -> None:
    tell("HIS", "1", MARCUS)
    tell("HIS", "2", KATHERINE)
    tell("LAB", "2", KATHERINE)
    katherine = owner("LAB", "2")
    one("HIS", "1", "2", steward)
    katherine.refresh_from_db()
    assert (katherine.status, katherine.member_count) == ("provisional", 1)
    assert set(link_state()) == {("HIS", "1"), ("LAB", "2")}


def test_who_stays_behind_and_is_alike_is_a_question_that_the_undo_closes(steward: Actor) -> None:
    tell("HIS", "1", MARGARET, street="400 Harbour Street", city="Tucson", state="AZ", postal_code="85701")
    tell("HIS", "2", MARJORIE)
    tell("LAB", "2", MARJORIE)
    for match in PotentialMatch.objects.filter(status="open"):
        assert record_of("LAB", "2").pk not in (match.record_a_id, match.record_b_id)
    before = state()
    act = one("HIS", "1", "2", steward)
    asked = question()
    assert {asked.golden_a, asked.golden_b} == {owner("HIS", "1"), owner("LAB", "2")}
    assert {asked.record_a, asked.record_b} == {record_of("HIS", "1"), record_of("LAB", "2")}
    assert not IdentityTask.objects.exists()
    undo(act, steward)
    assert state() == before


def test_who_stays_behind_and_is_like_nobody_there_is_a_task_that_the_undo_closes(steward: Actor) -> None:
    tell("HIS", "1", MARCUS)
    tell("HIS", "2", KATHERINE)
    tell("LAB", "2", KATHERINE)
    act = one("HIS", "1", "2", steward)
    task = IdentityTask.objects.get()
    assert (task.type, task.status, task.source_record) == ("source-merge", "open", record_of("HIS", "2"))
    assert question_state() == {}
    undo(act, steward)
    task.refresh_from_db()
    assert task.status == "closed"


def test_across_a_separation_of_other_members_it_becomes_a_task_too(steward: Actor) -> None:
    for mrn, told in (("1", MARGARET), ("2", ESTEBAN)):
        tell("HIS", mrn, told)
        tell("LAB", mrn, told)
    # Their persons are kept apart by the records of the other source alone.
    separated = SeparationPair.objects.filter(separation__lifted_at__isnull=True)
    separate(
        euid_a=owner("LAB", "1").euid, euid_b=owner("LAB", "2").euid, reason_code="namesake", reason="", actor=steward
    )
    lab = {record_of("LAB", "1").pk, record_of("LAB", "2").pk}
    for pair in separated:
        if {pair.record_low_id, pair.record_high_id} != lab:
            pair.delete()
    with pytest.raises(Separated):
        one("HIS", "1", "2", steward)


def test_a_merge_on_a_stale_screen_changes_nothing(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    tell("HIS", "3", ESTEBAN)
    seen = versions(owner("HIS", "1"), owner("HIS", "2"))
    another = versions(owner("HIS", "1"), owner("HIS", "3"))
    tell("LAB", "1", KATHERINE)
    before = state()
    why = {"reason_code": "source-confirmed", "reason": "", "actor": steward}
    for stale in (seen, another, {}):
        with pytest.raises(StaleVersion):
            merge_source_records(system="HIS", survivor_mrn="1", subsumed_mrn="2", versions=stale, **why)
    assert state() == before
    now = versions(owner("HIS", "1"), owner("HIS", "2"))
    merge_source_records(system="HIS", survivor_mrn="1", subsumed_mrn="2", versions=now, **why)


def test_undo_and_the_sources_own_correction_restore_everything(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("HIS", "2", MARJORIE)
    tell("LAB", "2", ESTEBAN)
    question()
    before, keys = state(), keys_of("2")
    undo(one("HIS", "1", "2", steward), steward)
    assert (state(), keys_of("2"), record_of("HIS", "2").state) == (before, keys, "active")
    one("HIS", "1", "2", steward)
    again_two("HIS", "2", steward)
    assert (state(), keys_of("2"), record_of("HIS", "2").state) == (before, keys, "active")
    assert SourceMerge.objects.filter(ended_at__isnull=True).count() == 0
    assert AuditEvent.objects.filter(action="record.unmerged").count() == 1
    with pytest.raises(NotFound):
        again_two("HIS", "2", steward)


def test_a_correction_after_later_acts_puts_the_record_where_it_would_be(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    tell("LAB", "2", MARCUS)
    act = one("HIS", "1", "2", steward)
    tell("PORTAL", "9", ESTEBAN)
    merge(owner("PORTAL", "9"), owner("LAB", "2"), steward)
    again_two("HIS", "2", steward)
    assert owner("HIS", "2") == owner("LAB", "2") == owner("PORTAL", "9")
    with pytest.raises(CannotUndo):
        undo(act, steward)


def test_separations_are_carried_over_and_lifted_with_the_undo(steward: Actor) -> None:
    tell("HIS", "1", ESTEBAN)
    tell("HIS", "2", MARGARET)
    tell("LAB", "7", MARJORIE)
    separate(
        euid_a=owner("HIS", "2").euid, euid_b=owner("LAB", "7").euid, reason_code="twins", reason="", actor=steward
    )
    act = one("HIS", "1", "2", steward)
    pair = {record_of("HIS", "1").pk, record_of("LAB", "7").pk}
    standing = SeparationPair.objects.filter(separation__lifted_at__isnull=True)
    assert pair in [{row.record_low_id, row.record_high_id} for row in standing]
    with pytest.raises(Separated):
        merge(owner("HIS", "1"), owner("LAB", "7"), steward)
    undo(act, steward)
    assert pair not in [{row.record_low_id, row.record_high_id} for row in standing.all()]


def test_across_a_separation_it_becomes_one_task_and_changes_nothing(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("HIS", "2", MARJORIE)
    separate(
        euid_a=owner("HIS", "1").euid, euid_b=owner("HIS", "2").euid, reason_code="twins", reason="", actor=steward
    )
    before = state()
    for _ in range(2):
        with pytest.raises(Separated) as refusal:
            one("HIS", "1", "2", steward)
    task = IdentityTask.objects.get()
    assert refusal.value.extra == {"task": str(task.uuid)}
    assert (task.type, task.status, task.source_record) == ("source-merge", "open", record_of("HIS", "2"))
    assert state() == before
    assert record_of("HIS", "2").state == "active"


def test_the_task_names_the_surviving_number_and_another_one_asks_anew(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("HIS", "2", MARJORIE)
    tell("HIS", "3", MARGARET)
    separate(
        euid_a=owner("HIS", "1").euid, euid_b=owner("HIS", "2").euid, reason_code="twins", reason="", actor=steward
    )
    asked = []
    for survivor in ("1", "3"):
        with pytest.raises(Separated) as refusal:
            one("HIS", survivor, "2", steward)
        asked.append(refusal.value.extra["task"])
    task = IdentityTask.objects.get(status="open")
    assert asked[0] != asked[1] == str(task.uuid)
    assert any(str(record_of("HIS", "3").uuid) in reason["words"] for reason in reasons_of(task))


def test_so_it_does_where_a_member_of_the_survivors_person_is_kept_apart(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "1", MARGARET)
    tell("HIS", "2", ESTEBAN)
    separate(
        euid_a=owner("LAB", "1").euid, euid_b=owner("HIS", "2").euid, reason_code="namesake", reason="", actor=steward
    )
    with pytest.raises(Separated):
        one("HIS", "1", "2", steward)


def test_messages_under_the_subsumed_number_are_refused_with_a_mend_and_can_be_replayed(
    steward: Actor, system: Actor
) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    one("HIS", "1", "2", steward)
    late = store("HIS", "2", MARCUS, phone="419-555-0100")
    other = store("LAB", "3", ESTEBAN)
    results = ingest(message_ids=[late, other])
    assert [results[pk].state for pk in (late, other)] == ["rejected", "applied"]
    (flaw,) = InboundMessage.objects.get(pk=late).errors or []
    assert flaw["field"] == "mrn"
    assert "surviving number" in flaw["mend"]
    again_two("HIS", "2", steward)
    replay_message(uuid=InboundMessage.objects.get(pk=late).uuid, actor=system)
    assert ingest(message_ids=[late])[late].state == "applied"
    assert record_of("HIS", "2").version == 2


def test_what_cannot_be_is_refused_by_name(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    tell("HIS", "3", ESTEBAN)
    tell("HIS", "4", MARGARET)
    before = state()
    with pytest.raises(InvalidInput):
        one("HIS", "1", "1", steward)
    with pytest.raises(NotFound) as unknown:
        one("HIS", "1", "99", steward)
    assert unknown.value.flaws[0].field == "subsumed_mrn"
    with pytest.raises(NotFound):
        one("HIS", "99", "1", steward)
    assert state() == before
    one("HIS", "1", "2", steward)
    with pytest.raises(AlreadyMerged):
        one("HIS", "3", "2", steward)
    with pytest.raises(AlreadyMerged):
        one("HIS", "2", "3", steward)
    tell("HIS", "3", KATHERINE)
    with pytest.raises(UnderReview):
        one("HIS", "4", "3", steward)


def test_a_chain_of_merges_leads_to_the_last_survivor(steward: Actor) -> None:
    for mrn, told in (("1", KATHERINE), ("2", MARCUS), ("3", ESTEBAN)):
        tell("HIS", mrn, told)
    before = state()
    first = one("HIS", "2", "1", steward)
    second = one("HIS", "3", "2", steward)
    assert surviving_record(record_of("HIS", "1")) == record_of("HIS", "3")
    assert [hit.person.euid for hit in find(Query(number="1")).hits] == [owner("HIS", "3").euid]
    undo(second, steward)
    assert surviving_record(record_of("HIS", "1")) == record_of("HIS", "2")
    undo(first, steward)
    assert state() == before
