"""Two people where policy asks for two: what is refused, proposed, approved, rejected, withdrawn and found stale."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings as configured
from django.db import IntegrityError, transaction

from audit.actions import Action
from audit.models import AuditEvent
from mpi.access import Permission
from mpi.commands import Actor, system_actor
from mpi.errors import AlreadyDecided, AwaitsSecondPerson, Forbidden, SecondPersonNeeded, Separated, StaleVersion
from mpi.management.stress.inbox import drain
from mpi.models import GoldenRecord, GoldenStatus, IdentityEvent, IdentityTask, Proposal, ProposalState
from mpi.queries.vip import vip_ids
from mpi.services.act import ActResult
from mpi.services.link import link_record
from mpi.services.overlay import decide_overlay
from mpi.services.proposal_acts import (
    ProposedAnswer,
    ProposedLink,
    ProposedMerge,
    ProposedSplit,
    ProposedUndo,
    ProposedUnlink,
    ProposedUnmerge,
    Why,
)
from mpi.services.proposal_decide import approve_proposal, reject_proposal, withdraw_proposal
from mpi.services.proposal_propose import propose
from mpi.services.resolve import resolve_potential_match
from mpi.services.separate import separate
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.vip import lift_vip, mark_vip
from tests.services.acting import merge, undo
from tests.services.telling import ESTEBAN, MARCUS, MARGARET, MARJORIE, owner, question, tell, versions

pytestmark = pytest.mark.django_db
SEEN = Why("documents-seen", "Passport")


@pytest.fixture(autouse=True)
def _policy_of_the_product(settings) -> None:
    settings.SECOND_PERSON = settings.SECOND_PERSON_OF_THE_PRODUCT


@pytest.fixture
def strangers() -> tuple[GoldenRecord, GoldenRecord]:
    """Two people with different SSNs."""
    tell("HIS", "1", MARCUS)
    tell("LAB", "2", ESTEBAN)
    return owner("HIS", "1"), owner("LAB", "2")


@pytest.fixture
def namesakes() -> tuple[GoldenRecord, GoldenRecord]:
    """Two golden records whose numbers do not contradict each other."""
    tell("HIS", "1", MARCUS)
    tell("LAB", "2", {"given_name": "Oskar", "family_name": "Lindqvist", "birth_date": "1999-01-02"})
    return owner("HIS", "1"), owner("LAB", "2")


def _merge(one: GoldenRecord, other: GoldenRecord) -> ProposedMerge:
    return ProposedMerge(one.euid, other.euid, versions(one, other))


def _fresh(golden: GoldenRecord) -> GoldenRecord:
    return GoldenRecord.objects.get(pk=golden.pk)


def test_the_product_asks_two_people_for_everything_that_the_policy_knows() -> None:
    assert set(configured.SECOND_PERSON_OF_THE_PRODUCT) == {
        "vip", "large-person", "conflicting-identifiers", "overlay-split", "old-merge",
    }  # fmt: skip


def test_conflicting_numbers_are_merged_by_two_people_only(strangers, steward, second_steward) -> None:
    with pytest.raises(SecondPersonNeeded) as refused:
        merge(*strangers, steward)
    assert refused.value.extra["asked_by"] == ["conflicting-identifiers"]
    assert not IdentityEvent.objects.filter(kind="merge").exists()
    proposal = propose(act=_merge(*strangers), why=SEEN, actor=steward)
    assert proposal.versions == versions(*strangers)
    assert proposal.asked_by == ["conflicting-identifiers"]
    assert _fresh(strangers[1]).status != GoldenStatus.MERGED
    assert not IdentityEvent.objects.filter(kind="merge")

    done = approve_proposal(uuid=proposal.uuid, reason="Seen too", actor=second_steward)

    event = IdentityEvent.objects.get(uuid=done.event_uuid)
    assert (event.kind, event.actor_id, event.reason) == ("merge", second_steward.id, "Passport")
    assert _fresh(strangers[1]).merged_into_id == strangers[0].pk
    kept = Proposal.objects.get()
    assert (kept.state, kept.proposer_id, kept.decided_by_id, kept.event_id) == (
        "approved", steward.id, second_steward.id, event.pk,
    )  # fmt: skip
    for action, actor in ((Action.PROPOSAL_MADE, steward), (Action.PROPOSAL_APPROVED, second_steward)):
        told = AuditEvent.objects.get(action=action)
        assert (told.actor_id, told.detail["proposer"]) == (actor.id, steward.id)
    undo(ActResult(event.uuid, "merge", (), True, ""), steward)
    assert _fresh(strangers[1]).status != GoldenStatus.MERGED


def test_clients_are_asked_like_people_and_the_engine_is_not(strangers, second_steward) -> None:
    client = Actor(kind="client", id="his", name="HIS", permissions=frozenset({"merge"}), source="rest")
    with pytest.raises(SecondPersonNeeded):
        merge(*strangers, client)
    proposal = propose(act=_merge(*strangers), why=SEEN, actor=client)
    with pytest.raises(Forbidden):  # an ordinary client may merge, not approve
        approve_proposal(uuid=proposal.uuid, reason="", actor=client)
    approver = replace(client, permissions=frozenset({"merge", Permission.APPROVE}))
    with pytest.raises(Forbidden):  # and never what it proposed itself
        approve_proposal(uuid=proposal.uuid, reason="", actor=approver)
    merge(*strangers, system_actor("engine"))


def test_who_proposes_never_approves_or_rejects_and_the_database_knows_it(strangers, steward, second_steward) -> None:
    proposal = propose(act=_merge(*strangers), why=SEEN, actor=steward)
    for decide in (approve_proposal, reject_proposal):
        with pytest.raises(Forbidden):
            decide(uuid=proposal.uuid, reason="I am sure", actor=steward)
    assert AuditEvent.objects.filter(outcome="refused", subject_id=str(proposal.uuid)).count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.update(
            state="approved", decided_by_id=steward.id, decided_at=proposal.proposed_at,
            event=IdentityEvent.objects.first(),
        )  # fmt: skip
    with pytest.raises(Forbidden):
        withdraw_proposal(uuid=proposal.uuid, reason="", actor=second_steward)
    assert withdraw_proposal(uuid=proposal.uuid, reason="", actor=steward).state == ProposalState.WITHDRAWN


def test_a_proposal_is_decided_once(strangers, steward, second_steward) -> None:
    proposal = propose(act=_merge(*strangers), why=SEEN, actor=steward)
    assert propose(act=_merge(*strangers), why=SEEN, actor=steward).pk == proposal.pk
    with pytest.raises(AwaitsSecondPerson):
        propose(act=_merge(*strangers), why=SEEN, actor=second_steward)
    reject_proposal(uuid=proposal.uuid, reason="A namesake", actor=second_steward)
    for decide in (approve_proposal, reject_proposal):
        with pytest.raises(AlreadyDecided):
            decide(uuid=proposal.uuid, reason="Yes", actor=second_steward)
    assert not IdentityEvent.objects.filter(kind="merge").exists()


def test_what_has_changed_since_is_not_approved(strangers, steward, second_steward) -> None:
    proposal = propose(act=_merge(*strangers), why=SEEN, actor=steward)
    tell("HIS", "1", MARCUS, phone="419-555-0100")
    with pytest.raises(StaleVersion):
        approve_proposal(uuid=proposal.uuid, reason="", actor=second_steward)
    assert Proposal.objects.get().state == ProposalState.STALE
    assert AuditEvent.objects.filter(action=Action.PROPOSAL_STALE).count() == 1
    assert _fresh(strangers[1]).status != GoldenStatus.MERGED
    again = propose(act=_merge(*map(_fresh, strangers)), why=SEEN, actor=steward)
    separate(euid_a=strangers[0].euid, euid_b=strangers[1].euid, reason_code="namesake", reason="", actor=steward)
    with pytest.raises((StaleVersion, Separated)):
        approve_proposal(uuid=again.uuid, reason="", actor=second_steward)


def test_what_could_not_be_done_cannot_be_proposed(strangers, steward) -> None:
    separate(euid_a=strangers[0].euid, euid_b=strangers[1].euid, reason_code="namesake", reason="", actor=steward)
    with pytest.raises(Separated):
        propose(act=_merge(*map(_fresh, strangers)), why=SEEN, actor=steward)
    assert not Proposal.objects.exists()


def test_a_vip_stays_one_through_a_merge_and_its_undo(namesakes, steward, second_steward, supervisor) -> None:
    one, other = namesakes
    with pytest.raises(Forbidden):
        mark_vip(euid=other.euid, reason="In the news", actor=steward)
    mark_vip(euid=other.euid, reason="In the news", actor=supervisor)
    with pytest.raises(SecondPersonNeeded):
        merge(one, other, steward)
    proposal = propose(act=_merge(one, other), why=SEEN, actor=steward)
    merged = approve_proposal(uuid=proposal.uuid, reason="", actor=second_steward)
    assert vip_ids([one.pk, other.pk]) == {one.pk, other.pk}
    with pytest.raises(SecondPersonNeeded) as refused:
        undo_event(event_uuid=merged.event_uuid, reason="", actor=steward)
    assert refused.value.extra["asked_by"] == ["vip"]
    back = propose(act=ProposedUndo(str(merged.event_uuid)), why=Why("", "A slip"), actor=second_steward)
    approve_proposal(uuid=back.uuid, reason="", actor=steward)
    assert vip_ids([one.pk, other.pk]) == {other.pk}
    lift_vip(euid=other.euid, reason="Forgotten", actor=supervisor)
    assert not vip_ids([one.pk, other.pk])
    merge(_fresh(one), _fresh(other), steward)


def test_a_person_with_many_records_is_large_before_and_after(namesakes, steward, second_steward, settings) -> None:
    one, other = namesakes
    act = merge(one, other, steward)
    settings.LARGE_PERSON = 1
    for take_back in (unmerge_golden_records, undo_event):
        why = {"reason_code": "wrong-merge"} if take_back is unmerge_golden_records else {}
        with pytest.raises(SecondPersonNeeded) as refused:
            take_back(event_uuid=act.event_uuid, reason="", actor=steward, **why)
        assert refused.value.extra["asked_by"] == ["large-person"]
    back = propose(act=ProposedUnmerge(str(act.event_uuid)), why=Why("wrong-merge", ""), actor=steward)
    approve_proposal(uuid=back.uuid, reason="", actor=second_steward)
    record_id = other.links.get(ended_at__isnull=True).source_record_id
    with pytest.raises((SecondPersonNeeded, Separated)):
        link_record(record_id=record_id, euid=one.euid, version=None, reason_code="slip", reason="", actor=steward)


def test_an_old_merge_is_taken_back_by_two(namesakes, steward, settings) -> None:
    act = merge(*namesakes, steward)
    settings.OLD_MERGE_DAYS = -1  # as if it were tomorrow
    with pytest.raises(SecondPersonNeeded) as refused:
        undo(act, steward)
    assert refused.value.extra["asked_by"] == ["old-merge"]


def test_a_record_of_a_vip_is_moved_by_two(namesakes, steward, second_steward, supervisor) -> None:
    one, other = namesakes
    merge(one, other, steward)
    record_id = one.links.filter(ended_at__isnull=True).order_by("-pk").first().source_record_id
    mark_vip(euid=one.euid, reason="In the news", actor=supervisor)
    with pytest.raises(SecondPersonNeeded):
        unlink_record(record_id=record_id, reason_code="slip", reason="", actor=steward)
    out = propose(act=ProposedUnlink(record_id), why=Why("slip", ""), actor=steward)
    approve_proposal(uuid=out.uuid, reason="", actor=second_steward)
    own = GoldenRecord.objects.get(links__source_record=record_id, links__ended_at__isnull=True)
    assert own.pk not in (one.pk, other.pk)
    tell("CLINIC", "9", MARGARET)
    target = owner("CLINIC", "9")
    moved = propose(act=ProposedLink(record_id, target.euid, target.version), why=Why("slip", ""), actor=steward)
    assert moved.asked_by == ["asked"]  # no policy asks: the steward does


def test_a_split_is_always_for_two(trusted_and_doubted, steward, second_steward) -> None:
    task = trusted_and_doubted
    act = ProposedSplit(str(task.uuid), task.version)
    proposal = propose(act=act, why=Why("", "The number was given out twice"), actor=steward)
    assert proposal.asked_by == ["overlay-split"]
    assert proposal.identity_task_id == task.pk
    for accept in (True, False):
        with pytest.raises(AwaitsSecondPerson) as refused:
            decide_overlay(task_uuid=task.uuid, accept=accept, reason="Asked the source", actor=second_steward)
        assert refused.value.extra["proposal"] == str(proposal.uuid)
    task.refresh_from_db()
    assert task.status == "open"
    approve_proposal(uuid=proposal.uuid, reason="", actor=second_steward)
    task.refresh_from_db()
    assert task.status == "split"


def test_a_proposed_split_that_rests_on_what_has_changed_holds_nobody_back(
    trusted_and_doubted, steward, second_steward
) -> None:
    task = trusted_and_doubted
    propose(act=ProposedSplit(str(task.uuid), task.version), why=Why("", "Given out twice"), actor=steward)
    tell("LAB", "77", {**MARGARET, "phone": "419-555-0177"})
    assert decide_overlay(task_uuid=task.uuid, accept=False, reason="A slip", actor=second_steward)


def test_what_a_killed_stress_worker_has_proposed_is_rejected_before_its_task_is_answered(
    trusted_and_doubted, steward
) -> None:
    task = trusted_and_doubted
    proposal = propose(act=ProposedSplit(str(task.uuid), task.version), why=Why("", "Given out twice"), actor=steward)
    waited, refused = drain()
    assert (waited, refused) == (1, [])
    proposal.refresh_from_db()
    task.refresh_from_db()
    assert (proposal.state, task.status) == ("rejected", "accepted")


@pytest.fixture
def trusted_and_doubted():
    """An update of a known number that speaks of another person."""
    tell("HIS", "1001", MARGARET)
    tell("LAB", "77", MARGARET)
    tell("HIS", "1001", MARCUS)
    return IdentityTask.objects.get(type="overlay", status="open")


def test_a_proposed_answer_holds_the_question_until_somebody_decides(steward, second_steward, supervisor) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    asked = question()
    sides = versions(asked.golden_a, asked.golden_b)
    act = ProposedAnswer(str(asked.uuid), "different", asked.version, sides)
    proposal = propose(act=act, why=Why("twins", ""), actor=steward)
    assert proposal.asked_by == ["asked"]
    assert proposal.potential_match_id == asked.pk
    said = {"uuid": asked.uuid, "version": asked.version, "reason_code": "twins", "reason": ""}
    with pytest.raises(AwaitsSecondPerson) as refused:
        resolve_potential_match(outcome="same", actor=supervisor, **said)
    assert refused.value.extra["proposal"] == str(proposal.uuid)
    approve_proposal(uuid=proposal.uuid, reason="", actor=second_steward)
    asked.refresh_from_db()
    assert asked.status == "different"
