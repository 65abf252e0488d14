"""The bound of the bulk path never loses a pair that the engine would have looked at."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from matching.blocking import blocking_keys
from matching.model_document import load_default
from matching.score import score
from mpi.services.bulk_pairs import (
    adding_records,
    feature_table,
    features,
    hot_keys,
    key_table,
    pairs_database,
    promising_pairs,
)
from tests.matching.people import odd_record, town, vary

MODEL = load_default()


def _promised(records):
    numbers: dict[str, int] = {}
    with pairs_database(memory_limit="500MB", threads=1) as database:
        told = [(place, key) for place, record in enumerate(records) for key in blocking_keys(record)]
        hashes = [numbers.setdefault(f"{key.rule}|{key.value}", len(numbers)) for _, key in told]
        keys = key_table([place for place, _ in told], hashes, [key.strong for _, key in told])
        rows = feature_table(range(len(records)), [features(record, MODEL) for record in records])
        with adding_records(database) as add:
            add(rows, keys)
        return set(promising_pairs(database, MODEL))


def _missed(records):
    keys = [frozenset(blocking_keys(record)) for record in records]
    promised = _promised(records)
    return [
        (one, other)
        for one, other in combinations(range(len(records)), 2)
        if keys[one] & keys[other]
        and (one, other) not in promised
        and score(records[one], records[other], MODEL).bits >= MODEL.review_bits
    ]


def test_no_generated_pair_over_the_threshold_is_lost() -> None:
    records, _ = town(1_200, seed=5)
    assert _missed(list(records.values())) == []


@pytest.mark.parametrize("seed", range(25))
def test_no_odd_pair_over_the_threshold_is_lost(seed: int) -> None:
    rng = random.Random(seed)
    assert _missed([odd_record(rng, number) for number in range(80)]) == []


def test_most_pairs_that_share_a_key_by_chance_are_thinned_out() -> None:
    records, _ = town(1_200, seed=6)
    told = list(records.values())
    promised = _promised(told)
    real = sum(score(told[one], told[other], MODEL).bits >= MODEL.review_bits for one, other in promised)
    assert real > 0.6 * len(promised)


def test_a_key_that_too_many_share_finds_the_first_of_them_and_those_of_the_same_batch() -> None:
    crowd = [vary(mrn=str(number), ssn="", phones=(), emails=(), addresses=()) for number in range(150)]
    batches = [number // 10 for number in range(150)]
    with pairs_database(memory_limit="500MB", threads=1) as database:
        rows = feature_table(range(150), [features(record, MODEL) for record in crowd])
        with adding_records(database) as add:
            add(rows, key_table(range(150), [1] * 150, [False] * 150, batches))
        found = set(promising_pairs(database, MODEL))
        told = {number: (found, full) for number, value, found, full in hot_keys(database) if value == 1}
    pairs = {(one, other) for one in range(150) for other in range(one + 1, 150)}
    assert found == {(one, other) for one, other in pairs if one < 100 or batches[one] == batches[other]}
    assert told == {number: (False, batches[number] * 10 > 100) for number in range(100, 150)}


def test_chunks_are_all_loaded_at_the_end_of_the_block() -> None:
    records = list(town(300, seed=7)[0].values())
    with pairs_database(memory_limit="500MB", threads=1) as database:
        with adding_records(database) as add:
            for first in range(0, 300, 5):
                part = range(first, first + 5)
                rows = feature_table(part, [features(records[number], MODEL) for number in part])
                add(rows, key_table(part, [number // 2 for number in part], [True] * 5))
        counted = "select (select count(*) from person_feature), (select count(distinct hash) from blocking_key)"
        assert database.execute(counted).fetchall() == [(300, 150)]
