"""Merge, undo and unmerge: both golden records come back field by field, under their EUIDs, in any order of undoing."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyMerged, CannotUndo, InvalidInput, NotFound, Separated, StaleVersion
from mpi.models import GoldenRecord, IdentityEvent, Link, OutboxEvent, Separation
from mpi.services.merge import merge_golden_records, preview_merge
from mpi.services.take_back import preview_unmerge
from mpi.services.verify import verify_golden_record
from tests.services.acting import merge, undo, unmerge
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    MARCUS,
    MARGARET,
    MARJORIE,
    golden_state,
    last_event,
    link_of,
    owner,
    question,
    questions_rest_on_their_golden_records,
    record_of,
    state,
    tell,
    versions,
)


@pytest.fixture
def three() -> tuple[GoldenRecord, GoldenRecord, GoldenRecord]:
    """Three persons of two, one and one source records."""
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    tell("LAB", "3", ESTEBAN)
    return owner("HIS", "1"), owner("HIS", "2"), owner("LAB", "3")


def test_a_merge_moves_the_records_and_points_the_retired_euid_to_its_survivor(
    three: tuple[GoldenRecord, ...], steward: Actor
) -> None:
    katherine, marcus, _ = three
    before = IdentityEvent.objects.count()
    act = merge(katherine, marcus, steward)
    marcus.refresh_from_db()
    assert (marcus.status, marcus.merged_into, marcus.member_count) == ("merged", katherine, 0)
    assert owner("HIS", "2") == katherine
    moved = link_of("HIS", "2")
    assert (moved.origin, moved.by_human) == ("merge", True)
    assert owner("HIS", "1").member_count == 3
    assert (act.kind, act.undoable, act.euids) == ("merge", True, (katherine.euid,))
    assert IdentityEvent.objects.count() == before + 1
    event = last_event()
    assert (event.kind, event.actor_id, event.reason_code, event.reason) == (
        "merge",
        steward.id,
        "documents-seen",
        "Passport",
    )


def test_a_merge_writes_history_audit_and_notices_once(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, marcus, _ = three
    rows = {golden.pk: golden.history.count() for golden in (katherine, marcus)}
    links = Link.history.count()
    merge(katherine, marcus, steward)
    for golden in (katherine, marcus):
        assert golden.history.count() == rows[golden.pk] + 1
        newest = golden.history.first()
        assert (newest.history_user_id, newest.history_type) == (steward.id, "~")
    assert Link.history.count() == links + 2
    entry = AuditEvent.objects.get(action="golden.merged")
    assert (entry.actor_id, entry.reason_code, entry.reason_text) == (steward.id, "documents-seen", "Passport")
    assert set(entry.subjects) == {f"golden_record:{katherine.euid}", f"golden_record:{marcus.euid}"}
    told = OutboxEvent.objects.filter(type="golden.merged")
    assert {(row.euid, tuple(row.related_euids)) for row in told} == {
        (katherine.euid, (marcus.euid,)),
        (marcus.euid, (katherine.euid,)),
    }


def test_a_merge_preview_says_what_the_merge_will_do(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, marcus, _ = three
    before = state()
    preview = preview_merge(survivor_euid=katherine.euid, retired_euid=marcus.euid, actor=steward)
    assert state() == before
    merge(katherine, marcus, steward)
    after = golden_state()[katherine.euid]
    assert preview.values == after["values"]
    assert {name: told["record_id"] for name, told in preview.provenance.items()} == {
        name: told["record_id"] for name, told in after["provenance"].items() if name != "rules"
    }
    assert (preview.moved_records, preview.redirected, preview.separated) == (1, (marcus.euid,), False)


def test_a_stale_screen_merges_nothing(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, marcus, _ = three
    seen = versions(katherine, marcus)
    tell("HIS", "2", MARCUS, phone="419-555-0100")
    before = state()
    with pytest.raises(StaleVersion) as refused:
        merge_golden_records(
            survivor_euid=katherine.euid,
            retired_euid=marcus.euid,
            versions=seen,
            reason_code="documents-seen",
            reason="",
            actor=steward,
        )
    assert refused.value.extra["euid"] == marcus.euid
    assert state() == before


def test_what_is_merged_already_is_not_merged_again(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, marcus, esteban = three
    merge(katherine, marcus, steward)
    with pytest.raises(AlreadyMerged) as refused:
        merge(esteban, marcus, steward)
    assert refused.value.extra["survivor"] == katherine.euid


def test_a_golden_record_is_not_merged_into_itself_or_into_nobody(
    three: tuple[GoldenRecord, ...], steward: Actor
) -> None:
    with pytest.raises(InvalidInput):
        merge(three[0], three[0], steward)
    for euid in ("", "0000-0000-0000", "\0", "7QK42M9X8B3Z"):
        with pytest.raises(NotFound):
            preview_merge(survivor_euid=three[0].euid, retired_euid=euid, actor=steward)


def test_merge_then_undo_is_identity(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    before = state()
    undone = undo(merge(three[0], three[1], steward), steward)
    assert state() == before
    assert set(undone.euids) == {three[0].euid, three[1].euid}
    assert not Separation.objects.exists()


def test_merge_then_unmerge_restores_both_field_by_field_and_keeps_them_apart(
    three: tuple[GoldenRecord, ...], steward: Actor
) -> None:
    before = state()
    act = merge(three[0], three[1], steward)
    preview = preview_unmerge(event_uuid=act.event_uuid, actor=steward)
    assert (preview.undoable, preview.restored) == (True, ((three[1], 1),))
    unmerge(act, steward)
    assert state() == before
    pairs = Separation.objects.get().pairs.values_list("record_low", "record_high")
    his, lab, marcus = (record_of(*key).pk for key in (("HIS", "1"), ("LAB", "1"), ("HIS", "2")))
    assert set(pairs) == {(his, marcus), (lab, marcus)}
    with pytest.raises(Separated):
        merge(three[0], three[1], steward)


def test_unmerge_is_one_event_audited_with_both_sides_told(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    act = merge(three[0], three[1], steward)
    count = IdentityEvent.objects.count()
    OutboxEvent.objects.all().count()
    newest = OutboxEvent.objects.order_by("-id")[0].pk
    unmerge(act, steward)
    assert IdentityEvent.objects.count() == count + 1
    assert last_event().undoes.uuid == act.event_uuid
    assert AuditEvent.objects.filter(action="golden.unmerged").count() == 1
    assert AuditEvent.objects.filter(action="separation.created").count() == 1
    told = OutboxEvent.objects.filter(pk__gt=newest)
    assert {three[0].euid, three[1].euid} <= {row.euid for row in told}
    assert {"golden.restored", "link.moved"} <= {row.type for row in told}


def test_an_act_is_undone_once(three: tuple[GoldenRecord, ...], steward: Actor, second_steward: Actor) -> None:
    act = merge(three[0], three[1], steward)
    undo(act, steward)
    with pytest.raises(CannotUndo, match="Stefan"):
        undo(act, second_steward)
    preview = preview_unmerge(event_uuid=act.event_uuid, actor=steward)
    assert not preview.undoable
    assert "Stefan" in preview.blocked_by


def test_only_a_merge_is_unmerged(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    golden = three[1]
    act = verify_golden_record(euid=golden.euid, version=golden.version, reason="", actor=steward)
    with pytest.raises(CannotUndo):
        unmerge(act, steward)


def test_a_merge_answers_the_open_question_and_its_undo_opens_it_again(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    asked = question()
    act = merge(owner("HIS", "1"), owner("LAB", "2"), steward)
    asked.refresh_from_db()
    assert (asked.status, asked.closed_reason) == ("closed", "same-golden-record")
    undo(act, steward)
    asked.refresh_from_db()
    assert (asked.status, asked.closed_at, asked.closed_reason) == ("open", None, "")
    assert questions_rest_on_their_golden_records()


def test_an_unmerge_answers_the_question_that_the_merge_had_closed(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    asked = question()
    unmerge(merge(owner("HIS", "1"), owner("LAB", "2"), steward), steward)
    asked.refresh_from_db()
    assert (asked.status, asked.closed_reason) == ("different", "unmerged")
