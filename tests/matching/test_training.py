"""Training by Splink on a small town: sound numbers, no hole, and refusals."""

from __future__ import annotations

import pytest

from matching.filler import without_excessive
from matching.levels import COMPARISONS, GIVEN, BirthDate, Given, Ssn
from matching.model import InvalidModel
from matching.model_document import from_document, to_document
from matching.records import StandardRecord
from matching.training import (
    TrainingPlan,
    find_excessive,
    fingerprint,
    frequencies,
    one_record_each,
    prior_probability,
    train,
)
from tests.matching.people import MARGARET, elsewhere, town, vary

PLAN = TrainingPlan(version="test", author="the tests", justification="a test", data="a town", sampled_pairs=3e5)


@pytest.mark.slow
def test_a_trained_model_is_sound_and_says_how_it_was_made() -> None:
    records, _ = town(4_000, 5)
    model = train(records, PLAN)
    assert from_document(to_document(model)) == model
    exact = model.level(COMPARISONS.index(_shape("birth_date")), BirthDate.EXACT)
    assert exact.m > 0.85
    assert exact.u < 1e-3
    assert exact.origin == "splink"
    assert model.level(GIVEN, Given.SWAPPED).bits > 5, "swapped names have a u that means something"
    assert model.level(COMPARISONS.index(_shape("ssn")), Ssn.EXACT).bits > 15
    assert model.training["records"] == 4_000
    assert set(model.training["sessions"]) == {"same SSN", "same birth date and given name"}  # type: ignore[call-overload]
    counted = without_excessive(records, find_excessive(records))
    assert model.training["fingerprint"] == fingerprint(dict(reversed(counted.items())))
    assert model.training["fingerprint"] != fingerprint({**counted, 0: MARGARET})


def _shape(name: str) -> object:
    return next(shape for shape in COMPARISONS if shape.name == name)


def test_too_few_records_are_refused() -> None:
    with pytest.raises(InvalidModel, match="at least"):
        train({1: MARGARET}, PLAN)


def test_records_of_which_no_two_are_one_person_teach_nothing() -> None:
    with pytest.raises(InvalidModel, match="one person"):
        prior_probability(5_000, 5_000)


def test_the_prior_is_the_chance_that_two_records_are_one_person() -> None:
    assert prior_probability(10, 5) == pytest.approx(1 / 9)


def test_frequencies_keep_common_names_and_give_rare_ones_what_they_meet_on_average() -> None:
    table = frequencies(["MARY"] * 6 + ["JOHN"] * 3 + ["ZEB", "", "J"])
    assert table.values == {"MARY": 0.6}
    assert table.default == pytest.approx((3 * 3 + 1) / (4 * 10))
    assert table.average_u == pytest.approx((36 + 9 + 1) / 100)


def test_one_record_is_kept_of_each_probable_person() -> None:
    records = {1: MARGARET, 2: elsewhere(), 3: vary(given="PEGGY"), 4: StandardRecord()}
    assert set(one_record_each(records)) == {1, 4}


def test_filler_values_are_found_by_their_overuse() -> None:
    many = {number: vary(family=f"FAMILY{number}", emails=()) for number in range(30)}
    found = find_excessive(many)
    assert len(found.ssns) == len(found.phones) == 1
    assert not found.emails
    assert find_excessive({1: MARGARET, 2: MARGARET}) == find_excessive({})
