"""A whole load whose pairs Spark finds ends in the same rows as one whose pairs DuckDB finds. A real Spark session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mpi.commands import Actor
from mpi.models import GoldenRecord, Link
from mpi.synthetic.files import write_population
from mpi.synthetic.generate import generate
from tests.bulk.loads import load_in_bulk
from tests.bulk.spark import spark_or_skip
from tests.bulk.tables import difference, shown, snapshot
from tests.conftest import empty_tables

_RECORDS = int(os.environ.get("MPI_SPARK_RECORDS", "120"))
"""5000 takes some minutes: MPI_SPARK_RECORDS=5000 pytest tests/bulk/test_spark_load.py"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_spark_and_duckdb_leave_the_same_rows(tmp_path: Path, system: Actor) -> None:
    spark_or_skip()
    path = tmp_path / "records.csv"
    write_population(generate(_RECORDS, 7, 4), out=path, truth=tmp_path / "truth.csv")
    empty_tables()
    _, report = load_in_bulk(path, system)
    duckdb = snapshot()
    empty_tables()
    _, other = load_in_bulk(path, system, engine="spark")
    found = difference(duckdb, snapshot())
    assert 0 < GoldenRecord.objects.count() < 0.7 * Link.objects.filter(ended_at=None).count()
    assert (other.records, other.persons) == (report.records, report.persons)
    assert found.moved == found.aside == 0, shown(found)
    assert not found.rows, shown(found)
