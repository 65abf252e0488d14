"""Figures against hand-counted examples."""

from __future__ import annotations

import pytest

from matching.evaluate import Share, after_review, calibration, evaluate, threshold_table

TRUTH = {1: "ann", 2: "ann", 3: "ann", 4: "bob", 5: "bob", 6: "cat"}
FOUND = {1: "x", 2: "x", 3: "y", 4: "x", 5: "z", 6: "w"}


def test_pairs_are_counted_by_hand() -> None:
    found = evaluate(FOUND, TRUTH)
    assert (found.precision.hits, found.precision.of) == (1, 3), "1-2 right; 1-4 and 2-4 wrong"
    assert (found.recall.hits, found.recall.of) == (1, 4), "1-2, 1-3, 2-3 and 4-5 are true"
    assert found.f1 == pytest.approx(2 * (1 / 3) * (1 / 4) / (1 / 3 + 1 / 4))


def test_false_merges_are_people_too_many_in_a_person() -> None:
    found = evaluate(FOUND, TRUTH)
    assert found.false_merges == 1
    assert found.false_merges_per_million == pytest.approx(1e6 / 6)
    assert evaluate({1: 0, 4: 0, 6: 0}, TRUTH).false_merges == 2


def test_an_exact_person_is_one_true_person_and_whole() -> None:
    found = evaluate(FOUND, TRUTH)
    assert (found.exact_persons.hits, found.exact_persons.of) == (1, 4), "only cat"


def test_records_without_truth_are_left_out() -> None:
    assert evaluate({**FOUND, 7: "x"}, TRUTH) == evaluate(FOUND, TRUTH)


def test_the_share_in_review_counts_each_record_once() -> None:
    found = evaluate(FOUND, TRUTH, review=[(1, 3), (2, 3)])
    assert (found.in_review.hits, found.in_review.of) == (3, 6)


def test_a_perfect_review_joins_only_what_is_true() -> None:
    joined = after_review(FOUND, TRUTH, [(4, 5), (3, 6), (1, 3)])
    assert joined[4] == joined[5]
    assert joined[1] == joined[3]
    assert joined[6] not in (joined[1], joined[3])
    assert evaluate(joined, TRUTH).recall.value == 1.0


def test_wilson_intervals_hold_near_one_and_of_nothing() -> None:
    low, high = Share(99, 100).interval
    assert low == pytest.approx(0.9455, abs=1e-3)
    assert high == pytest.approx(0.9982, abs=1e-3)
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(10, 10).interval[0] == pytest.approx(0.7225, abs=1e-3)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_those_of_a_published_table(hits: int, of: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3: Wilson without continuity correction."""
    share = Share(hits, of)
    assert share.interval == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert Share(of - hits, of).interval == (pytest.approx(1 - high, abs=5e-5), pytest.approx(1 - low, abs=5e-5))


def test_an_interval_ends_where_the_share_does_at_nothing_and_at_all() -> None:
    assert Share(0, 9_006).interval[0] == 0.0
    assert Share(9_006, 9_006).interval[1] == 1.0, "no rounding that reads as “> 99.999 %”"


def test_calibration_bands_compare_stated_with_observed() -> None:
    bands = calibration([(0.05, False), (0.95, True), (1.0, True), (0.91, False)])
    assert [(band.low, band.observed.hits, band.observed.of) for band in bands] == [(0.0, 0, 1), (0.9, 2, 3)]
    assert bands[1].stated == pytest.approx((0.95 + 1.0 + 0.91) / 3)


def test_the_threshold_table_counts_what_blocking_missed() -> None:
    rows = threshold_table([(0.99, True), (0.9, False), (0.8, True)], 4, [0.95, 0.75])
    assert (rows[0].precision.value, rows[0].recall.value) == (1.0, 0.25)
    assert (rows[1].precision.hits, rows[1].precision.of, rows[1].recall.of) == (2, 3, 4)


def test_a_document_is_plain() -> None:
    document = evaluate(FOUND, TRUTH).to_document()
    assert document["pairwise_precision"] == pytest.approx(1 / 3)
    assert document["false_merges"] == 1


def test_people_found_and_b_cubed_are_counted_by_hand() -> None:
    found = evaluate(FOUND, TRUTH)
    assert (found.people_found.hits, found.people_found.of) == (1, 3), "only cat, of ann, bob and cat"
    # Precision: 1, 2: 2 of 3; 4: 1 of 3; the others 1. Recall: 1, 2: 2 of 3; 3: 1 of 3; 4, 5: half; 6: 1.
    assert found.b_cubed[0] == pytest.approx((2 / 3 + 2 / 3 + 1 + 1 / 3 + 1 + 1) / 6)
    assert found.b_cubed[1] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2 + 1) / 6)
    assert found.persons_f1 == pytest.approx(2 * (1 / 4) * (1 / 3) / (1 / 4 + 1 / 3))
