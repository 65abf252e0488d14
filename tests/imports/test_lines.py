"""A line that cannot be used is reported with its line, column and mend; every other line is imported."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from mpi.models import InboundMessage, SourceRecord
from mpi.services.import_lines import MOST_LINE_BYTES, read_lines
from tests.imports.conftest import ImportText, WriteFile
from tests.imports.filing import ANN, BEN, CAT, HEADER, csv_text, line, messages

TEN_MEGABYTES = 10_000_000


def mrns() -> set[str]:
    return set(SourceRecord.objects.values_list("mrn", flat=True))


def column(name: str) -> int:
    return HEADER.index(name) + 1


def test_good_lines_are_imported_and_counted(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN, BEN, CAT))
    assert done.counts == {"lines": 3, "applied": 3, "created": 3}
    assert done.errors == ()
    assert [row.line for row in InboundMessage.objects.order_by("id")] == [2, 3, 4]


def test_windows_line_ends_a_byte_order_mark_and_blank_lines_do_not_matter(import_text: ImportText) -> None:
    text = csv_text(ANN, BEN).replace("\n", "\r\n").replace("LAB", "\r\n\r\nLAB", 1).replace("\r\n\r\n\r\n", "\r\n\r\n")
    done = import_text(b"\xef\xbb\xbf" + text.encode())
    assert done.counts == {"lines": 2, "applied": 2, "created": 2}
    assert SourceRecord.objects.get(mrn="2").told["telecoms"][0]["value"] == BEN["phone"]


def test_a_last_line_without_an_end_is_a_line(import_text: ImportText) -> None:
    assert import_text(csv_text(ANN, BEN).rstrip("\n")).counts["created"] == 2


def test_a_quoted_value_may_hold_a_comma_a_quote_and_a_line_break(import_text: ImportText) -> None:
    street = '12 Alder Court, "Rear"\nUnit 4'
    done = import_text(csv_text(ANN | {"street": street}, BEN))
    assert done.counts == {"lines": 2, "applied": 2, "created": 2}
    assert SourceRecord.objects.get(mrn="1").told["addresses"][0]["street"] == street
    assert [row.line for row in InboundMessage.objects.order_by("id")] == [2, 4]


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\u2029"])
def test_a_line_break_of_unicode_is_no_line_break_of_the_file(import_text: ImportText, separator: str) -> None:
    done = import_text(csv_text(ANN | {"street": f"12 Alder{separator}Court"}, BEN))
    assert (done.counts["lines"], done.errors) == (2, ())


def test_an_unclosed_quote_is_its_own_lines_and_swallows_nothing(import_text: ImportText) -> None:
    text = csv_text(ANN, BEN, CAT).replace("LAB,2,Ben", 'LAB,2,"Ben')
    done = import_text(text)
    assert mrns() == {"1", "3"}
    assert done.places == [(3, 7, "line")]
    assert "quote" in done.errors[0].problem
    assert done.counts == {"lines": 3, "rejected": 1, "applied": 2, "created": 2}


def test_two_unclosed_quotes_swallow_nothing_between_them(import_text: ImportText) -> None:
    rows = [ANN | {"mrn": str(number)} for number in range(1, 6)]
    lines = [line(row) for row in rows]
    lines[1] = lines[1].replace("Ann", '"Ann', 1)
    lines[3] = lines[3].replace("Ann", '"Ann', 1)
    done = import_text(csv_text() + "".join(lines))
    assert mrns() == {"1", "3", "5"}
    assert [place[0] for place in done.places] == [3, 5]
    assert done.counts["rejected"] == 2


def test_a_quote_that_closes_lines_later_does_not_take_whole_records_into_a_value(import_text: ImportText) -> None:
    """The third line would close the quote of the first, and the second would vanish in a name."""
    lines = [line(ANN | {"mrn": str(number)}) for number in range(1, 5)]
    lines[0] = lines[0].replace("Ann", '"Ann', 1)
    lines[2] = lines[2].replace("Quillfeather", 'Quillfeather"', 1)
    done = import_text(csv_text() + "".join(lines))
    assert mrns() == {"2", "4"}
    assert [place[0] for place in done.places] == [2, 4]


def test_text_after_a_closed_quote_is_wrong_quoting(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN, BEN).replace("HIS,1,Ann", 'HIS,1,"An"n'))
    assert done.places == [(2, 7, "line")]
    assert mrns() == {"2"}


@pytest.mark.parametrize(("cut", "place"), [(",Ann", 11), (",Dayton,937-555-0141", 10)])
def test_a_line_with_too_few_values_tells_where_they_end(import_text: ImportText, cut: str, place: int) -> None:
    done = import_text(csv_text(ANN, BEN).replace(cut, "", 1))
    assert done.places == [(2, place, "line")]
    assert f"has {place - 1} values, the header {len(HEADER)} columns" in done.errors[0].problem
    assert mrns() == {"2"}


def test_a_line_with_too_many_values_tells_the_first_that_is_too_many(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN, BEN).replace("Alder Court", "Alder Court,Rear", 1))
    assert done.places == [(2, len(HEADER) + 1, "line")]


def test_a_line_in_another_encoding_is_named_with_the_character(import_text: ImportText) -> None:
    bad = line(BEN | {"given_name": "Béla"}).encode("latin-1")
    done = import_text(csv_text(ANN).encode() + bad + line(CAT).encode())
    assert done.places == [(3, 8, "line")]
    assert "UTF-8" in done.errors[0].problem
    assert mrns() == {"1", "3"}


def test_a_nul_byte_far_into_the_file_is_a_fault_of_its_line(import_text: ImportText) -> None:
    many = csv_text(*[ANN | {"mrn": f"A{number}"} for number in range(200)])
    bad = line(BEN).replace("Ben", "B\0n")
    done = import_text(many + bad + line(CAT))
    assert done.places == [(202, 8, "line")]
    assert done.counts["created"] == 201


def test_a_line_of_ten_megabytes_is_passed_over_in_bounded_memory(
    write_file: WriteFile, import_text: ImportText
) -> None:
    text = csv_text(ANN) + line(BEN).replace("Ben", "B" * TEN_MEGABYTES) + line(CAT)
    path = write_file(text)
    tracemalloc.start()
    found = list(read_lines(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(one.number, len(one.flaws)) for one in found] == [(2, 0), (3, 1), (4, 0)]
    assert peak < 2_000_000
    done = import_text(text)
    assert done.places == [(3, MOST_LINE_BYTES, "line")]
    assert mrns() == {"1", "3"}


def test_a_quote_left_open_before_ten_megabytes_loses_neither_memory_nor_lines(write_file: WriteFile) -> None:
    text = csv_text(ANN) + line(BEN).replace("Ben", '"Ben') + "x" * TEN_MEGABYTES + "\n" + line(CAT)
    path = write_file(text)
    tracemalloc.start()
    found = list(read_lines(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(one.number, len(one.flaws)) for one in found] == [(2, 0), (3, 1), (4, 1), (5, 0)]
    assert peak < 2_000_000


def test_an_impossible_date_is_told_and_the_record_is_taken_without_it(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN | {"birth_date": "1971-02-30"}, BEN))
    assert done.places == [(2, column("birth_date"), "birth_date")]
    assert done.counts == {"lines": 2, "doubtful": 1, "applied": 2, "created": 2}
    record = SourceRecord.objects.get(mrn="1")
    assert (record.told["birth_date"], record.standard["birth_date"]) == ("1971-02-30", "")


@pytest.mark.parametrize("born", ["31.12.1971", "1700-01-01", "2999-01-01", "yesterday", "0000-00-00"])
def test_other_dates_that_cannot_be_true_are_told_too(import_text: ImportText, born: str) -> None:
    done = import_text(csv_text(CAT | {"birth_date": born}))
    assert (done.counts.get("doubtful"), done.places[0][2]) == (1, "birth_date")


def test_a_sex_and_a_time_that_are_none_are_told(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN | {"sex": "Q"}, BEN | {"updated_at": "noon"}))
    assert done.places == [(2, column("sex"), "sex"), (3, column("updated_at"), "updated_at")]
    assert done.counts == {"lines": 2, "doubtful": 1, "rejected": 1, "applied": 1, "created": 1}


def test_an_unknown_system_is_told_by_its_code(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN, BEN | {"source_system": "LABB"}, CAT))
    assert done.places == [(3, 1, "source_system")]
    assert "LABB" in done.errors[0].problem
    assert "registersystem" in done.errors[0].mend
    assert mrns() == {"1", "3"}


@pytest.mark.parametrize("code", ["536-22-8145", "Quillfeather, Ann", "x" * 33, "\u202etxet"])
def test_a_system_that_may_be_a_value_of_a_patient_is_not_repeated(import_text: ImportText, code: str) -> None:
    done = import_text(csv_text(ANN, BEN | {"source_system": code}))
    assert done.errors[0].problem == "is not registered"


def test_missing_numbers_systems_and_names_are_each_told_with_their_column(import_text: ImportText) -> None:
    done = import_text(
        csv_text(
            ANN | {"mrn": " "},
            BEN | {"source_system": ""},
            CAT | {"given_name": "", "family_name": "  "},
            CAT | {"mrn": "", "given_name": "", "family_name": ""},
        )
    )
    assert done.places == [
        (2, column("mrn"), "mrn"),
        (3, column("source_system"), "source_system"),
        (4, column("family_name"), "family_name"),
        (5, column("mrn"), "mrn"),
        (5, column("family_name"), "family_name"),
    ]
    assert done.counts == {"lines": 4, "rejected": 4}
    assert messages() == 0


def test_a_huge_value_and_a_control_character_are_told_by_field(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN | {"street": "x" * 301}, BEN | {"given_name": "B\x07n"}, CAT | {"mrn": "9" * 65}))
    assert done.places == [(2, column("street"), "street"), (3, column("given_name"), "given_name"), (4, 2, "mrn")]
    assert [error.problem for error in done.errors] == [
        "is longer than 300 characters",
        "holds a control character",
        "is longer than 64 characters",
    ]


def test_a_repeated_line_is_passed_over_and_told(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN, BEN, ANN))
    assert done.counts == {"lines": 3, "repeated": 1, "applied": 2, "created": 2}
    assert done.places == [(4, 1, "line")]
    assert "repeats line 2" in done.errors[0].problem


def test_a_second_line_of_a_record_is_an_update_and_a_third_may_change_it_back(import_text: ImportText) -> None:
    moved = ANN | {"street": "9 Linden Way"}
    done = import_text(csv_text(ANN, moved, ANN))
    assert done.counts == {"lines": 3, "applied": 3, "created": 1, "updated": 2}
    rows = SourceRecord.objects.get().history.order_by("history_id")
    assert [row.told["addresses"][0]["street"] for row in rows] == [
        "12 Alder Court",
        "9 Linden Way",
        "12 Alder Court",
    ]


def test_every_kind_of_bad_line_at_once_leaves_every_good_one(import_text: ImportText) -> None:
    good = [ANN | {"mrn": f"G{number}"} for number in range(6)]
    lines = [
        line(good[0]).encode(),
        line(BEN).replace("Ben", '"Ben').encode(),
        line(good[1]).encode(),
        line(BEN | {"given_name": "Béla"}).encode("latin-1"),
        line(good[2]).encode(),
        b"x" * 70_000 + b"\n",
        line(good[3]).encode(),
        b"a,b,c\n",
        line(good[4]).encode(),
        line(BEN | {"source_system": "NOWHERE"}).encode(),
        line(good[5]).encode(),
    ]
    done = import_text(csv_text().encode() + b"".join(lines))
    assert mrns() == {f"G{number}" for number in range(6)}
    assert [place[0] for place in done.places] == [3, 5, 7, 9, 11]
    assert done.counts == {"lines": 11, "rejected": 5, "applied": 6, "created": 6}


def test_reading_does_not_hold_the_file(write_file: WriteFile) -> None:
    path: Path = write_file(csv_text(*[ANN | {"mrn": str(number)} for number in range(20_000)]))
    assert path.stat().st_size > 1_500_000
    tracemalloc.start()
    assert sum(1 for _ in read_lines(path)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000
