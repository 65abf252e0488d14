"""A record that was deleted and comes back brings its separations with it: they answer what was asked meanwhile."""

from __future__ import annotations

from mpi.commands import Actor
from mpi.models import PotentialMatch
from mpi.queries.invariants import check_index
from mpi.services.resolve import resolve_potential_match
from tests.services.telling import MARGARET, MARJORIE, owner, question, take_back, tell


def test_a_question_that_opened_while_the_separated_record_was_away_is_closed_when_it_returns(steward: Actor) -> None:
    tell("LAB", "1", MARGARET)
    tell("PORTAL", "1", MARJORIE)
    asked = question()
    resolve_potential_match(
        uuid=asked.uuid, outcome="different", version=asked.version, reason_code="namesake", reason="", actor=steward
    )
    tell("HIS", "1", MARGARET, phone="603-555-0199")
    assert owner("HIS", "1") == owner("LAB", "1")
    take_back("LAB", "1")
    tell("PORTAL", "1", MARJORIE, street="18 Orchard Lane")
    again = question()
    assert {again.golden_a_id, again.golden_b_id} == {owner("HIS", "1").pk, owner("PORTAL", "1").pk}
    tell("LAB", "1", MARGARET)
    assert owner("LAB", "1") == owner("HIS", "1") != owner("PORTAL", "1")
    again = PotentialMatch.objects.get(pk=again.pk)
    assert (again.status, again.closed_reason) == ("closed", "separated")
    assert check_index(only=["open-questions", "closed-questions", "audited-decisions"]).is_clean


def test_a_question_about_somebody_else_stays_open_when_a_separated_record_returns(steward: Actor) -> None:
    tell("LAB", "1", MARGARET)
    tell("PORTAL", "1", MARJORIE)
    asked = question()
    resolve_potential_match(
        uuid=asked.uuid, outcome="different", version=asked.version, reason_code="namesake", reason="", actor=steward
    )
    tell("HIS", "1", MARGARET, phone="603-555-0199")
    take_back("LAB", "1")
    tell("CLINIC", "1", MARJORIE, phone="603-555-0177")
    open_before = set(PotentialMatch.objects.filter(status="open").values_list("pk", flat=True))
    tell("LAB", "1", MARGARET)
    kept_apart = {owner("HIS", "1").pk, owner("PORTAL", "1").pk}
    stays = {
        match.pk
        for match in PotentialMatch.objects.filter(pk__in=open_before)
        if {match.golden_a_id, match.golden_b_id} != kept_apart
    }
    assert stays <= set(PotentialMatch.objects.filter(status="open").values_list("pk", flat=True))
    assert check_index(only=["open-questions", "closed-questions", "audited-decisions"]).is_clean
