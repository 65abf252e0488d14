"""The bulk path in memory: Splink on DuckDB finds and scores the pairs, constrained clusters make the persons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from matching.cluster import cluster
from matching.model import LinkageModel
from matching.records import StandardRecord
from matching.splink_bridge import block_records, bulk_connection, load_records, predict
from mpi.services.components import components
from tests.benchmarks.arriving import Arrival


def in_bulk(records: Mapping[int, StandardRecord], model: LinkageModel) -> Arrival:
    """All records at once; the result has the shape of an arrival one by one."""
    with bulk_connection() as connection:
        load_records(connection, records, model)
        block_records(connection, records)
        pairs = predict(connection, model, least_bits=model.review_bits)
    return clustered(records, [(pair.left_id, pair.right_id) for pair in pairs], model)


def clustered(records: Mapping[int, StandardRecord], pairs: list[tuple[int, int]], model: LinkageModel) -> Arrival:
    """Clusters of the connected components, as the bulk import makes them."""
    groups = components(max(records, default=-1) + 1, pairs)
    first_of = {number: first for first, numbers in groups.items() for number in numbers}
    of_component: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pair in pairs:
        of_component[first_of[pair[0]]].append(pair)
    result = Arrival(persons={number: number for number in records})
    for first, numbers in groups.items():
        found = cluster({number: records[number] for number in numbers}, of_component[first], model)
        result.persons.update(found.persons)
        for question in found.review:
            ends = (question.pair.left.record_id, question.pair.right.record_id)
            result.open[frozenset(found.persons[end] for end in ends)] = question.pair
    return result
