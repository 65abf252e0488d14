"""Bulk clusters: strongest first, under the same predicate as the online path."""

from __future__ import annotations

from itertools import combinations

from matching.cluster import Clusters, cluster
from matching.model_document import load_default
from matching.records import StandardRecord
from tests.matching.people import MARGARET, vary

MODEL = load_default()
STRANGER = vary(given="ROBERT", middle="", family="UNDERHILL", birth_date="1991-01-09", sex="M", ssn="", emails=())


def clusters(*records: StandardRecord, separated: frozenset[tuple[int, int]] = frozenset()) -> Clusters:
    """Cluster under all pairs, and prove that their order changes nothing."""
    by_id = dict(enumerate(records, start=1))
    pairs = list(combinations(by_id, 2))
    found = cluster(by_id, pairs, MODEL, separated=separated)
    assert found == cluster(by_id, [(right, left) for left, right in reversed(pairs)], MODEL, separated=separated)
    return found


def test_records_of_one_person_come_together_and_a_stranger_stays_alone() -> None:
    found = clusters(MARGARET, vary(given="PEGGY"), STRANGER)
    assert found.persons == {1: 1, 2: 1, 3: 3}
    assert len(found.earned) == 1
    assert found.review == ()


def test_a_chain_does_not_join_what_contradicts() -> None:
    """Senior and junior both match the record without a suffix; connected components would make them one."""
    found = clusters(vary(suffix="JR"), MARGARET, vary(suffix="SR", middle=""))
    assert found.persons[1] != found.persons[3]
    refused = [pair for pair in found.review if pair.refusals]
    assert {refusal.reason.code for pair in refused for refusal in pair.refusals} == {"suffix"}


def test_a_separation_keeps_two_records_apart_and_out_of_review() -> None:
    found = clusters(MARGARET, vary(given="PEGGY"), separated=frozenset({(1, 2)}))
    assert found.persons == {1: 1, 2: 2}
    assert found.review == ()


def test_a_newborn_without_a_name_joins_only_when_nobody_else_fits() -> None:
    child = vary(birth_date="2025-02-02", ssn="", middle="", emails=())
    newborn = vary(child, given="", newborn=True)
    assert clusters(child, newborn).persons == {1: 1, 2: 1}
    with_twin = clusters(child, newborn, vary(child, given="DOROTHY"))
    assert len(set(with_twin.persons.values())) == 3
    assert with_twin.review


def test_capped_pairs_are_left_to_review_strongest_first() -> None:
    found = clusters(vary(ssn=""), vary(given="MARGHARITTA", middle="", ssn=""), STRANGER)
    assert [(pair.pair.left.record_id, pair.pair.right.record_id) for pair in found.review] == [(1, 2)]
    assert found.review[0].pair.verdict.grade == "probable"
