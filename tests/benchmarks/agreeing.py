"""One result by every way: five orders of arrival, bulk, and two engines for the bits of a pair."""

from __future__ import annotations

import random
from collections.abc import Mapping

from matching.evaluate import evaluate
from matching.model import LinkageModel
from matching.records import StandardRecord
from matching.score import score
from matching.splink_bridge import bulk_connection, load_pairs, load_records, predict
from tests.benchmarks.arriving import Advance, arrive
from tests.benchmarks.bars import Bar
from tests.benchmarks.bulk import in_bulk
from tests.benchmarks.calibrating import blocked_pairs

ORDERS = 5
SAME_BITS = 1e-6


def order_bars(records: Mapping[int, StandardRecord], model: LinkageModel, advance: Advance) -> list[Bar]:
    """Pairwise agreement (F1) of five orders with the first, and of each with the bulk path; the worst of each."""
    results = []
    for seed in range(ORDERS):
        order = list(records)
        random.Random(seed).shuffle(order)
        results.append(arrive(records, model, order=order).persons)
        advance(len(records))
    among = min(evaluate(one, other).f1 for place, one in enumerate(results) for other in results[place + 1 :])
    bulk = in_bulk(records, model).persons
    advance(len(records))
    with_bulk = min(evaluate(bulk, one).f1 for one in results)
    subject = f"{ORDERS} orders of {len(records):,} records"
    return [
        Bar(subject, "worst agreement of two orders", among, ">=", 0.9995),
        Bar(subject, "worst agreement with bulk", with_bulk, ">=", 0.999),
    ]


def parity_bar(records: Mapping[int, StandardRecord], model: LinkageModel, pairs: int, seed: int) -> Bar:
    """Pairs of one model in both engines whose bits differ: blocked pairs first, the rest at random."""
    chosen = blocked_pairs(records)
    rng = random.Random(seed)
    rng.shuffle(chosen)
    wanted = set(chosen[: pairs // 2])
    numbers = sorted(records)
    while len(wanted) < pairs:
        left, right = sorted(rng.sample(numbers, 2))
        wanted.add((left, right))
    with bulk_connection() as connection:
        load_records(connection, records, model)
        load_pairs(connection, sorted(wanted))
        scored = predict(connection, model)
    different = sum(
        abs(score(records[pair.left_id], records[pair.right_id], model).bits - pair.bits) > SAME_BITS for pair in scored
    )
    missing = len(wanted) - len(scored)
    return Bar(f"{len(wanted):,} pairs, online and Splink", "pairs over 1e-6 bits apart", different + missing, "<=", 0)
