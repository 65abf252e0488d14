"""A bulk load writes every row that an ordinary import writes, and no other, in every table of the database."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from mpi.commands import Actor
from mpi.mapping import FLAT_FIELDS
from mpi.models import IdentityEvent
from mpi.synthetic.files import write_population
from mpi.synthetic.generate import generate
from tests.bulk.loads import load_in_bulk, load_online
from tests.bulk.tables import Snapshot, difference, shown, snapshot
from tests.conftest import empty_tables
from tests.services.test_ask_again import CORA, CORA_BY_NUMBER, CORA_MARRIED

_RECORDS = int(os.environ.get("MPI_SAME_ROWS", "600"))
"""20000 takes some minutes: MPI_SAME_ROWS=20000 pytest tests/bulk/test_same_rows.py -s"""

_ASKED_AGAIN = (("HIS", "1", CORA), ("LAB", "2", CORA_MARRIED), ("CLINIC", "3", CORA_BY_NUMBER))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_ordinary_import_and_a_bulk_load_leave_the_same_rows_in_every_table(tmp_path: Path, system: Actor) -> None:
    path = tmp_path / "records.csv"
    write_population(generate(_RECORDS, 7, 4), out=path, truth=tmp_path / "truth.csv")
    empty_tables()  # what only a fresh database holds is the same then
    load_online(path, system)
    online = snapshot()
    empty_tables()
    load_in_bulk(path, system)
    found = difference(online, snapshot())
    sys.stdout.write(f"{shown(found)}\n{_sizes(online)}\n")
    assert found.moved == found.aside == 0, shown(found)
    assert not found.rows, shown(found)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_bulk_load_into_an_index_that_holds_persons_ends_as_an_ordinary_import_of_all(
    tmp_path: Path, system: Actor
) -> None:
    whole, first, second = (tmp_path / name for name in ("whole.csv", "first.csv", "second.csv"))
    write_population(generate(_RECORDS, 7, 4), out=whole, truth=tmp_path / "truth.csv")
    header, *lines = whole.read_text().splitlines(keepends=True)
    half = len(lines) // 200 * 100  # whole batches
    first.write_text(header + "".join(lines[:half]))
    second.write_text(header + "".join(lines[half:]))
    empty_tables()
    load_online(first, system)
    load_online(second, system)
    online = snapshot()
    empty_tables()
    load_online(first, system)
    _, report = load_in_bulk(second, system)
    found = difference(online, snapshot())
    sys.stdout.write(f"{shown(found)}\n{report.records} at once, {report.late} one by one\n")
    assert report.late > 0.2 * (len(lines) - half)
    assert report.records > 0.2 * (len(lines) - half)
    assert found.moved == found.aside == 0, shown(found)
    assert not found.rows, shown(found)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 2, 100])
@pytest.mark.django_db(transaction=True)
def test_an_open_question_that_a_later_line_makes_certain_leaves_the_same_rows(
    tmp_path: Path, system: Actor, settings: Settings, batch: int
) -> None:
    settings.INGEST_BATCH = batch
    path = tmp_path / "records.csv"
    told = [{"source_system": system, "mrn": mrn, **values} for system, mrn, values in _ASKED_AGAIN]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, FLAT_FIELDS)
        writer.writeheader()
        writer.writerows(told)
    empty_tables()
    load_online(path, system)
    online = snapshot()
    assert IdentityEvent.objects.filter(kind="join", reason_code="asked-again").count() == 1
    empty_tables()
    load_in_bulk(path, system)
    found = difference(online, snapshot())
    assert found.moved == found.aside == 0, shown(found)
    assert not found.rows, shown(found)


def _sizes(told: Snapshot) -> str:
    sizes = {name: rows.total() for name, rows in sorted(told.tables.items()) if rows}
    return f"{len(told.tables)} tables read; rows: {sizes}"
