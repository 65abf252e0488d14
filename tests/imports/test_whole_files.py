"""A file that cannot be read as a whole is refused before anything is written, and says how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpi.errors import Malformed
from mpi.models import Job, SourceRecord
from mpi.services.import_file import survey
from tests.imports.conftest import ImportText, WriteFile
from tests.imports.filing import ANN, BEN, HEADER, PATIENT_WORDS, csv_text, line, messages

_REST = ",".join(HEADER)


def refused(path: Path) -> Malformed:
    """What the operator is told; nothing is written and nothing of a patient is said."""
    with pytest.raises(Malformed) as error:
        survey(path)
    told = str(error.value) + " ".join(f"{flaw.field} {flaw.problem} {flaw.mend}" for flaw in error.value.flaws)
    assert [word for word in PATIENT_WORDS if word in told] == []
    assert (messages(), Job.objects.count(), SourceRecord.objects.count()) == (0, 0, 0)
    return error.value


def places(error: Malformed) -> list[tuple[int | None, int | None, str]]:
    return [(flaw.line, flaw.column, flaw.field) for flaw in error.flaws]


def test_an_unknown_column_is_named_with_its_place(write_file: WriteFile) -> None:
    error = refused(write_file(f"{_REST},favourite_colour\n{line(ANN).strip()},red\n"))
    assert places(error) == [(1, len(HEADER) + 1, "favourite_colour")]
    assert "given_name" in error.flaws[0].mend


def test_every_missing_column_is_named(write_file: WriteFile) -> None:
    error = refused(write_file("birth_date,sex\n1971-03-09,F\n"))
    assert [flaw.field for flaw in error.flaws] == ["source_system", "mrn", "family_name"]


def test_a_doubled_column_is_named_at_its_second_place(write_file: WriteFile) -> None:
    error = refused(write_file(f"{_REST},mrn\n"))
    assert places(error) == [(1, len(HEADER) + 1, "mrn")]
    assert "twice" in error.flaws[0].problem


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_separator_is_called_by_its_name(write_file: WriteFile, separator: str, name: str) -> None:
    text = csv_text(ANN, BEN).replace(",", separator)
    error = refused(write_file(text))
    assert len(error.flaws) == 1
    assert name in error.flaws[0].problem


def test_a_file_without_a_header_is_refused_without_a_word_of_its_first_patient(write_file: WriteFile) -> None:
    error = refused(write_file(line(ANN) + line(BEN)))
    assert places(error) == [(1, 1, "header")]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (csv_text(ANN).encode("utf-16"), "UTF-16"),
        (csv_text(ANN).encode("utf-16-le"), "NUL"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "NUL"),
        (b"PK\x03\x04\x14\x00\x06\x00", "NUL"),
        (b'source_system,"mrn\n', "CSV"),
        (("source_system,m\xfcrn," + _REST).encode("latin-1"), "header"),
        (b"x" * 70_000 + b"\n", "header"),
        (_REST.replace(",", "\r").encode() + b"\r", "CSV"),
    ],
)
def test_what_is_no_csv_is_refused_and_says_why(write_file: WriteFile, content: bytes, word: str) -> None:
    assert word in str(refused(write_file(content)))


def test_a_directory_or_nothing_is_no_file(tmp_path: Path) -> None:
    refused(tmp_path)
    refused(tmp_path / "absent.csv")


def test_a_header_alone_is_an_import_of_nothing(import_text: ImportText) -> None:
    done = import_text(csv_text())
    assert (done.counts, done.errors, done.job.status, done.job.total) == ({}, (), "finished", 0)


def test_columns_in_any_order_and_some_left_out(import_text: ImportText) -> None:
    header = ("family_name", "mrn", "given_name", "source_system")
    done = import_text(csv_text(ANN, BEN, header=header))
    assert done.counts == {"lines": 2, "applied": 2, "created": 2}
    assert SourceRecord.objects.get(mrn="2").told["names"][0]["family"] == "Zamboni"
