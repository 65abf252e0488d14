"""What a source checked against a document, and says so, comes before what others merely tell."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mpi.commands import Actor
from mpi.errors import InvalidInput
from mpi.mapping import record_from_flat
from mpi.mapping_json import record_from_json
from mpi.models import GoldenRecord
from mpi.queries.invariants import check_index
from mpi.queries.source_record import lines_told
from mpi.services.systems import register_system
from tests.bulk.loads import load_in_bulk
from tests.services.telling import KATHERINE, flat, owner, past, record_of, tell

CHECKED, NEWER = "937-555-0177", "937-555-0188"
ROWS = [
    flat("LAB", "1", KATHERINE, phone=CHECKED, verified="phone birth_date", updated_at=past(1)),
    flat("HIS", "1", KATHERINE, phone=NEWER, verified="", updated_at=past(9)),
]


def test_the_checked_value_is_shown_though_a_better_source_told_another_later() -> None:
    for row in ROWS:
        tell(row["source_system"], "1", row)
    golden = owner("HIS", "1")
    told = golden.provenance["phone"]
    assert (golden.values["phone"], told["criterion"], told["source_system"]) == (CHECKED, "verified", "LAB")
    assert record_of("LAB", "1").told["verified"] == "birth_date phone"
    (checked,) = check_index(only=["golden-values"]).checked
    assert (checked.looked.rows, checked.looked.faults) == (1, ())


def test_unless_the_other_was_checked_as_well() -> None:
    for row in ROWS:
        tell(row["source_system"], "1", {**row, "verified": "phone"})
    assert owner("HIS", "1").values["phone"] == NEWER


@pytest.mark.django_db(transaction=True)
def test_a_bulk_load_chooses_the_same(tmp_path: Path, system: Actor) -> None:
    for code in ("HIS", "LAB"):
        register_system(code=code, actor=system)
    path = tmp_path / "records.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)
    load_in_bulk(path, system)
    golden = GoldenRecord.objects.get()
    assert (golden.values["phone"], golden.provenance["phone"]["criterion"]) == (CHECKED, "verified")


@pytest.mark.parametrize("told", ["shoe_size", "phone, ssn"])
def test_what_is_no_field_is_refused_by_name(told: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        record_from_flat(flat("HIS", "1", KATHERINE, verified=told))
    with pytest.raises(InvalidInput) as also_refused:
        record_from_json({**KATHERINE, "verified": told}, system="HIS", mrn="1")
    assert [flaw.field for flaw in (*refused.value.flaws, *also_refused.value.flaws)] == ["verified", "verified"]


def test_the_page_of_the_record_says_it_in_words() -> None:
    record = record_from_flat(flat("HIS", "1", KATHERINE, verified="ssn birth_date")).record
    assert ("Checked against a document", "Born, SSN") in [(line.label, line.value) for line in lines_told(record)]
