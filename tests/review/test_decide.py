"""Answers: bound to what was shown, carried out once, kept as labels, undone exactly."""

from __future__ import annotations

from typing import Any

import pytest

from audit.actions import Action
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, CannotUndo, Forbidden, InvalidInput
from mpi.models import GoldenRecord, Link, PotentialMatch, Separation
from mpi.services.undo import undo_event
from review.errors import ClaimedByAnother, EvidenceChanged
from review.models import Claim, Deferral, Outcome, ReviewDecision
from review.services.claim import claim
from review.services.decide import decide
from review.services.defer import defer
from review.services.undo import undo
from tests.review.conftest import Tell, Token, audited

pytestmark = pytest.mark.django_db


def answer(task: PotentialMatch, token: str, actor: Actor, outcome: Outcome = Outcome.SAME, **said: Any) -> Any:
    said = {"reason_code": "patient-confirmed", "comment": ""} | said
    return decide(task=task.uuid, outcome=outcome, token=token, actor=actor, **said)


def membership() -> dict[str, tuple[str, ...]]:
    """EUID → MRNs of its members, for every golden record that has some."""
    found: dict[str, tuple[str, ...]] = {}
    for euid, mrn in (
        Link.objects.filter(ended_at__isnull=True)
        .order_by("source_record__mrn")
        .values_list("golden_record__euid", "source_record__mrn")
    ):
        found[euid] = (*found.get(euid, ()), mrn)
    return found


def state() -> list[tuple[object, ...]]:
    """What an undo must bring back of every golden record: everything but its version and times."""
    return list(
        GoldenRecord.objects.order_by("pk").values_list("euid", "status", "merged_into", "member_count", "values")
    )


def test_same_person_merges_into_the_older_and_keeps_a_label(
    twins: PotentialMatch, token: Token, steward: Actor
) -> None:
    older, newer = sorted((twins.golden_a, twins.golden_b), key=lambda golden: golden.pk)
    done = answer(twins, token(twins), steward, comment="Sister is Marjory, this is Margaret")
    newer.refresh_from_db()
    assert newer.merged_into_id == older.pk
    assert membership() == {older.euid: ("1001", "77", "L-20817744")}
    kept = ReviewDecision.objects.get(uuid=done.decision)
    assert (kept.outcome, kept.user_id, kept.reason_code) == ("same", "stefan", "patient-confirmed")
    assert kept.bits == pytest.approx(twins.bits)
    assert kept.probability == pytest.approx(twins.probability)
    assert len(kept.basis_hash) == 64
    assert kept.seconds >= 0


def test_different_people_are_kept_apart(twins: PotentialMatch, token: Token, steward: Actor) -> None:
    before = membership()
    answer(twins, token(twins), steward, Outcome.DIFFERENT, reason_code="twins")
    assert membership() == before
    assert Separation.objects.filter(lifted_at__isnull=True).count() == 1
    twins.refresh_from_db()
    assert twins.status == "different"


@pytest.mark.parametrize("outcome", [Outcome.SAME, Outcome.DIFFERENT])
def test_a_decision_and_its_undo_are_audited_once_each(
    twins: PotentialMatch, token: Token, steward: Actor, outcome: Outcome
) -> None:
    done = answer(twins, token(twins), steward, outcome)
    assert audited(Action.POTENTIAL_MATCH_RESOLVED, actor_id="stefan") == 1
    undo(answer=done.decision, actor=steward)
    assert audited(Action.IDENTITY_UNDONE, actor_id="stefan") == 1
    assert audited(Action.POTENTIAL_MATCH_RESOLVED, actor_id="stefan") == 1


@pytest.mark.parametrize("outcome", [Outcome.SAME, Outcome.DIFFERENT])
def test_undo_restores_the_exact_state_and_opens_the_task_again(
    twins: PotentialMatch, token: Token, steward: Actor, second_steward: Actor, outcome: Outcome
) -> None:
    before, members = state(), membership()
    done = answer(twins, token(twins), steward, outcome)
    undo(answer=done.decision, actor=second_steward)
    assert membership() == members
    assert state() == before
    assert not Separation.objects.filter(lifted_at__isnull=True).exists()
    twins.refresh_from_db()
    assert twins.status == "open"
    kept = ReviewDecision.objects.get(uuid=done.decision)
    assert kept.overturned_at is not None
    assert kept.overturned_by == second_steward.name


def test_an_undone_task_can_be_answered_again(twins: PotentialMatch, token: Token, steward: Actor) -> None:
    undo(answer=answer(twins, token(twins), steward).decision, actor=steward)
    answer(twins, token(twins), steward, Outcome.DIFFERENT, reason_code="twins")
    rows = ReviewDecision.objects.order_by("pk")
    assert [(row.outcome, row.overturned_at is None) for row in rows] == [("same", False), ("different", True)]


