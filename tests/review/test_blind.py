"""Blind double review: two readers who do not know of one another, and a third where they disagree."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from mpi.commands import Actor
from mpi.errors import AlreadyDecided, CannotUndo, Forbidden
from mpi.models import GoldenRecord, PotentialMatch, Proposal
from review.basis import basis_of
from review.models import BlindAnswer, Outcome, ReviewDecision
from review.queries.blind import blind_state
from review.queries.queue import QueueFilter, most_urgent
from review.queries.state import done_line
from review.services.answers import Answer
from review.services.blind import in_sample
from review.services.decide import decide
from review.services.defer import defer
from review.services.propose import propose_answer
from review.services.undo import undo
from tests.review.conftest import Tell, Token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _all_in_the_sample(settings) -> None:
    settings.BLIND_REVIEW_SHARE = 1.0


def read(task: PotentialMatch, token: Token, actor: Actor, outcome: Outcome = Outcome.DIFFERENT) -> Answer:
    said = {"reason_code": "twins", "comment": "Two birth certificates"}
    return decide(task=task.uuid, outcome=outcome, token=token(task), actor=actor, **said)


def digest(task: PotentialMatch) -> str:
    fresh = PotentialMatch.objects.select_related("golden_a", "golden_b", "model_version").get(pk=task.pk)
    return basis_of(fresh).digest()


def status(task: PotentialMatch) -> str:
    return PotentialMatch.objects.get(pk=task.pk).status


def urgent(actor: Actor) -> bool:
    return bool(most_urgent(QueueFilter(), user_id=actor.id, now=timezone.now()))


def test_what_two_say_alike_is_carried_out_by_the_second(twins, token, steward, second_steward) -> None:
    before = list(GoldenRecord.objects.order_by("pk").values_list("euid", "version", "status"))
    first = read(twins, token, steward)
    assert status(twins) == "open"
    assert list(GoldenRecord.objects.order_by("pk").values_list("euid", "version", "status")) == before
    assert not ReviewDecision.objects.exists()
    line = done_line(str(first.decision), user_id=steward.id)
    assert line is not None
    assert "another steward reads" in line.kept
    assert done_line(str(first.decision), user_id=second_steward.id) is None
    assert not urgent(steward)
    assert urgent(second_steward)

    read(twins, token, second_steward)
    assert status(twins) == "different"
    assert ReviewDecision.objects.get().user_id == second_steward.id
    assert list(BlindAnswer.objects.order_by("round").values_list("round", "user_id", "outcome")) == [
        (1, "stefan", "different"),
        (2, "sonja", "different"),
    ]


def test_a_disagreement_goes_to_a_third_who_sees_both(twins, token, steward, second_steward, supervisor) -> None:
    read(twins, token, steward)
    assert blind_state(twins.pk, digest(twins), user_id=second_steward.id).concealed == {"stefan"}
    read(twins, token, second_steward, Outcome.SAME)
    assert status(twins) == "open"
    for reader in (steward, second_steward):
        assert not urgent(reader)
        with pytest.raises(AlreadyDecided):
            read(twins, token, reader, Outcome.SAME)
    seen = blind_state(twins.pk, digest(twins), user_id=supervisor.id)
    assert [line.words for line in seen.disagreed] == ["different people", "same person"]
    assert not blind_state(twins.pk, digest(twins), user_id=steward.id).disagreed

    done = read(twins, token, supervisor, Outcome.SAME)
    assert status(twins) == "same"
    assert BlindAnswer.objects.get(round=3).user_id == supervisor.id
    undo(answer=done.decision, actor=steward)
    assert status(twins) == "open"
    assert urgent(steward)  # the task is another one by its versions: it is read anew


def test_a_reading_is_taken_back_until_somebody_reads_after_it(twins, token, steward, second_steward) -> None:
    first = read(twins, token, steward)
    with pytest.raises(Forbidden):
        undo(answer=first.decision, actor=second_steward)
    undo(answer=first.decision, actor=steward)
    with pytest.raises(CannotUndo):
        undo(answer=first.decision, actor=steward)
    again = read(twins, token, steward, Outcome.SAME)
    read(twins, token, second_steward)
    with pytest.raises(CannotUndo):
        undo(answer=again.decision, actor=steward)


def test_a_reading_of_other_evidence_does_not_count(twins, token, tell: Tell, steward, second_steward) -> None:
    read(twins, token, steward)
    tell("LAB", "L-20817744", given="Marjorie", street="18 Orchard Ln", phone="6035550199")
    read(twins, token, second_steward)
    assert status(twins) == "open"
    assert list(BlindAnswer.objects.values_list("round", flat=True)) == [1, 1]


def test_a_reading_that_was_overtaken_is_told_to_its_reader_alone_and_taken_back(
    twins, token, tell: Tell, steward, stefan: Client, sonja: Client
) -> None:
    first = read(twins, token, steward)
    tell("LAB", "L-20817744", given="Marjorie", street="18 Orchard Ln", phone="6035550199")
    address = f"/review/{twins.uuid}/"
    assert "no longer counts" in stefan.get(address).content.decode()
    assert "no longer counts" not in sonja.get(address).content.decode()
    undo(answer=first.decision, actor=steward)
    assert "no longer counts" not in stefan.get(address).content.decode()


def test_the_sample_is_a_share_that_nobody_chooses(settings) -> None:
    settings.BLIND_REVIEW_SHARE = 0.25
    drawn = [PotentialMatch(uuid=uuid4()) for _ in range(2_000)]
    assert 400 < sum(map(in_sample, drawn)) < 600
    assert [in_sample(match) for match in drawn] == [in_sample(match) for match in drawn]
    settings.BLIND_REVIEW_SHARE = 0.0
    assert not any(map(in_sample, drawn))


def test_the_page_of_the_second_reader_gives_nothing_of_the_first_away(
    twins, token, steward, second_steward, stefan: Client, sonja: Client
) -> None:
    read(twins, token, steward)
    assert "Two birth certificates" not in sonja.get(f"/review/{twins.uuid}/").content.decode()


def test_a_reader_tells_the_next_one_nothing_by_a_proposal_or_an_earlier_answer(
    twins, token, steward, sonja: Client, second_steward
) -> None:
    said = {"token": token(twins), "reason_code": "", "comment": "Surely twins, look at the hospital"}
    defer(task=twins.uuid, outcome=Outcome.CANNOT_TELL, days=1, actor=steward, **said)
    read(twins, token, steward)
    with pytest.raises(AlreadyDecided):
        propose_answer(
            task=twins.uuid, outcome=Outcome.DIFFERENT, token=token(twins), reason_code="twins", comment="",
            actor=steward,
        )  # fmt: skip
    assert not Proposal.objects.exists()
    shown = sonja.get(f"/review/{twins.uuid}/").content.decode()
    assert "cannot tell" in shown
    assert "look at the hospital" not in shown
    read(twins, token, second_steward)
    assert "look at the hospital" in sonja.get(f"/review/{twins.uuid}/").content.decode()
