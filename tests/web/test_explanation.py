"""The explanation of a pair adds up: prior, levels, frequencies, total, calibration, stated probability, in public."""

from __future__ import annotations

import re
from dataclasses import replace
from math import log2

import pytest

from matching.calibration import Calibration
from matching.evidence import explain
from matching.model import LinkageModel
from matching.model_compare import compare_models
from matching.model_document import load_default, with_hash
from matching.policy import judge
from matching.records import StandardName, StandardRecord
from matching.score import score
from mpi.queries.evidence import Evidence, evidence_of
from mpi.web import plots
from mpi.web.tags.evidence import waterfall

LINE = Calibration(offset=0.9, slope=0.75, fitted_on="two sets", pairs=4_000)


def model(calibration: Calibration) -> LinkageModel:
    return with_hash(replace(load_default(), version="lined", calibration=calibration))


def evidence(states: LinkageModel) -> Evidence:
    a = StandardRecord(name=StandardName(given="HANAN", family="TAHA"), birth_date="1994-02-21", sex="F")
    b = replace(a, birth_date="1994-02-12")
    scored = score(a, b, states)
    return evidence_of(explain(a, b, scored, judge(a, b, scored, states)).to_document(), states)


def test_what_neither_side_tells_is_not_said_to_be_known_on_the_other() -> None:
    words = {row.comparison: row.words for row in evidence(model(LINE)).rows}
    assert words["ssn"] == "not known on either side"


@pytest.mark.parametrize("line", [LINE, Calibration()])
def test_whoever_adds_up_the_lines_comes_to_the_stated_probability(line: Calibration) -> None:
    found = evidence(model(line))
    total = found.prior_bits
    for row in found.rows:
        total += log2(row.m / row.u) + row.frequency_bits
    assert total == pytest.approx(found.total_bits, abs=1e-9)
    odds = 2 ** (line.offset + line.slope * total)
    assert odds / (1 + odds) == pytest.approx(found.probability, abs=1e-12)
    assert found.arithmetic[-1].total == pytest.approx(found.total_bits)


def test_thresholds_stand_in_the_waterfall_where_the_calibration_puts_them() -> None:
    states = model(LINE)
    found = evidence(states)
    assert found.link_bits == pytest.approx(states.automatic_bits)
    assert found.review_bits == pytest.approx((log2(0.75 / 0.25) - 0.9) / 0.75)
    plot = waterfall(found)["plot"]
    assert isinstance(plot, plots.Waterfall)
    assert re.search(r"Total [+−][0-9.]+ bits; review at [+−]?[0-9.]+; link at [+−][0-9.]+$", plot.words)
    bare = waterfall(evidence(model(Calibration())))["plot"]
    assert bare.limits[1].x != plot.limits[1].x


def test_the_calibrated_line_is_told_only_where_there_is_one() -> None:
    found = evidence(model(LINE))
    assert found.calibrated_bits == pytest.approx(0.9 + 0.75 * found.total_bits)
    assert evidence(model(Calibration())).calibrated_bits is None


def test_two_models_that_differ_in_their_calibration_alone_are_not_the_same() -> None:
    found = compare_models(model(Calibration()), model(LINE))
    assert not found.is_none
    assert [change.name for change in found.settings] == ["calibration/offset", "calibration/slope"]
