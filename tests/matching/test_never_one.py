"""Fathers and sons, and twins, whom a third record seems to tie: never one person by themselves, in any order."""

from __future__ import annotations

from itertools import permutations

import pytest

from matching.join import Member, scored_pair
from matching.model_document import load_default
from matching.records import StandardAddress, StandardName, StandardRecord
from tests.benchmarks.arriving import arrive
from tests.matching.people import vary

MODEL = load_default()
HOME = (StandardAddress("12 OAK ST", "", "", "", "10001"),)
NUMBER, OTHER_NUMBER = "219099999", "457555462"


def told(given: str, born: str, ssn: str, **more: object) -> StandardRecord:
    """A Smith of whom little is known besides."""
    plain = StandardRecord(name=StandardName(given=given, family="SMITH"), source_system="A")
    return vary(plain, birth_date=born, ssn=ssn, **more)


def are_ever_one(first: int, last: int, *records: StandardRecord) -> bool:
    """Whether two of the records end in one person in any order of arrival."""
    known = dict(enumerate(records))
    orders = permutations(known)
    ends = (arrive(known, MODEL, order=order).persons for order in orders)
    return any(persons[first] == persons[last] for persons in ends)


@pytest.mark.parametrize(
    ("father", "son"),
    [
        ({"middle": "ALLEN"}, {"middle": "BRADLEY"}),
        ({}, {"suffix": "JR"}),
        ({"suffix": "SR"}, {"suffix": "JR"}),
    ],
)
def test_father_and_son_under_one_number_are_not_tied_by_a_record_without_birth_date(
    father: dict[str, object], son: dict[str, object]
) -> None:
    older = told("JOHN", "1950-03-04", NUMBER, sex="M", addresses=HOME, **father)
    bare = told("JOHN", "", NUMBER, sex="M")
    younger = told("JOHN", "1980-07-21", NUMBER, sex="M", addresses=HOME, **son)
    assert not are_ever_one(0, 2, older, bare, younger)


@pytest.mark.parametrize(
    ("one", "other"), [("JAYLIN", "JAYLYN"), ("KAYLEE", "KAYLEA"), ("ANNELI", "ANNELIE"), ("TARYN", "TARYNN")]
)
def test_twins_of_nearly_one_name_with_two_numbers_are_not_tied_by_a_record_without_one(one: str, other: str) -> None:
    first = told(one, "2000-03-04", NUMBER, sex="F", addresses=HOME)
    without = told(other, "2000-03-04", "", sex="F", addresses=HOME, source_system="B")
    last = told(other, "2000-03-04", OTHER_NUMBER, sex="F", addresses=HOME, source_system="C")
    assert not are_ever_one(0, 2, first, without, last)


def test_twins_told_under_one_number_of_their_household_are_not_one_by_what_two_records_tell() -> None:
    bella = told("BELLA", "2000-03-04", "", sex="F", addresses=HOME)
    again = told("BELLA", "", NUMBER, sex="F", addresses=HOME)
    anna = told("ANNA", "2000-03-04", NUMBER, sex="F", addresses=HOME)
    assert not are_ever_one(0, 2, bella, again, anna)


def test_a_boy_and_a_girl_of_one_birth_under_one_number_are_asked_about() -> None:
    adam = told("ADAM", "2000-03-04", NUMBER, sex="M", addresses=HOME)
    bella = told("BELLA", "2000-03-04", NUMBER, sex="F", addresses=HOME)
    verdict = scored_pair(Member(1, adam), Member(2, bella), MODEL).verdict
    assert verdict.grade == "probable"
    assert {reason.code for reason in verdict.caps} == {"sex-differs"}


def test_twins_of_related_names_whose_numbers_follow_each_other_are_not_tied_by_a_record_without_one() -> None:
    """Austin is told as a form of Augustus; a digit of the number is no proof that the middle name is an error."""
    first = told("AUSTIN", "2000-03-04", "394539745", middle="COLE", sex="M", addresses=HOME)
    without = told("AUSTIN", "2000-03-04", "", sex="M", addresses=HOME, source_system="B")
    last = told("AUGUSTUS", "2000-03-04", "394539746", middle="DORIAN", sex="M", addresses=HOME, source_system="C")
    assert not are_ever_one(0, 2, first, without, last)


def test_an_initial_that_two_middle_names_share_does_not_tie_father_and_son_under_one_number() -> None:
    older = told("JOHN", "1950-03-04", NUMBER, middle="ALLEN", sex="M", addresses=HOME)
    bare = told("JOHN", "", NUMBER, middle="A", sex="M")
    younger = told("JOHN", "1980-07-21", NUMBER, middle="ADAM", sex="M", addresses=HOME)
    assert not are_ever_one(0, 2, older, bare, younger)


def test_namesakes_of_one_birth_date_and_middle_name_with_two_numbers_are_not_tied_by_a_record_without_one() -> None:
    away = (StandardAddress("70 RIVER DR", "", "", "", "60659"),)
    first = told("MARIA", "1970-03-04", NUMBER, middle="GUADALUPE", sex="F", addresses=HOME)
    without = told("MARIA", "1970-03-04", "", middle="GUADALUPE", sex="F", addresses=HOME, source_system="B")
    last = told("MARIA", "1970-03-04", OTHER_NUMBER, middle="GUADALUPE", sex="F", addresses=away, source_system="C")
    assert not are_ever_one(0, 2, first, without, last)
