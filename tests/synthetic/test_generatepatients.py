"""The command: files complete and equal byte for byte, a summary, clear refusals."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mpi.synthetic.generate import COLUMNS
from mpi.synthetic.prevalence import prevalence_hash


def run(folder: Path, *arguments: str, name: str = "patients") -> tuple[Path, Path, str]:
    out, truth, printed = folder / f"{name}.csv", folder / f"{name}.truth.csv", StringIO()
    call_command("generatepatients", "--out", str(out), "--truth", str(truth), *arguments, stdout=printed)
    return out, truth, printed.getvalue()


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    first = run(tmp_path, "--records", "800", "--seed", "9", name="first")
    second = run(tmp_path, "--records", "800", "--seed", "9", name="second")
    assert first[0].read_bytes() == second[0].read_bytes()
    assert first[1].read_bytes() == second[1].read_bytes()


def test_every_record_has_its_truth_and_no_truth_is_left_over(tmp_path: Path) -> None:
    out, truth, _ = run(tmp_path, "--records", "800")
    with out.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        assert rows.fieldnames == list(COLUMNS)
        records = [(row["source_system"], row["mrn"]) for row in rows]
    with truth.open(encoding="utf-8", newline="") as file:
        truths = csv.DictReader(file)
        assert truths.fieldnames == ["source_system", "mrn", "person_id"]
        told = {(row["source_system"], row["mrn"]): row["person_id"] for row in truths}
    assert len(records) == 800
    assert set(records) == set(told)
    assert all(told.values())


def test_the_last_line_is_a_summary(tmp_path: Path) -> None:
    out, truth, printed = run(tmp_path, "--records", "1200", "--json")
    summary = json.loads(printed.splitlines()[-1])
    persons = {line.rsplit(",", 1)[1] for line in truth.read_text().splitlines()[1:]}
    assert summary["records"] == 1200 == len(out.read_text().splitlines()) - 1
    assert summary["persons"] == len(persons)
    assert sum(summary["records_by_system"].values()) == 1200
    assert summary["prevalence_sha256"] == prevalence_hash()
    assert summary["seconds"] >= 0


def test_ndjson_holds_the_same_records(tmp_path: Path) -> None:
    lines, _, _ = run(tmp_path, "--records", "300", "--format", "ndjson", name="lines")
    table, _, _ = run(tmp_path, "--records", "300", name="table")
    with table.open(encoding="utf-8", newline="") as file:
        rows = [{key: value for key, value in row.items() if value} for row in csv.DictReader(file)]
    assert [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()] == rows


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="missing"):
        call_command("generatepatients", "--records", "5", "--out", str(tmp_path / "missing" / "a.csv"),
                     "--truth", str(tmp_path / "t.csv"))  # fmt: skip
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [["--records", "-3"], ["--records", "many"], ["--records", "5", "--systems", "0"]])
def test_impossible_arguments_are_refused(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(CommandError):
        run(tmp_path, *wrong)
    assert list(tmp_path.iterdir()) == []
