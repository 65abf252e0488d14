"""A bulk load follows the active survivorship rules, whatever was shipped."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mpi.commands import Actor
from mpi.models import GoldenRecord
from tests.bulk.loads import load_in_bulk
from tests.services.ruling import activate, draft
from tests.services.telling import KATHERINE, flat


@pytest.mark.django_db(transaction=True)
def test_a_bulk_load_chooses_values_by_the_active_rules_and_names_them(
    tmp_path: Path, system: Actor, supervisor: Actor
) -> None:
    draft(supervisor, "by-rank", phone=["source_rank"])
    activate(supervisor, "by-rank")
    rows = [
        flat("HIS", "1", KATHERINE, phone="937-555-0101", updated_at="2025-03-01T08:00:00+00:00"),
        flat("LAB", "1", KATHERINE, phone="937-555-0102", updated_at="2025-03-09T08:00:00+00:00"),
    ]
    path = tmp_path / "records.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    load_in_bulk(path, system)
    golden = GoldenRecord.objects.get()
    assert (golden.values["phone"], golden.provenance["rules"]) == ("937-555-0101", "by-rank")
