"""Evaluation against what stewards decided: what counts, once, and what does not."""

from __future__ import annotations

import pytest

from mpi.models import (
    Link,
    PotentialMatch,
    Separation,
    SourceRecord,
)
from mpi.services.evaluation_truth import Truth
from mpi.services.resolve import resolve_potential_match
from mpi.services.separate import lift_separation
from mpi.services.unlink import unlink_record
from tests.services.acting import merge, undo, unmerge
from tests.services.evaluating import evaluated, told_index
from tests.services.telling import (
    owner,
    record_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def index() -> Truth:
    return told_index()


def twins() -> list[SourceRecord]:
    return [record_of("HIS", "6"), record_of("LAB", "7")]


def answer(outcome: str, actor):
    match = PotentialMatch.objects.get(status="open", record_a__in=twins(), record_b__in=twins())
    return resolve_potential_match(
        uuid=match.uuid, outcome=outcome, version=match.version, reason_code="twins", reason="", actor=actor
    )


def test_without_a_decision_nothing_is_judged(index, auditor) -> None:
    run = evaluated(auditor)
    assert run.figures["persons"] is None
    assert run.figures["pairs"]["blocking"] is None
    assert run.figures["decisions"]["labels"] == 0
    assert run.decisions_until is None
    assert all(band["judged"] == 0 for band in run.figures["pairs"]["bands"].values())


def test_an_answer_is_one_label_and_an_undone_one_is_none(index, auditor, steward) -> None:
    act = answer("different", steward)
    told = evaluated(auditor).figures["decisions"]
    assert (told["same"], told["different"], told["through"]) == (0, 1, {"question": 1})
    undo(act, steward)
    assert evaluated(auditor).figures["decisions"]["labels"] == 0


def test_an_answer_whose_separation_was_lifted_is_no_label(index, auditor, steward) -> None:
    answer("different", steward)
    separation = Separation.objects.get()
    lift_separation(separation_uuid=separation.uuid, reason="New papers", actor=steward)
    assert evaluated(auditor).figures["decisions"]["labels"] == 0


def test_a_merge_by_hand_is_a_label_and_its_unmerge_the_opposite(index, auditor, steward) -> None:
    act = merge(owner("HIS", "4"), owner("LAB", "8"), steward)
    told = evaluated(auditor).figures["decisions"]
    assert (told["same"], told["different"], told["through"]) == (1, 0, {"merge": 1})
    unmerge(act, steward)
    told = evaluated(auditor).figures["decisions"]
    assert (told["same"], told["different"]) == (0, 1)


def test_an_automatic_link_that_a_steward_took_apart_was_wrong(index, auditor, steward) -> None:
    link = Link.objects.get(source_record=record_of("PORTAL", "5"), ended_at__isnull=True)
    assert link.origin == "engine"
    before = evaluated(auditor).figures
    assert before["decisions"]["links"]["wrong"] == 0
    unlink_record(record_id=link.source_record_id, reason_code="namesake", reason="", actor=steward)
    after = evaluated(auditor).figures
    assert after["decisions"]["links"] == {"pairs": before["decisions"]["links"]["pairs"], "judged": 1, "wrong": 1}
    assert after["pairs"]["bands"]["certain"]["one_person"] | {"interval": None} == {
        "hits": 0,
        "of": 1,
        "value": 0.0,
        "interval": None,
    }


def test_no_value_of_a_patient_stands_in_the_figures(index, auditor, steward) -> None:
    answer("same", steward)
    told = str(evaluated(auditor, index).figures) + str(evaluated(auditor).figures)
    for value in ("Katherine", "KATHERINE", "8145", "Dayton", "1971", "K-1", "HIS", "LAB"):
        assert value not in told
