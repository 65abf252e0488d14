"""The plots' geometry, and their text alternatives."""

from __future__ import annotations

import pytest

from mpi.web import plots

STEPS = [("Before evidence", -13.0), ("Birth date", 14.0), ("Given name", -3.0)]


def test_each_bar_of_a_waterfall_starts_where_the_one_before_ended():
    plot = plots.waterfall(STEPS, total=-2.0)
    prior, born, given, total = plot.bars
    assert born.x == pytest.approx(prior.x, abs=0.2)
    assert given.x + given.width == pytest.approx(born.x + born.width, abs=0.2)
    assert total.x == pytest.approx(given.x, abs=0.2)
    assert [bar.kind for bar in plot.bars] == ["none", "same", "differs", "accent"]


def test_a_waterfall_says_in_words_what_it_shows():
    words = plots.waterfall(STEPS, total=-2.0).words
    assert words == "Before evidence −13.0, Birth date +14.0, Given name −3.0, Total −2.0 bits"


def test_the_scale_tells_apart_what_lies_close_to_certainty():
    positions = [
        plots.probability_scale(share, review_from=0.75, link_over=0.95).marker_x for share in (0.5, 0.8, 0.951, 0.996)
    ]
    assert positions == sorted(positions)
    assert positions[3] - positions[2] > 20


@pytest.mark.parametrize("probability", [0.0, 1.0, 1e-300, 1 - 1e-16])
def test_the_scale_holds_extreme_probabilities_inside(probability):
    scale = plots.probability_scale(probability, review_from=0.75, link_over=0.95)
    assert 0 <= scale.marker_x <= scale.width


def test_a_weight_beyond_the_box_is_cut_at_its_edge():
    assert plots.bits_bar(40.0).length == plots.bits_bar(16.0).length
    assert plots.bits_bar(-3.0).kind == "differs"
