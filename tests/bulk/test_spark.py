"""The same model on Spark gives the same pairs and the same bits. A real Spark session on this machine."""

from __future__ import annotations

import os

import pytest

from matching.model_document import load_default
from matching.splink_bridge import bulk_connection, load_pairs, load_records, predict
from matching.splink_spark import predict_on_spark, spark_condition, spark_session
from tests.bulk.spark import spark_or_skip
from tests.matching.people import town

MODEL = load_default()
_RECORDS = int(os.environ.get("MPI_SPARK_RECORDS", "400"))
"""2000 takes minutes: MPI_SPARK_RECORDS=2000 pytest tests/bulk/test_spark.py"""


@pytest.mark.slow
def test_spark_and_duckdb_give_the_same_pairs_and_bits() -> None:
    spark_or_skip()
    records = dict(enumerate(town(_RECORDS, seed=5)[0].values()))
    with spark_session() as session:
        spark = predict_on_spark(session, records, MODEL, most_a_key=100, most_a_strong_key=2_000)
    with bulk_connection() as database:
        load_records(database, records, MODEL)
        load_pairs(database, [(pair.left_id, pair.right_id) for pair in spark])
        duckdb = predict(database, MODEL)
    assert len(spark) > _RECORDS
    assert [(pair.left_id, pair.right_id) for pair in spark] == [(pair.left_id, pair.right_id) for pair in duckdb]
    assert [pair.bits for pair in spark] == pytest.approx([pair.bits for pair in duckdb], abs=1e-6)


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("len(phones_l) > 0", "SIZE(phones_l) > 0"),
        ("length(given_l) = 1", "LENGTH(given_l) = 1"),
        ("list_has_any(zips_l, zips_r)", "ARRAYS_OVERLAP(zips_l, zips_r)"),
        ("jaro_winkler_similarity(a_l, a_r) >= 0.88", "JARO_WINKLER(a_l, a_r) >= 0.88"),
        ("list_filter(a_l, lambda x: x = 'b')", "FILTER(a_l, x -> x = 'b')"),
    ],
)
def test_a_condition_is_said_in_the_dialect_of_spark(duckdb: str, spark: str) -> None:
    assert spark_condition(duckdb) == spark
