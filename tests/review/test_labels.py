"""An answer that was undone through another door than the desk is no label any more."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from mpi.commands import Actor
from mpi.models import PotentialMatch
from mpi.services.undo import undo_event
from mpi.services.unmerge import unmerge_golden_records
from review.models import Outcome, ReviewDecision
from review.queries.labels import answers
from review.queries.state import done_line
from review.services.decide import decide
from tests.review.conftest import Token, plain
from tests.review.test_pages import page

pytestmark = pytest.mark.django_db


def decided(task: PotentialMatch, token: Token, actor: Actor, outcome: Outcome = Outcome.SAME) -> ReviewDecision:
    reason = "patient-confirmed" if outcome == Outcome.SAME else "twins"
    done = decide(task=task.uuid, outcome=outcome, token=token(task), reason_code=reason, comment="", actor=actor)
    return ReviewDecision.objects.get(uuid=done.decision)


def test_an_answer_stands_until_its_event_is_undone_elsewhere(
    twins: PotentialMatch, token: Token, steward: Actor, second_steward: Actor, stefan: Client
) -> None:
    given = decided(twins, token, steward)
    assert answers().get().undone_at is None
    assert given.event_uuid is not None
    undo_event(event_uuid=given.event_uuid, reason="A slip", actor=second_steward)
    found = answers().get()
    assert found.overturned_at is None, "the desk's own row knows nothing of it"
    assert found.undone_at is not None
    assert found.undone_by == second_steward.name
    line = done_line(str(given.uuid), user_id=steward.id)
    assert line is not None
    assert line.undone
    assert "same person Undone" in plain(page(stefan, twins))


def test_an_unmerge_overturns_the_answer_that_merged(twins: PotentialMatch, token: Token, steward: Actor) -> None:
    given = decided(twins, token, steward)
    assert given.event_uuid is not None
    unmerge_golden_records(event_uuid=given.event_uuid, reason_code="wrong-merge", reason="", actor=steward)
    assert answers().get().undone_at is not None


def test_the_queue_forgets_nothing_when_undone_elsewhere(
    twins: PotentialMatch, token: Token, steward: Actor, stefan: Client
) -> None:
    given = decided(twins, token, steward, Outcome.DIFFERENT)
    assert given.event_uuid is not None
    undo_event(event_uuid=given.event_uuid, reason="A slip", actor=steward)
    assert str(twins.uuid) in stefan.get(reverse("review-queue")).content.decode()
