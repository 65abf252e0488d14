"""The engines that predict which records may be one person: DuckDB on this machine, or Splink on Spark."""

from __future__ import annotations

from collections.abc import Mapping

from matching.model import LinkageModel
from matching.records import StandardRecord
from matching.splink_spark import SparkMissing, predict_on_spark, require_spark, spark_session
from mpi.errors import InvalidInput, ServiceDown
from mpi.services.neighbourhood import CANDIDATES_A_KEY, CANDIDATES_A_STRONG_KEY

ENGINES = ("duckdb", "spark")


def require_engine(engine: str) -> None:
    """Raises InvalidInput for an unknown engine, ServiceDown with the mend when it cannot run here."""
    if engine not in ENGINES:
        raise InvalidInput(f"There is no engine {engine}; the engines are {' and '.join(ENGINES)}.")
    if engine == "spark":
        try:
            require_spark()
        except SparkMissing as error:
            raise ServiceDown(str(error)) from error


def spark_pairs(
    records: Mapping[int, StandardRecord],
    model: LinkageModel,
    *,
    batches: Mapping[int, int] | None = None,
    cores: int = 2,
) -> list[tuple[int, int]]:
    """Pairs of records that reach the review threshold, by Splink on a Spark session of its own; ids ascending.

    Records of one batch find each other by every key; without `batches` each record is one by itself.
    """
    with spark_session(cores=cores) as session:
        found = predict_on_spark(
            session,
            records,
            model,
            most_a_key=CANDIDATES_A_KEY,
            most_a_strong_key=CANDIDATES_A_STRONG_KEY,
            batches=batches,
            least_bits=model.review_bits,
        )
    return [(pair.left_id, pair.right_id) for pair in found]
