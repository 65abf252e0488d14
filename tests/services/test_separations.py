"""Separations among records of which some may not be matched now, and the questions that a separation answers."""

from __future__ import annotations

import pytest

from mpi.commands import Actor
from mpi.models import PotentialMatch
from mpi.services.link import link_record
from mpi.services.separations import widened
from tests.services.invariants import faults
from tests.services.telling import KATHERINE, MARGARET, MARJORIE, NAMESAKE, owner, question, record_of, tell


def test_two_quarantined_records_are_kept_apart_with_their_whole_persons() -> None:
    persons = {1: [2, 3], 4: [5]}
    wide = widened(frozenset({(1, 4)}), lambda record_id: persons.get(record_id, [record_id]))
    assert wide == {(1, 4), (2, 5), (3, 5)}


@pytest.mark.django_db
def test_a_question_between_two_closes_when_a_link_by_hand_keeps_them_apart(steward: Actor) -> None:
    tell("HIS", "1", MARGARET)
    tell("PORTAL", "1", KATHERINE)
    tell("LAB", "1", MARJORIE)
    asked = question()
    for record in (record_of("PORTAL", "1"), record_of("PORTAL", "1")):
        # Katherine's record goes to Margaret, then on to Marjorie: Margaret's and Marjorie's are two people by it.
        target = owner("HIS", "1") if owner("PORTAL", "1").pk != owner("HIS", "1").pk else owner("LAB", "1")
        link_record(
            record_id=record.pk, euid=target.euid, version=None, reason_code="documents-seen", reason="", actor=steward
        )
    assert owner("PORTAL", "1").pk == owner("LAB", "1").pk
    asked.refresh_from_db()
    assert (asked.status, asked.closed_reason) == ("closed", "separated")
    assert not PotentialMatch.objects.filter(status="open").exists()


@pytest.mark.django_db
def test_a_question_of_a_record_that_goes_over_is_asked_from_where_it_is_now() -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    tell("PORTAL", "1", NAMESAKE)
    tell("HIS", "1", NAMESAKE)
    assert owner("HIS", "1") == owner("PORTAL", "1") != owner("LAB", "1")
    assert faults() == {}
