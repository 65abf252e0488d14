"""Truth files: what is taken, and what is refused with line and column and no value of the file."""

from __future__ import annotations

import io

import pytest

from mpi.errors import InvalidInput, Malformed, TooLarge
from mpi.services import evaluation_truth
from mpi.services.evaluation_truth import keep_truth, notices, parse_truth, read_truth, read_upload, truth_mapping
from tests.services.telling import KATHERINE, MARCUS, record_of, tell

HEADER = b"source_system,mrn,person_id\n"
TOO_LONG = b"x" * 65

REFUSED = {
    "nothing at all": (b"", 1, 1, "file"),
    "only a header": (HEADER, 2, 1, "file"),
    "an unknown column": (b"source_system,mrn,person_id,ssn\nHIS,1,p,2\n", 1, 4, "header"),
    "a column twice": (b"source_system,mrn,mrn,person_id\n", 1, 3, "mrn"),
    "a column too few": (b"source_system,mrn\n", 1, 3, "person_id"),
    "no header": (b"HIS,1,p\n", 1, 1, "header"),
    "a value too few": (HEADER + b"HIS,1,p\nHIS,2\n", 3, 3, "line"),
    "a value too many": (HEADER + b"HIS,1,p,q\n", 2, 4, "line"),
    "an empty number": (HEADER + b"HIS, ,p\n", 2, 2, "mrn"),
    "an empty person": (HEADER + b"HIS,1,\n", 2, 3, "person_id"),
    "a number that is no number": (HEADER + b"HIS," + TOO_LONG + b",p\n", 2, 2, "mrn"),
    "one record, two people": (HEADER + b"HIS,1,p\nHIS,2,p\nHIS,1,q\n", 4, 3, "person_id"),
    "Latin-1": (HEADER + b"HIS,1,p\xe9\n", 2, 8, "line"),
    "UTF-16": (HEADER.decode().encode("utf-16"), 1, 1, "file"),
    "a NUL byte": (HEADER + b"HIS,1\0,p\n", 2, 6, "line"),
    "a quote left open": (HEADER + b'HIS,"1,p\nHIS,2,p\n', 3, 1, "line"),
    "a byte after a quote": (HEADER + b'HIS,"1"2,p\n', 2, 1, "line"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_truth_file_is_refused_with_line_and_column(name: str) -> None:
    content, line, column, field = REFUSED[name]
    with pytest.raises(Malformed) as refused:
        parse_truth(io.BytesIO(content), "truth.csv")
    first = refused.value.flaws[0]
    assert (first.line, first.column, first.field) == (line, column, field)
    assert first.mend


def test_a_refusal_shows_no_value_of_the_file() -> None:
    content = HEADER + b"HIS,secret-number,secret-person\nHIS,secret-number,other-secret\nHIS\n"
    with pytest.raises(Malformed) as refused:
        parse_truth(io.BytesIO(content), "truth.csv")
    told = refused.value.detail + str([flaw.as_document() for flaw in refused.value.flaws])
    assert len(refused.value.flaws) == 2
    assert "secret" not in told


def test_a_file_of_nothing_but_flaws_is_given_up_early() -> None:
    with pytest.raises(Malformed) as refused:
        parse_truth(io.BytesIO(HEADER + b"HIS\n" * 10_000), "truth.csv")
    assert len(refused.value.flaws) == evaluation_truth._MOST_FLAWS


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_columns_come_in_any_order_and_blank_lines_are_passed_over(mark: bytes) -> None:
    content = mark + b"person_id,mrn,source_system\r\np,1,HIS\r\n\r\n p ,2, LAB \r\nq,3,HIS\r\n"
    truth = parse_truth(io.BytesIO(content), "truth.csv")
    assert truth.people == {("HIS", "1"): 0, ("LAB", "2"): 0, ("HIS", "3"): 1}


def test_the_same_line_twice_says_the_same() -> None:
    truth = parse_truth(io.BytesIO(HEADER + b"HIS,1,p\nHIS,1,p\n"), "truth.csv")
    assert truth.people == {("HIS", "1"): 0}


def test_a_file_that_is_not_there_is_no_defect(tmp_path) -> None:
    with pytest.raises(Malformed, match="cannot be read"):
        read_truth(tmp_path / "none.csv")


def test_an_upload_over_the_limit_is_pointed_to_the_command() -> None:
    with pytest.raises(TooLarge, match="evaluate --truth"):
        read_upload(io.BytesIO(HEADER), "truth.csv", evaluation_truth.MOST_UPLOAD_BYTES + 1)


@pytest.mark.django_db
def test_only_which_records_are_one_person_is_kept(system) -> None:
    tell("HIS", "K-1", KATHERINE)
    tell("LAB", "K-2", KATHERINE)
    tell("HIS", "M-1", MARCUS)
    content = HEADER + b"HIS,K-1,secret-a\nLAB,K-2,secret-a\nHIS,M-1,secret-b\nHIS,GONE,secret-c\n"
    kept = keep_truth(parse_truth(io.BytesIO(content), "t.csv"), "t.csv", actor=system)
    mapping = truth_mapping(kept)
    assert mapping.keys() == {record_of("HIS", "K-1").pk, record_of("LAB", "K-2").pk, record_of("HIS", "M-1").pk}
    assert mapping[record_of("HIS", "K-1").pk] == mapping[record_of("LAB", "K-2").pk]
    assert (kept.lines, kept.matched, kept.people) == (4, 3, 2)
    assert b"secret" not in bytes(kept.mapping)


@pytest.mark.django_db
def test_a_truth_of_other_records_is_refused(system) -> None:
    tell("HIS", "K-1", KATHERINE)
    with pytest.raises(InvalidInput, match="nothing to evaluate"):
        keep_truth(parse_truth(io.BytesIO(HEADER + b"HIS,X,p\n"), "t.csv"), "t.csv", actor=system)


@pytest.mark.django_db
def test_what_does_not_count_is_told_by_its_lines_and_without_a_value(system) -> None:
    tell("HIS", "K-1", KATHERINE)
    tell("LAB", "M-2", MARCUS)
    lines = b"HIS,K-1,a\nLAB,M-2,b\nHIS,K-1,a\nHIS,SECRET,c\nNOWHERE,M-2,d\n"
    told = notices(parse_truth(io.BytesIO(HEADER + lines), "truth.csv"))
    assert [words.split(":")[0] for words in told] == ["1 line (4)", "2 lines (5, 6)"]
    assert "SECRET" not in str(told)
    assert notices(parse_truth(io.BytesIO(HEADER + lines[:20]), "truth.csv")) == ()
