"""One model, two engines: Splink on DuckDB gives the bits of the online scorer, on every level."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

from matching.levels import COMPARISONS
from matching.model import LinkageModel, TermFrequencies
from matching.model_document import load_default
from matching.score import score
from matching.splink_bridge import block_records, bulk_connection, load_pairs, load_records, predict
from tests.matching.people import odd_record, town

LIKE_TO_THE_LAST_DIGIT = 1e-6
MISSING_FROM_SMALL_WORLDS = {"house": {0}}


def small_world_model() -> LinkageModel:
    """The shipped weights with frequencies of the odd records' names, so that adjustments differ by name."""
    given = TermFrequencies(
        {"HANNA": 0.001, "HANNAH": 0.003, "JOHN": 0.02, "NATALIE": 0.004, "NAT": 1e-4}, 8e-4, 0.0045
    )
    family = TermFrequencies({"SMITH": 0.01, "JONES": 0.006}, 2e-4, 0.0012)
    return replace(load_default(), given_frequencies=given, family_frequencies=family)


def test_fifty_thousand_near_misses_get_the_same_bits_in_both_engines() -> None:
    model = small_world_model()
    rng = random.Random(1)
    records = {number: odd_record(rng, number) for number in range(1, 321)}
    pairs = list(combinations(records, 2))
    with bulk_connection() as connection:
        load_records(connection, records, model)
        load_pairs(connection, pairs)
        scored = predict(connection, model)
    assert len(scored) == len(pairs) == 51_040
    seen: list[set[int]] = [set() for _ in COMPARISONS]
    for pair in scored:
        ours = score(records[pair.left_id], records[pair.right_id], model)
        assert abs(ours.bits - pair.bits) < LIKE_TO_THE_LAST_DIGIT, (pair, ours)
        for number, level in enumerate(ours.levels):
            seen[number].add(int(level))
    for number, shape in enumerate(COMPARISONS):
        assert seen[number] == set(range(len(shape.levels))), f"{shape.name}: a level was never met"


def test_generated_patients_get_the_same_bits_in_both_engines() -> None:
    model = load_default()
    records, _ = town(1_500, 31)
    with bulk_connection() as connection:
        load_records(connection, records, model)
        found = block_records(connection, records)
        scored = predict(connection, model)
        strong = predict(connection, model, least_bits=model.review_bits)
    assert len(scored) == found > 2_000
    for pair in scored:
        assert (
            abs(score(records[pair.left_id], records[pair.right_id], model).bits - pair.bits) < LIKE_TO_THE_LAST_DIGIT
        )
    assert strong == [pair for pair in scored if pair.bits >= model.review_bits]
