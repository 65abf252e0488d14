"""The stated probability is a monotone line over the total, fitted to labelled pairs, and carried by the model."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from matching.calibration import IDENTITY, LEAST_IN_STEP, Calibration, fit, fit_steps, log_odds, probability
from matching.model import InvalidModel
from matching.model_document import from_document, load_default, to_document, with_hash
from matching.score import score
from tests.matching.people import MARGARET, vary


def test_a_line_is_found_again_in_pairs_drawn_from_it() -> None:
    rng = random.Random(7)
    true = Calibration(offset=1.0, slope=0.7)
    totals = [rng.uniform(-12, 12) for _ in range(20_000)]
    found = fit([(total, rng.random() < true.probability(total)) for total in totals], "drawn")
    assert found.offset == pytest.approx(1.0, abs=0.15)
    assert found.slope == pytest.approx(0.7, abs=0.05)
    assert (found.fitted_on, found.pairs) == ("drawn", 20_000)


def test_pairs_without_a_doubt_do_not_pull_the_line() -> None:
    rng = random.Random(7)
    doubtful = [(total, rng.random() < probability(total)) for total in (rng.uniform(-12, 12) for _ in range(5_000))]
    certain = [(-40.0, False)] * 5_000 + [(40.0, True)] * 5_000
    assert fit([*doubtful, *certain], "") == fit(doubtful, "")


def test_too_few_pairs_or_totals_that_tell_nothing_fit_no_line() -> None:
    with pytest.raises(ValueError, match="at least 200"):
        fit([(0.0, True)] * 199, "")
    with pytest.raises(ValueError, match="No line"):
        fit([(float(total), total < 0) for total in range(-5, 6) for _ in range(50)], "")


def test_the_total_at_a_stated_probability_is_its_inverse() -> None:
    line = Calibration(offset=0.9, slope=0.8)
    assert line.probability(line.total(0.95)) == pytest.approx(0.95)
    assert IDENTITY.total(0.75) == pytest.approx(log_odds(0.75))


def test_a_calibration_changes_what_is_stated_and_where_thresholds_fall_but_no_bits() -> None:
    plain = replace(load_default(), calibration=IDENTITY)
    stated = replace(plain, calibration=Calibration(offset=1.0, slope=0.5))
    pair = (MARGARET, vary(given="PEGGY", ssn="", phones=(), emails=()))
    assert score(*pair, plain).bits == score(*pair, stated).bits
    assert score(*pair, stated).probability == pytest.approx(probability(1.0 + 0.5 * score(*pair, plain).bits))
    assert stated.review_bits == pytest.approx((log_odds(0.75) - 1.0) / 0.5)
    assert stated.automatic_bits > stated.review_bits


def test_a_document_carries_its_calibration_and_one_without_keeps_its_hash() -> None:
    model = load_default()
    assert from_document(to_document(model)).calibration == model.calibration != IDENTITY
    plain = with_hash(replace(model, calibration=IDENTITY))
    assert "calibration" not in to_document(plain)
    assert from_document(to_document(plain)).content_hash == plain.content_hash != model.content_hash


@pytest.mark.parametrize("slope", [0.0, -1.0])
def test_a_calibration_that_does_not_rise_is_refused(slope: float) -> None:
    document = {**to_document(load_default()), "calibration": {"offset": 0.0, "slope": slope}}
    document.pop("content_hash")
    with pytest.raises(InvalidModel, match="must rise") as refused:
        from_document(document)
    assert refused.value.place == "calibration/slope"


def drawn_steps() -> list[tuple[float, bool]]:
    """Below 2 bits one share of one person for all totals of a range, as where pairs of several sorts meet."""
    rng = random.Random(11)
    totals = [rng.uniform(-11, 2) for _ in range(20_000)]
    return [(total, rng.random() < (0.02 if total < -6 else 0.1 if total < -2 else 0.35)) for total in totals]


def test_steps_state_what_is_observed_below_a_total_and_leave_the_line_above_it() -> None:
    line = Calibration(offset=0.4, slope=0.7)
    found = fit_steps(line, drawn_steps(), 2.0, "drawn")
    assert [found.probability(total) for total in (-9, -4, 0)] == pytest.approx([0.02, 0.1, 0.35], abs=0.03)
    assert found.probability(2.5) == line.probability(2.5)
    assert found.total(line.probability(2.0)) == pytest.approx(2.0)
    assert found.total(0.95) == line.total(0.95)
    totals = [step / 10 for step in range(-200, 100)]
    stated = [found.probability(total) for total in totals]
    assert stated == sorted(stated)
    assert all(found.probability(found.total(p)) == pytest.approx(p) for p in (1e-6, 0.05, 0.2, 0.5, 0.9))


def test_no_step_stands_on_few_pairs_or_above_the_line() -> None:
    with pytest.raises(ValueError, match=f"at least {LEAST_IN_STEP}"):
        fit_steps(IDENTITY, [(0.0, True)] * (LEAST_IN_STEP - 1), 2.0, "")
    with pytest.raises(ValueError, match="above the line"):
        fit_steps(IDENTITY, [(total / LEAST_IN_STEP, True) for total in range(LEAST_IN_STEP)], 1.0, "")


def test_the_thresholds_of_the_shipped_model_stand_on_its_line() -> None:
    model = load_default()
    line = replace(model.calibration, corners=())
    assert model.calibration.corners
    assert model.review_bits == line.total(model.thresholds.review)
    assert model.automatic_bits == line.total(model.thresholds.automatic)


@pytest.mark.parametrize("corners", [[[0, 1], [-1, 1]], [[-2, 1], [-1, 0]], [[0.0, 5.0]]])
def test_corners_that_fall_are_refused(corners: list[list[float]]) -> None:
    document = {**to_document(load_default()), "calibration": {"offset": 0.0, "slope": 1.0, "corners": corners}}
    document.pop("content_hash")
    with pytest.raises(InvalidModel, match="must rise") as refused:
        from_document(document)
    assert refused.value.place == "calibration/corners"
    document["calibration"] = {"offset": 0.0, "slope": 1.0, "corners": [[1.0, 2.0, 3.0]]}
    with pytest.raises(InvalidModel, match="corner"):
        from_document(document)
