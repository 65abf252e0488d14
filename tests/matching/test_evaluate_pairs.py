"""Figures over pairs: by hand, and against a plain count over all pairs of a small world."""

from __future__ import annotations

import ast
import random
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import policy, rules
from matching.evaluate import Share
from matching.evaluate_pairs import GRADES, Calibration, KeyTally, PairFigures, true_pair_count
from matching.model_document import load_default
from matching.policy import judge
from matching.score import score

from .people import odd_record

MODEL = load_default()


def test_brier_and_calibration_error_by_hand() -> None:
    found = Calibration()
    for probability, same in ((0.9, True), (0.95, False), (0.2, False), (1.0, True)):
        found.add(probability, same)
    assert found.brier == pytest.approx((0.1**2 + 0.95**2 + 0.2**2 + 0) / 4)
    # Deciles: [.2, .3) states .2, observed 0 of 1; [.9, 1] states .95, observed 2 of 3.
    assert found.error == pytest.approx((0.2 * 1 + abs(0.95 - 2 / 3) * 3) / 4)
    document = found.to_document()
    assert [decile["low"] for decile in document["deciles"]] == [0.2, 0.9]
    assert document["deciles"][1]["observed"]["interval"] == list(Share(2, 3).interval)


def test_of_no_pair_nothing_is_stated() -> None:
    document = Calibration().to_document()
    assert (document["brier"], document["expected_calibration_error"], document["deciles"]) == (None, None, [])
    assert PairFigures().to_document((), None)["bands"]["certain"]["one_person"]["value"] is None


def test_a_rule_that_found_alone_is_told_from_one_among_several() -> None:
    keys = KeyTally()
    for mask in (0b001, 0b011, 0b110, 0b010, 0):
        keys.add(mask)
    assert (keys.found, keys.by_rule, keys.only) == (4, {0: 2, 1: 3, 2: 1}, {0: 1, 1: 1})


def test_true_pairs_are_those_within_each_person() -> None:
    assert true_pair_count([3, 2, 1, 1]) == 3 + 1


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_figures_agree_with_a_plain_count_over_all_pairs(seed: int) -> None:
    rng = random.Random(seed)
    records = [odd_record(rng, number) for number in range(14)]
    people = [rng.randrange(6) for _ in records]
    figures, plain = PairFigures(), []
    for one, other in combinations(range(len(records)), 2):
        scored = score(records[one], records[other], MODEL)
        verdict = judge(records[one], records[other], scored, MODEL)
        same = None if rng.random() < 0.2 else people[one] == people[other]
        plain.append((scored, verdict, same))
        figures.add(scored, verdict, same, mask=1)
    for grade in GRADES:
        of_grade = [same for _, verdict, same in plain if verdict.grade == grade]
        tally = figures.bands[grade]
        assert (tally.pairs, tally.judged, tally.same) == (
            len(of_grade),
            sum(same is not None for same in of_grade),
            of_grade.count(True),
        )
    judged = [(scored.probability, same) for scored, _, same in plain if same is not None]
    assert figures.calibration.brier == pytest.approx(sum((p - same) ** 2 for p, same in judged) / len(judged))
    assert sum(sum(counts) for counts in figures.weights.values()) == len(plain)
    for code, rule in figures.rules.items():
        held = [
            same
            for scored, verdict, same in plain
            if scored.bits > MODEL.automatic_bits and code in {reason.code for reason in verdict.reasons}
        ]
        assert (rule.held.pairs, rule.held.same) == (len(held), held.count(True))


def test_every_rule_of_the_policy_is_told_in_the_table_of_rules() -> None:
    """The model card prints `rules.RULES`; a code that is missing there would be a rule nobody is told of."""
    used: set[str] = set()
    for name in ("policy.py", "evidence_rule.py"):
        tree = ast.parse((Path(policy.__file__).parent / name).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason":
                assert isinstance(node.args[0], ast.Constant)
                used.add(node.args[0].value)
    assert used == set(rules.BY_CODE)
