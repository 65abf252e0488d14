"""Records one by one, in any order, and in bulk: few wrong persons, few missed, and nearly the same ones."""

from __future__ import annotations

import random

import pytest

from matching.evaluate import after_review, evaluate
from matching.model_document import load_default
from matching.records import StandardRecord
from tests.benchmarks.arriving import arrive
from tests.benchmarks.bulk import in_bulk
from tests.benchmarks.sets import febrl
from tests.matching.people import town

MODEL = load_default()
UNSEEN_SEED = 77


@pytest.fixture(scope="module")
def generated() -> tuple[dict[int, StandardRecord], dict[int, str]]:
    return town(3_000, UNSEEN_SEED)


@pytest.mark.slow
def test_a_generated_town_reaches_its_figures_one_by_one(
    generated: tuple[dict[int, StandardRecord], dict[int, str]],
) -> None:
    records, truth = generated
    result = arrive(records, MODEL)
    found = evaluate(result.persons, truth, result.review)
    assert found.precision.value >= 0.999
    assert found.recall.value >= 0.94
    assert found.in_review.value <= 0.06
    assert evaluate(after_review(result.persons, truth, result.review), truth).f1 >= 0.997


@pytest.mark.slow
def test_the_order_of_arrival_hardly_matters(generated: tuple[dict[int, StandardRecord], dict[int, str]]) -> None:
    records, _ = generated
    first = arrive(records, MODEL).persons
    shuffled = list(records)
    random.Random(4).shuffle(shuffled)
    second = arrive(records, MODEL, order=shuffled).persons
    agreement = evaluate(first, second)
    assert agreement.precision.value >= 0.99
    assert agreement.recall.value >= 0.99


@pytest.mark.slow
def test_bulk_and_one_by_one_end_in_nearly_the_same_persons(
    generated: tuple[dict[int, StandardRecord], dict[int, str]],
) -> None:
    records, truth = generated
    bulk = in_bulk(records, MODEL)
    assert evaluate(bulk.persons, truth).precision.value >= 0.999
    agreement = evaluate(bulk.persons, arrive(records, MODEL).persons)
    assert agreement.f1 >= 0.99


@pytest.mark.slow
def test_febrl_1_has_no_false_merge_and_nineteen_of_twenty_pairs() -> None:
    labelled = febrl(1)
    result = arrive(labelled.records(), MODEL)
    found = evaluate(result.persons, labelled.truth, result.review)
    assert found.recall.of == 500
    assert found.false_merges == 0
    assert found.recall.value >= 0.95
    assert found.in_review.value <= 0.05
