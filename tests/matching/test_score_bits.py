"""Bits add up as Fellegi and Sunter say, and nothing else decides the number."""

from __future__ import annotations

import math
import random

import pytest

from matching.calibration import log_odds, probability
from matching.levels import COMPARISONS, GIVEN, HOUSE, Contact, Given, Surname, house_level
from matching.model import LinkageModel
from matching.model_document import load_default
from matching.records import StandardRecord
from matching.score import score
from tests.matching.people import MARGARET, elsewhere, odd_record, vary


@pytest.fixture(scope="module")
def model() -> LinkageModel:
    return load_default()


def test_the_total_is_the_prior_and_the_sum_of_log2_m_over_u(model: LinkageModel) -> None:
    pair = score(MARGARET, vary(given="PEGGY", birth_date="1970-03-15"), model)
    by_hand = log_odds(model.prior)
    for part in pair.parts:
        by_hand += math.log2(part.m / part.u) + part.frequency_bits
    assert pair.bits == pytest.approx(by_hand, abs=1e-9)
    assert [part.comparison for part in pair.parts] == [shape.name for shape in COMPARISONS]


def test_nothing_known_on_one_side_leaves_the_prior(model: LinkageModel) -> None:
    assert score(MARGARET, StandardRecord(), model).bits == pytest.approx(log_odds(model.prior))


def test_each_missing_value_weighs_nothing(model: LinkageModel) -> None:
    pair = score(MARGARET, elsewhere(sex="", middle=""), model)
    missing = [part for part in pair.parts if part.level == "missing"]
    assert {part.comparison for part in missing} == {"middle", "sex", "ssn", "identifier"}
    assert all(part.total_bits == 0 for part in missing)


def test_the_probability_is_the_logistic_of_the_bits_and_never_overflows() -> None:
    assert probability(0) == 0.5
    assert probability(3) == pytest.approx(8 / 9)
    assert probability(-3) == pytest.approx(1 / 9)
    assert probability(1e6) == 1.0
    assert 0 <= probability(-1e6) < 1e-200
    assert probability(log_odds(0.95)) == pytest.approx(0.95)


def test_scoring_is_symmetric(model: LinkageModel) -> None:
    rng = random.Random(3)
    records = [odd_record(rng, number) for number in range(60)]
    for left in records:
        for right in records:
            assert score(left, right, model).bits == pytest.approx(score(right, left, model).bits, abs=1e-9)


def test_a_rare_given_name_weighs_more_than_a_common_one(model: LinkageModel) -> None:
    common = max(model.given_frequencies.values, key=lambda name: model.given_frequencies.values[name])
    rare = score(vary(given="ZEBULUN"), vary(given="ZEBULUN"), model)
    often = score(vary(given=common), vary(given=common), model)
    expected = math.log2(model.given_frequencies.values[common] / model.given_frequencies.default)
    assert rare.bits - often.bits == pytest.approx(expected)
    assert often.given_frequency_bits < 0 < rare.given_frequency_bits


def test_a_rare_family_name_earns_nothing_once_contact_agrees(model: LinkageModel) -> None:
    at_home = score(vary(family="ZYWICKI"), vary(family="ZYWICKI"), model)
    alone = score(vary(family="ZYWICKI"), elsewhere(family="ZYWICKI"), model)
    assert at_home.family_frequency_bits == 0
    assert alone.family_frequency_bits == pytest.approx(model.family_frequencies.bits("ZYWICKI"))


def test_better_levels_never_weigh_less_in_the_shipped_model(model: LinkageModel) -> None:
    for name in ("birth_date", "ssn", "identifier", "sex", "middle"):
        number = [shape.name for shape in COMPARISONS].index(name)
        levels = model.comparisons[number].levels[1:]
        assert levels[0].bits == max(level.bits for level in levels), name
        assert levels[-1].bits == min(level.bits for level in levels), name
    assert model.level(GIVEN, Given.EXACT).bits > model.level(GIVEN, Given.NEAR).bits > 0
    house = {contact: model.level(HOUSE, house_level(Surname.EXACT, contact)).bits for contact in Contact}
    assert house[Contact.TWO] > house[Contact.ZIP] > house[Contact.DIFFERS]


def test_family_name_address_and_phone_are_not_counted_thrice(model: LinkageModel) -> None:
    """Father and son share all three and little else: far from a link."""
    son = vary(given="ROBERT", middle="LEE", birth_date="1999-11-02", sex="M", ssn="536229876")
    assert score(MARGARET, son, model).probability < 0.01
