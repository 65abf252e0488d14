"""Which answers of stewards are labels: the newest that stands."""

from __future__ import annotations

import pytest

from mpi.commands import Actor
from mpi.models import Separation
from mpi.queries.labels import standing_labels
from mpi.services.resolve import resolve_potential_match
from mpi.services.separate import lift_separation, separate
from tests.services.acting import undo
from tests.services.telling import MARGARET, MARJORIE, question, tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    """An open question between two golden records."""
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    return question()


def _answer(match, outcome: str, actor: Actor):
    return resolve_potential_match(
        uuid=match.uuid,
        outcome=outcome,
        version=match.version,
        reason_code="documents-seen",
        reason="",
        actor=actor,
    )


def test_an_answer_is_a_label_and_an_undone_one_is_none(asked, steward) -> None:
    assert standing_labels() == ()
    done = _answer(asked, "same", steward)
    (label,) = standing_labels()
    assert (label.low, label.high, label.same) == (
        min(asked.record_a_id, asked.record_b_id),
        max(asked.record_a_id, asked.record_b_id),
        True,
    )
    undo(done, steward)
    assert standing_labels() == ()
    asked.refresh_from_db()
    _answer(asked, "different", steward)
    (label,) = standing_labels()
    assert not label.same, "the newest that stands"


def test_an_answer_whose_separation_was_lifted_is_no_label(asked, steward) -> None:
    match = question()
    resolve_potential_match(
        uuid=match.uuid, outcome="different", version=match.version, reason_code="twins", reason="", actor=steward
    )
    assert [label.same for label in standing_labels()] == [False]
    lift_separation(separation_uuid=Separation.objects.get().uuid, reason="New papers", actor=steward)
    assert standing_labels() == ()


def test_a_separation_answers_the_question_too(asked, steward) -> None:
    separate(euid_a=asked.golden_a.euid, euid_b=asked.golden_b.euid, reason_code="twins", reason="", actor=steward)
    assert [label.same for label in standing_labels()] == [False]
