"""Link and unlink by hand: the engine never undoes them, and what is taken apart stays apart."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import AlreadyMerged, InvalidInput, NotFound, Separated, StaleVersion
from mpi.models import GoldenRecord, IdentityEvent, Link, OutboxEvent, PotentialMatch, Separation
from mpi.services.act import ActResult
from mpi.services.link import link_record
from mpi.services.merge import merge_golden_records
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
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


def link(key: tuple[str, str], golden: GoldenRecord, actor: Actor, *, version: int | None = None) -> ActResult:
    return link_record(
        record_id=record_of(*key).pk,
        euid=golden.euid,
        version=version,
        reason_code="documents-seen",
        reason="Passport",
        actor=actor,
    )


def unlink(key: tuple[str, str], actor: Actor) -> ActResult:
    return unlink_record(record_id=record_of(*key).pk, reason_code="namesake", reason="Two files", actor=actor)


@pytest.fixture
def family() -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    tell("PORTAL", "1", KATHERINE)
    tell("HIS", "2", MARCUS)


@pytest.mark.usefixtures("family")
def test_unlinking_gives_a_record_a_provisional_golden_record_of_its_own(steward: Actor) -> None:
    katherine, events = owner("LAB", "1"), IdentityEvent.objects.count()
    act = unlink(("LAB", "1"), steward)
    own = owner("LAB", "1")
    assert own.euid == act.euids[0] != katherine.euid
    assert (own.status, own.member_count, owner("HIS", "1").member_count) == ("provisional", 1, 2)
    assert (link_of("LAB", "1").origin, link_of("LAB", "1").by_human) == ("steward", True)
    assert (IdentityEvent.objects.count(), last_event().kind) == (events + 1, "unlink")
    assert Separation.objects.get().pairs.count() == 2


@pytest.mark.usefixtures("family")
def test_pain_21_unlinking_is_audited_kept_in_history_and_told_on_both_sides(steward: Actor) -> None:
    katherine, newest = owner("LAB", "1"), OutboxEvent.objects.order_by("-id")[0].pk
    old = link_of("LAB", "1")
    unlink(("LAB", "1"), steward)
    own = owner("LAB", "1")
    for action in ("link.ended", "link.opened", "separation.created"):
        entry = AuditEvent.objects.get(action=action, actor_id=steward.id)
        assert (entry.reason_code, entry.reason_text) == ("namesake", "Two files")
    old.refresh_from_db()
    assert old.ended_at is not None
    assert [row.history_type for row in old.history.order_by("history_id")] == ["+", "~"]
    told = {(row.type, row.euid) for row in OutboxEvent.objects.filter(pk__gt=newest)}
    assert {("link.ended", katherine.euid), ("link.opened", own.euid), ("golden.created", own.euid)} <= told


@pytest.mark.usefixtures("family")
def test_an_unlinked_record_stays_apart_whatever_comes_later(steward: Actor) -> None:
    unlink(("LAB", "1"), steward)
    own = owner("LAB", "1")
    tell("LAB", "1", KATHERINE, phone="937-555-0100")
    tell("HIS", "1", KATHERINE, phone="937-555-0100")
    result = tell("CLINIC", "5", KATHERINE)
    assert owner("LAB", "1") == own != owner("HIS", "1")
    assert result.decision is not None
    assert result.decision["outcome"] == "review"
    assert owner("CLINIC", "5") not in (own, owner("HIS", "1"))


@pytest.mark.usefixtures("family")
def test_undoing_an_unlink_is_identity_but_for_the_empty_golden_record(steward: Actor) -> None:
    goldens, links, questions = state()
    act = unlink(("LAB", "1"), steward)
    own = owner("LAB", "1")
    undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
    own.refresh_from_db()
    assert own.status == "retired"
    left = {euid: told for euid, told in golden_state().items() if euid != own.euid}
    assert (left, *state()[1:]) == (goldens, links, questions)
    assert Separation.objects.get().lifted_at is not None


def test_the_only_record_of_a_golden_record_is_not_unlinked(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    before = state()
    with pytest.raises(InvalidInput):
        unlink(("HIS", "1"), steward)
    with pytest.raises(NotFound):
        unlink_record(record_id=0, reason_code="namesake", reason="", actor=steward)
    assert state() == before


@pytest.mark.usefixtures("family")
def test_linking_by_hand_moves_the_record_and_keeps_it_from_those_it_left(steward: Actor) -> None:
    katherine, marcus, events = owner("LAB", "1"), owner("HIS", "2"), IdentityEvent.objects.count()
    act = link(("LAB", "1"), marcus, steward, version=marcus.version)
    assert (act.kind, act.undoable, act.euids) == ("link", True, (marcus.euid, katherine.euid))
    assert owner("LAB", "1") == marcus
    assert (link_of("LAB", "1").origin, link_of("LAB", "1").by_human) == ("steward", True)
    assert (IdentityEvent.objects.count(), last_event().kind) == (events + 1, "link")
    tell("LAB", "1", KATHERINE, phone="937-555-0100")
    tell("HIS", "1", KATHERINE, phone="937-555-0100")
    assert (owner("LAB", "1"), owner("HIS", "1")) == (marcus, katherine)


@pytest.mark.usefixtures("family")
def test_undoing_a_link_by_hand_is_identity(steward: Actor) -> None:
    before = state()
    act = link(("LAB", "1"), owner("HIS", "2"), steward)
    undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
    assert state() == before


def test_linking_the_last_record_away_retires_its_golden_record_and_undo_revives_it(steward: Actor) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    before, marcus = state(), owner("HIS", "2")
    act = link(("HIS", "2"), owner("HIS", "1"), steward)
    marcus.refresh_from_db()
    assert (marcus.status, marcus.member_count) == ("retired", 0)
    assert not Separation.objects.exists()
    undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
    assert state() == before


@pytest.mark.usefixtures("family")
def test_linking_refuses_what_is_stale_merged_separated_or_there_already(steward: Actor) -> None:
    katherine, marcus = owner("HIS", "1"), owner("HIS", "2")
    with pytest.raises(StaleVersion):
        link(("LAB", "1"), marcus, steward, version=marcus.version + 1)
    with pytest.raises(InvalidInput):
        link(("LAB", "1"), katherine, steward)
    unlink(("LAB", "1"), steward)
    with pytest.raises(Separated):
        link(("LAB", "1"), katherine, steward)
    merge_golden_records(
        survivor_euid=katherine.euid,
        retired_euid=marcus.euid,
        versions=versions(katherine, marcus),
        reason_code="documents-seen",
        reason="",
        actor=steward,
    )
    with pytest.raises(AlreadyMerged):
        link(("LAB", "1"), marcus, steward)


def test_a_question_follows_the_record_that_is_unlinked_or_linked(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    tell("HIS", "5", ESTEBAN)
    asked = question()
    act = link(("LAB", "2"), owner("HIS", "5"), steward)
    asked.refresh_from_db()
    assert {asked.golden_a_id, asked.golden_b_id} == {owner("HIS", "1").pk, owner("HIS", "5").pk}
    assert questions_rest_on_their_golden_records()
    undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
    assert questions_rest_on_their_golden_records()
    link(("LAB", "2"), owner("HIS", "1"), steward)
    asked.refresh_from_db()
    assert (asked.status, asked.closed_reason) == ("closed", "same-golden-record")
    assert not PotentialMatch.objects.filter(status="open").exists()


def test_a_link_by_hand_is_never_undone_by_the_engine(steward: Actor) -> None:
    """Even when the record comes to look like somebody else altogether."""
    tell("HIS", "1", KATHERINE)
    tell("LAB", "2", {key: KATHERINE[key] for key in ("given_name", "family_name")})
    link(("LAB", "2"), owner("HIS", "1"), steward)
    tell("HIS", "9", MARCUS)
    tell("LAB", "2", MARCUS)
    assert owner("LAB", "2") == owner("HIS", "1")
    assert Link.objects.filter(source_record=record_of("LAB", "2")).count() == 2
