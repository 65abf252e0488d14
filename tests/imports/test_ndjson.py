"""NDJSON: one flat object a line, with the same names and the same care."""

from __future__ import annotations

import json

import pytest

from mpi.models import SourceRecord
from tests.imports.conftest import ImportText
from tests.imports.filing import ANN, BEN, CAT, HEADER, csv_text, line

NAME = "patients.ndjson"


def mrns() -> set[str]:
    return set(SourceRecord.objects.values_list("mrn", flat=True))


def test_objects_are_imported_like_lines(import_text: ImportText) -> None:
    rows = [ANN, BEN | {"phone": None}, CAT]
    done = import_text("\r\n".join(json.dumps(row) for row in rows) + "\n\n", NAME)
    assert done.counts == {"lines": 3, "applied": 3, "created": 3}
    assert done.errors == ()


def test_the_same_people_as_csv_and_as_ndjson_are_the_same_records(import_text: ImportText) -> None:
    import_text(csv_text(ANN, BEN))
    done = import_text("".join(json.dumps(row) + "\n" for row in (ANN, BEN)), "again.jsonl")
    assert done.counts == {"lines": 2, "unchanged": 2}


@pytest.mark.parametrize(
    ("bad", "column", "field", "word"),
    [
        ("{not json}", 2, "line", "JSON"),
        ('{"mrn": "1"', 12, "line", "JSON"),
        ("[1, 2]", 1, "line", "object"),
        ('"HIS"', 1, "line", "object"),
        ("null", 1, "line", "object"),
        ("NaN", 1, "line", "object"),
        ("[" * 60_000, 1, "line", "read"),
        ('{"mrn": ' + "9" * 5_000 + "}", 1, "line", "read"),
        ('{"source_system": "HIS", "mrn": 7, "family_name": "Ormsby"}', 1, "mrn", "text"),
        ('{"source_system": "HIS", "mrn": "7", "names": [{"family": "Ormsby"}]}', 1, "names", "text"),
        ('{"source_system": "HIS", "mrn": "7", "mrn": "8", "family_name": "Ormsby"}', 1, "line", "twice"),
        ('{"source_system": "HIS", "mrn": "7", "family_name": "Ormsby", "colour": "red"}', 1, "colour", "not a field"),
        ('{"source_system": "HIS", "mrn": "7", "family_name": "\\ud800"}', 1, "family_name", "control"),
        ('{"source_system": "HIS", "mrn": "7", "family_name": "a\\u0000b"}', 1, "family_name", "control"),
        ('{"source_system": "\\ud800\\u0000", "mrn": "7", "family_name": "Ormsby"}', 1, "source_system", "registered"),
        (
            '{"source_system": "HIS", "mrn": "7", "family_name": "Cat", "a\\u0000\\ud800": "x"}',
            1,
            "a\ufffd\ufffd",
            "field",
        ),
        ("{}", 1, "source_system", "missing"),
    ],
)
def test_a_bad_object_is_told_and_the_rest_is_imported(
    import_text: ImportText, bad: str, column: int, field: str, word: str
) -> None:
    done = import_text(f"{json.dumps(ANN)}\n{bad}\n{json.dumps(BEN)}\n", NAME)
    assert mrns() == {"1", "2"}
    assert done.places == [(2, column, field)]
    assert word in done.errors[0].problem
    assert done.counts == {"lines": 3, "rejected": 1, "applied": 2, "created": 2}


def test_csv_under_the_name_of_ndjson_is_told_line_by_line(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN, BEN), NAME)
    assert [place[0] for place in done.places] == [1, 2, 3]
    assert done.counts == {"lines": 3, "rejected": 3}
    assert mrns() == set()


def test_a_record_of_many_lines_of_json_is_not_taken_for_one(import_text: ImportText) -> None:
    done = import_text(json.dumps(ANN, indent=1), NAME)
    assert done.counts["rejected"] == done.counts["lines"] == len(ANN) + 2
    assert len(HEADER) == line(ANN).count(",") + 1
