"""A bulk load follows the active survivorship rules, whatever was shipped."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mpi.commands import Actor
from mpi.models import GoldenRecord
from mpi.services.systems import register_system
from tests.bulk.loads import load_in_bulk
from tests.services.ruling import activate, draft
from tests.services.telling import KATHERINE, flat


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("ranks", "phone"), [({}, "937-555-0101"), ({"LAB": 1, "HIS": 2}, "937-555-0102")])
def test_a_bulk_load_chooses_values_by_the_active_rules_and_names_them(
    tmp_path: Path, system: Actor, supervisor: Actor, ranks: dict[str, int], phone: str
) -> None:
    for code in ("HIS", "LAB"):
        register_system(code=code, actor=system)
    draft(supervisor, "by-rank", ranks, phone=["source_rank"])
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
    assert (golden.values["phone"], golden.provenance["rules"]) == (phone, "by-rank")