def test_an_answer_undone_through_another_door_does_not_stand(
    twins: PotentialMatch, token: Token, steward: Actor
) -> None:
    done = answer(twins, token(twins), steward)
    event = ReviewDecision.objects.get(uuid=done.decision).event_uuid
    assert event is not None
    undo_event(event_uuid=event, reason="by the history page", actor=steward)
    again = answer(twins, token(twins), steward)
    assert ReviewDecision.objects.get(uuid=done.decision).overturned_at is not None
    assert ReviewDecision.objects.get(uuid=again.decision).overturned_at is None


def test_an_answer_is_undone_once(twins: PotentialMatch, token: Token, steward: Actor) -> None:
    done = answer(twins, token(twins), steward)
    undo(answer=done.decision, actor=steward)
    with pytest.raises(CannotUndo):
        undo(answer=done.decision, actor=steward)
    assert audited(Action.IDENTITY_UNDONE) == 1


def test_a_second_answer_is_refused_and_changes_nothing(
    twins: PotentialMatch, token: Token, steward: Actor, second_steward: Actor
) -> None:
    seen = token(twins)
    answer(twins, seen, steward)
    with pytest.raises(AlreadyDecided):
        answer(twins, seen, second_steward, Outcome.DIFFERENT)
    assert ReviewDecision.objects.count() == 1
    assert not Separation.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        {"family": "Holloway-Reed"},
        {"phone": "6035550199"},
    ],
)
def test_data_changed_since_display_is_refused(
    twins: PotentialMatch, token: Token, steward: Actor, tell: Tell, said: dict[str, str]
) -> None:
    seen = token(twins)
    tell("GH", "1001", **({"middle": "Ann", "ssn": "412-55-8801"} | said))
    before = membership()
    with pytest.raises(EvidenceChanged) as refusal:
        answer(twins, seen, steward)
    assert refusal.value.http_status == 409
    assert len(refusal.value.changed.updated) == 1
    assert membership() == before
    assert not ReviewDecision.objects.exists()


def test_a_record_that_joined_since_display_is_refused(
    twins: PotentialMatch, token: Token, steward: Actor, tell: Tell
) -> None:
    seen = token(twins)
    joined = tell("LAB", "L-2", middle="Ann", ssn="412-55-8801")
    with pytest.raises(EvidenceChanged) as refusal:
        answer(twins, seen, steward)
    assert refusal.value.changed.joined == (joined.pk,)


def test_nobody_answers_what_another_holds(
    twins: PotentialMatch, token: Token, steward: Actor, second_steward: Actor
) -> None:
    claim(task=twins.uuid, actor=second_steward)
    with pytest.raises(ClaimedByAnother, match=second_steward.name):
        answer(twins, token(twins), steward)
    with pytest.raises(ClaimedByAnother):
        defer(
            task=twins.uuid,
            outcome=Outcome.LATER,
            token=token(twins),
            reason_code="",
            comment="",
            days=1,
            actor=steward,
        )
    answer(twins, token(twins), second_steward)
    assert not Claim.objects.filter(ended_at__isnull=True).exists()


def test_a_clerk_and_a_reasonless_answer_are_refused(
    twins: PotentialMatch, token: Token, steward: Actor, clerk: Actor
) -> None:
    with pytest.raises(Forbidden):
        answer(twins, token(twins), clerk)
    assert audited(Action.ACCESS_REFUSED) == 1
    with pytest.raises(InvalidInput):
        answer(twins, token(twins), steward, reason_code="")
    with pytest.raises(InvalidInput):
        answer(twins, token(twins), steward, reason_code="other", comment=" ")
    assert not ReviewDecision.objects.exists()


@pytest.mark.parametrize(
    ("outcome", "aside"), [(Outcome.CANNOT_TELL, False), (Outcome.FIX_AT_SOURCE, True), (Outcome.LATER, True)]
)
def test_answers_that_keep_the_question_open(
    twins: PotentialMatch, token: Token, steward: Actor, outcome: Outcome, aside: bool
) -> None:
    before = membership()
    done = defer(
        task=twins.uuid, outcome=outcome, token=token(twins), reason_code="", comment="", days=3, actor=steward
    )
    twins.refresh_from_db()
    assert twins.status == "open"
    assert membership() == before
    assert ReviewDecision.objects.get(uuid=done.decision).outcome == outcome
    assert Deferral.objects.filter(ended_at__isnull=True).exists() is aside
    assert audited(Action.POTENTIAL_MATCH_ANSWERED, actor_id="stefan") == 1
    undo(answer=done.decision, actor=steward)
    assert not Deferral.objects.filter(ended_at__isnull=True).exists()
    assert audited(Action.IDENTITY_UNDONE, actor_id="stefan") == 1


def test_a_deferral_is_not_undone_once_the_task_was_answered(
    twins: PotentialMatch, token: Token, steward: Actor
) -> None:
    later = defer(
        task=twins.uuid, outcome=Outcome.LATER, token=token(twins), reason_code="", comment="", days=1, actor=steward
    )
    answer(twins, token(twins), steward)
    with pytest.raises(AlreadyDecided):
        undo(answer=later.decision, actor=steward)
