"""Merge, undo and unmerge: both golden records come back field by field, under their EUIDs, in any order of undoing."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyMerged, CannotUndo, InvalidInput, NotFound, Separated, StaleVersion
from mpi.models import GoldenRecord, IdentityEvent, Link, OutboxEvent, PotentialMatch, Separation
from mpi.services.act import ActResult
from mpi.services.link import link_record
from mpi.services.merge import merge_golden_records, preview_merge
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from mpi.services.unmerge import preview_unmerge, unmerge_golden_records
from mpi.services.verify import verify_golden_record
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    KATHERINE_BRIDGE,
    KATHERINE_BY_NUMBER,
    KATHERINE_MARRIED,
    MARCUS,
    MARGARET,
    MARJORIE,
    golden_state,
    last_event,
    link_of,
    link_state,
    owner,
    question,
    question_state,
    questions_rest_on_their_golden_records,
    record_of,
    state,
    take_back,
    tell,
    versions,
)


def merge(survivor: GoldenRecord, retired: GoldenRecord, actor: Actor) -> ActResult:
    return merge_golden_records(
        survivor_euid=survivor.euid,
        retired_euid=retired.euid,
        versions=versions(survivor, retired),
        reason_code="documents-seen",
        reason="Passport",
        actor=actor,
    )


def undo(act: ActResult, actor: Actor) -> ActResult:
    return undo_event(event_uuid=act.event_uuid, reason="The wrong row", actor=actor)


def unmerge(act: ActResult, actor: Actor) -> ActResult:
    return unmerge_golden_records(event_uuid=act.event_uuid, reason_code="wrong-merge", reason="", actor=actor)


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
        name: told["record_id"] for name, told in after["provenance"].items()
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


@pytest.mark.parametrize("first_undone", ["first", "second"])
def test_chained_merges_are_undone_in_either_order(
    three: tuple[GoldenRecord, ...], steward: Actor, first_undone: str
) -> None:
    """A ← B, then C ← A. Undoing one leaves the other standing; undoing both restores all."""
    katherine, marcus, esteban = three
    start = state()
    first = merge(katherine, marcus, steward)
    second = merge(esteban, katherine, steward)
    undo(first if first_undone == "first" else second, steward)
    if first_undone == "first":
        assert owner("HIS", "2") == marcus
        assert {owner("HIS", "1"), owner("LAB", "1"), owner("LAB", "3")} == {esteban}
        katherine.refresh_from_db()
        assert (katherine.status, katherine.merged_into) == ("merged", esteban)
    else:
        assert {owner("HIS", "1"), owner("HIS", "2")} == {katherine}
        assert owner("LAB", "3") == esteban
    undo(second if first_undone == "first" else first, steward)
    assert state() == start


def test_undoing_again_after_a_repeated_merge_restores_the_start(
    three: tuple[GoldenRecord, ...], steward: Actor
) -> None:
    katherine, marcus, esteban = three
    start = state()
    undo(merge(katherine, marcus, steward), steward)
    first = merge(katherine, marcus, steward)
    undo(merge(esteban, katherine, steward), steward)
    undo(first, steward)
    assert state() == start


@pytest.fixture
def two_halves() -> tuple[GoldenRecord, GoldenRecord]:
    """Katherine by her number, and Katherine after her marriage: two golden records until somebody merges them."""
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("LAB", "2", KATHERINE_MARRIED)
    return owner("HIS", "1"), owner("LAB", "2")


def test_a_record_that_arrived_since_follows_the_record_that_earned_its_link(
    two_halves: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    numbered, married = two_halves
    act = merge(numbered, married, steward)
    tell("CLINIC", "9", KATHERINE_MARRIED)
    tell("PORTAL", "9", KATHERINE_BY_NUMBER)
    assert {owner("CLINIC", "9"), owner("PORTAL", "9")} == {numbered}
    undo(act, steward)
    assert {owner("LAB", "2"), owner("CLINIC", "9")} == {married}
    assert {owner("HIS", "1"), owner("PORTAL", "9")} == {numbered}
    assert {owner("LAB", "2").member_count, owner("HIS", "1").member_count} == {2}


def test_a_record_that_arrived_follows_through_a_chain_of_support_and_a_later_merge(
    two_halves: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    numbered, married = two_halves
    tell("LAB", "3", ESTEBAN)
    esteban = owner("LAB", "3")
    act = merge(numbered, married, steward)
    tell("CLINIC", "9", KATHERINE_MARRIED, middle_name="Louise", phone="937-555-0177")
    tell("PORTAL", "9", KATHERINE_MARRIED, middle_name="Louise", phone="937-555-0177")
    assert link_of("PORTAL", "9").supporting_record_id == record_of("CLINIC", "9").pk
    merge(esteban, numbered, steward)
    undo(act, steward)
    assert {owner("LAB", "2"), owner("CLINIC", "9"), owner("PORTAL", "9")} == {married}
    assert {owner("HIS", "1"), owner("LAB", "3")} == {esteban}


def test_what_a_person_has_decided_since_stands(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, marcus, esteban = three
    act = merge(katherine, marcus, steward)
    link_record(
        record_id=record_of("HIS", "2").pk,
        euid=esteban.euid,
        version=None,
        reason_code="documents-seen",
        reason="",
        actor=steward,
    )
    undo(act, steward)
    assert owner("HIS", "2") == esteban
    marcus.refresh_from_db()
    assert marcus.status == "retired"


def test_a_record_deleted_since_does_not_come_back(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, marcus, _ = three
    act = merge(katherine, marcus, steward)
    take_back("HIS", "2")
    undo(act, steward)
    marcus.refresh_from_db()
    assert (marcus.status, marcus.merged_into) == ("retired", None)
    assert not Link.objects.filter(source_record=record_of("HIS", "2"), ended_at__isnull=True).exists()


def test_an_undone_unlink_after_a_merge_goes_to_the_survivor(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    katherine, _, esteban = three
    act = unlink_record(record_id=record_of("LAB", "1").pk, reason_code="namesake", reason="", actor=steward)
    merge(esteban, katherine, steward)
    undo(act, steward)
    assert owner("LAB", "1") == esteban
    assert not Link.objects.filter(golden_record__status="merged", ended_at__isnull=True).exists()


def test_the_engines_join_is_undone_and_unmerged_like_a_merge(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("LAB", "2", KATHERINE_MARRIED)
    before = {name: golden_state()[owner(*name).euid]["values"] for name in (("HIS", "1"), ("LAB", "2"))}
    newer = owner("LAB", "2")
    tell("CLINIC", "3", KATHERINE_BRIDGE)
    supported = link_of("CLINIC", "3").supporting_record_id
    unmerge_golden_records(
        event_uuid=IdentityEvent.objects.get(kind="join").uuid, reason_code="wrong-merge", reason="", actor=steward
    )
    assert owner("LAB", "2") == newer
    assert owner("HIS", "1") != newer
    home = ("HIS", "1") if supported == record_of("HIS", "1").pk else ("LAB", "2")
    assert owner("CLINIC", "3") == owner(*home)
    other = ("LAB", "2") if home == ("HIS", "1") else ("HIS", "1")
    assert golden_state()[owner(*other).euid]["values"] == before[other]
    tell("CLINIC", "3", KATHERINE_BRIDGE, street="1 Elm Row")
    assert owner("LAB", "2") != owner("HIS", "1")
    assert questions_rest_on_their_golden_records()


def test_a_question_follows_a_merge_and_comes_back_with_its_undo(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    tell("HIS", "5", ESTEBAN)
    asked, before = question(), question_state()
    act = merge(owner("HIS", "5"), owner("HIS", "1"), steward)
    asked.refresh_from_db()
    assert {asked.golden_a_id, asked.golden_b_id} == {owner("HIS", "5").pk, owner("LAB", "2").pk}
    assert questions_rest_on_their_golden_records()
    undo(act, steward)
    assert question_state() == before
    assert questions_rest_on_their_golden_records()


def test_a_question_follows_its_record_through_chained_merges_and_their_undoing(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    tell("HIS", "5", ESTEBAN)
    tell("HIS", "6", MARCUS)
    before = question_state()
    first = merge(owner("HIS", "5"), owner("HIS", "1"), steward)
    second = merge(owner("HIS", "6"), owner("HIS", "5"), steward)
    undo(first, steward)
    assert question_state() == before
    undo(second, steward)
    assert question_state() == before
    assert PotentialMatch.objects.count() == 1


def test_being_vouched_for_survives_a_merge_and_its_undo(three: tuple[GoldenRecord, ...], steward: Actor) -> None:
    _, marcus, esteban = three
    verify_golden_record(euid=marcus.euid, version=marcus.version, reason="", actor=steward)
    before = state()
    act = merge(esteban, marcus, steward)
    esteban.refresh_from_db()
    assert (esteban.verified, esteban.status) == (True, "confirmed")
    undo(act, steward)
    assert state() == before
    assert link_state()["HIS", "2"]["origin"] == "first"
