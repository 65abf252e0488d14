"""What makes two values different is said in words."""

from __future__ import annotations

import pytest

from review.wording import alike


@pytest.mark.parametrize(
    ("sort", "left", "right", "kind", "words"),
    [
        ("name", "Margaret", "Peggy", "near", "Peggy is a nickname of Margaret"),
        ("name", "Bill", "William", "near", "Bill is a nickname of William"),
        ("name", "Catherine", "Katharine", "near", "spelt differently, sounds alike"),
        ("name", "Smith", "Smyth", "near", "one letter differs: I and Y; sounds alike"),
        ("name", "Jonh", "John", "near", "two letters swapped"),
        ("name", "Ana", "Anna", "near", "one letter more: N; sounds alike"),
        ("name", "Jack", "J", "near", "J is the initial of Jack"),
        ("name", "Smith", "Smith-Jones", "near", "Smith is a part of Smith Jones"),
        ("name", "Margaret", "Robert", "differs", "different"),
        ("date", "1971-03-09", "1971-09-03", "near", "day and month swapped: 9 and 3"),
        ("date", "1971-03-09", "1971-03-19", "near", "only the day differs, one digit differs: 0 and 1"),
        ("date", "1971-03-09", "1917-03-09", "near", "only the year differs, two digits swapped"),
        ("date", "1971-03-09", "1948-03-09", "near", "only the year differs, 23 years apart"),
        ("date", "1971-03-09", "1971-01-01", "near", "same year; 01-Jan often stands for a day that is not known"),
        ("date", "1971-03-09", "1948-11-30", "differs", "different, 23 years apart"),
        ("digits", "6035550141", "6035550114", "near", "two digits swapped"),
        ("digits", "6035550141", "6035550149", "near", "one digit differs: 1 and 9"),
        ("digits", "6035550141", "2075550141", "near", "same number, another area code"),
        ("digits", "6035550141", "4195550187", "differs", "different"),
        ("address", "18 Orchard Lane, Concord, NH 03301", "18 Orchard Ln, Concord, NH 03301", "same",
         "same address, written otherwise"),
        ("address", "18 Orchard Ln, Apt 2, Concord, NH 03301", "18 Orchard Ln, Apt 5, Concord, NH 03301", "near",
         "same house, another unit"),
        ("address", "18 Orchard Ln, Concord, NH 03301", "18 Orchard Ln, Toledo, OH 43604", "near",
         "same street, another place"),
        ("address", "18 Orchard Ln, Concord, NH 03301", "7 Mill Road, Concord, NH 03301", "differs",
         "another street in the same place"),
        ("email", "m.holloway@example.org", "m.holloway@mail.example", "near", "same name, another provider"),
        ("text", "", "Jr", "none", "not known on one side"),
        ("text", "jr.", "JR", "same", "equal"),
    ],
)  # fmt: skip
def test_a_difference_is_named(sort: str, left: str, right: str, kind: str, words: str) -> None:
    assert alike(left, right, sort) == (kind, words)
    assert alike(right, left, sort)[0] == kind
