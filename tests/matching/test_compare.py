"""One level per comparison: what each level means, symmetry, and that every level can be reached."""

from __future__ import annotations

import random

import pytest

from matching.compare import compare
from matching.levels import (
    BIRTH_DATE,
    COMPARISONS,
    GIVEN,
    HOUSE,
    IDENTIFIER,
    MIDDLE,
    SEX,
    SSN,
    BirthDate,
    Contact,
    Given,
    Middle,
    Sex,
    SharedIdentifier,
    Ssn,
    Surname,
    house_level,
    house_parts,
)
from matching.records import StandardAddress, StandardName, StandardRecord
from tests.matching.people import MARGARET, elsewhere, odd_record, vary

ESTABLISHED = frozenset({"HANNA", "HANNAH", "JOHN", "STEVEN", "STEPHEN", "NATALIE", "NAT", "MARGARET"})


def level(left: StandardRecord, right: StandardRecord, comparison: int) -> int:
    return compare(left, right, ESTABLISHED)[comparison]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({"given": "MARGARET"}, {"given": "MARGARET"}, Given.EXACT),
        ({"given": "MARGARET"}, {"given": "PEGGY"}, Given.NICKNAME),
        ({"given": "MARY ANN", "middle": ""}, {"given": "MARY", "middle": ""}, Given.ALTERNATE),
        ({"given": "JIAN", "middle": "WEI"}, {"given": "JIANWEI", "middle": ""}, Given.ALTERNATE),
        ({"given": "DUNCAN", "family": "ROSS"}, {"given": "ROSS", "family": "DUNCAN"}, Given.SWAPPED),
        ({"given": "DUNCAN", "family": "ROSSITER"}, {"given": "ROSITER", "family": "DUNCAN"}, Given.SWAPPED),
        ({"given": "DARIUS", "middle": "CHARLES"}, {"given": "CHARLES", "middle": ""}, Given.MIDDLE),
        ({"given": "DARIUS", "middle": "CHARLES"}, {"given": "CHARLES", "middle": "D"}, Given.MIDDLE),
        ({"given": "RYKER", "middle": "RYAN"}, {"given": "RYAN", "middle": "ANTHONY"}, Given.DIFFERENT),
        ({"given": "MARGARET"}, {"given": "MARGRAET"}, Given.EDIT),
        ({"given": "MARGARET"}, {"given": "M"}, Given.INITIAL),
        ({"given": "MARGARET"}, {"given": "K"}, Given.DIFFERENT),
        ({"given": "HANNA"}, {"given": "HANNAH"}, Given.NEAR),
        ({"given": "STEVEN"}, {"given": "STEPHEN"}, Given.PHONETIC),
        ({"given": "JOHN"}, {"given": "HANNA"}, Given.DIFFERENT),
        ({"given": ""}, {"given": "HANNA"}, Given.MISSING),
    ],
)
def test_given_names(left: dict[str, str], right: dict[str, str], expected: Given) -> None:
    assert level(vary(**left), vary(**right), GIVEN) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("ANN", "ANN", Middle.FULL),
        ("ANN", "A", Middle.INITIAL),
        ("ANN", "ANNE", Middle.CLOSE),
        ("ANN", "ROSE", Middle.CONFLICT),
        ("ANN", "R", Middle.CONFLICT),
        ("ANN", "", Middle.MISSING),
        ("ANN", "MARGARET", Middle.MISSING),
    ],
)
def test_middle_names(left: str, right: str, expected: Middle) -> None:
    assert level(vary(middle=left), vary(middle=right), MIDDLE) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1970-03-04", "1970-03-04", BirthDate.EXACT),
        ("1970-03-04", "1970-04-03", BirthDate.DAY_MONTH),
        ("1970-03-14", "1970-03-15", BirthDate.EDIT),
        ("1970-03-14", "1907-03-14", BirthDate.EDIT),
        ("1970-03-14", "1970-03-28", BirthDate.TWO_PARTS),
        ("1970-03-14", "1971-03-15", BirthDate.TWO_EDITS),
        ("1970-03-14", "1970-11-28", BirthDate.YEAR),
        ("1970-03-14", "1983-11-28", BirthDate.OTHER),
        ("1970-03-14", "1996-11-28", BirthDate.GENERATION),
        ("", "1996-11-28", BirthDate.MISSING),
    ],
)
def test_birth_dates(left: str, right: str, expected: BirthDate) -> None:
    assert level(vary(birth_date=left), vary(birth_date=right), BIRTH_DATE) == expected


def test_a_year_alone_can_only_speak_against_a_birth_date() -> None:
    year_only = vary(birth_date="", birth_year="1970")
    assert level(MARGARET, year_only, BIRTH_DATE) == BirthDate.MISSING
    assert level(vary(birth_date="1975-01-01"), year_only, BIRTH_DATE) == BirthDate.OTHER
    assert level(vary(birth_date="2000-01-01"), year_only, BIRTH_DATE) == BirthDate.GENERATION


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("536221234", "536221234", Ssn.EXACT),
        ("536221234", "536221243", Ssn.EDIT),
        ("536221234", "536221253", Ssn.CLOSE),
        ("536221234", "111221234", Ssn.CLOSE),
        ("536221234", "601558877", Ssn.DIFFERENT),
        ("536221234", "", Ssn.MISSING),
    ],
)
def test_social_security_numbers(left: str, right: str, expected: Ssn) -> None:
    assert level(vary(ssn=left), vary(ssn=right), SSN) == expected


def test_last_four_digits_alone_agree_or_differ() -> None:
    assert level(MARGARET, vary(ssn="", ssn_last4="1234"), SSN) == Ssn.CLOSE
    assert level(MARGARET, vary(ssn="", ssn_last4="9876"), SSN) == Ssn.DIFFERENT
    assert level(MARGARET, elsewhere(), SSN) == Ssn.MISSING


def test_identifiers_compare_only_within_one_authority_and_type() -> None:
    licence = vary(identifiers=(("IL", "DL", "A1234567"),))
    assert level(licence, licence, IDENTIFIER) == SharedIdentifier.EXACT
    assert level(licence, vary(identifiers=(("IL", "DL", "A1234576"),)), IDENTIFIER) == SharedIdentifier.EDIT
    assert level(licence, vary(identifiers=(("IL", "DL", "Z9"),)), IDENTIFIER) == SharedIdentifier.DIFFERENT
    assert level(licence, vary(identifiers=(("NY", "DL", "A1234567"),)), IDENTIFIER) == SharedIdentifier.MISSING


def test_sex_agrees_differs_or_is_unknown() -> None:
    assert level(MARGARET, MARGARET, SEX) == Sex.SAME
    assert level(MARGARET, vary(sex="M"), SEX) == Sex.DIFFERENT
    assert level(MARGARET, vary(sex=""), SEX) == Sex.MISSING


def house(left: StandardRecord, right: StandardRecord) -> tuple[Surname, Contact]:
    return house_parts(level(left, right, HOUSE))


@pytest.mark.parametrize(
    ("family", "former", "expected"),
    [
        ("HOLLOWAY", (), Surname.EXACT),
        ("HOLOWAY", (), Surname.RELATED),
        ("PRICE", ("HOLLOWAY",), Surname.RELATED),
        ("HOLLOWELL", (), Surname.NEAR),
        ("PRICE", (), Surname.DIFFERENT),
        ("", (), Surname.UNKNOWN),
    ],
)
def test_family_names(family: str, former: tuple[str, ...], expected: Surname) -> None:
    other = vary(family=family, former_names=tuple(StandardName(family=name) for name in former))
    assert house(MARGARET, other)[0] == expected


def test_half_of_a_double_surname_is_related() -> None:
    double = vary(family="GARCIA LOPEZ")
    double = vary(double, former_names=(StandardName(family="GARCIA LOPEZ", family_parts=("GARCIA", "LOPEZ")),))
    assert house(double, vary(family="LOPEZ"))[0] == Surname.RELATED


def oak(street: str = "12 OAK ST", zip5: str = "62701", unit: str = "", city: str = "") -> tuple[StandardAddress, ...]:
    return (StandardAddress(street, unit, city, "IL", zip5),)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Contact.TWO),
        ({"phones": (), "addresses": ()}, Contact.EMAIL),
        ({"emails": (), "addresses": ()}, Contact.PHONE),
        ({"emails": (), "phones": ()}, Contact.ADDRESS),
        ({"emails": (), "phones": (), "addresses": oak("12 OAKS ST")}, Contact.CLOSE),
        ({"emails": (), "phones": (), "addresses": oak(zip5="62799")}, Contact.CLOSE),
        ({"emails": (), "phones": (), "addresses": oak("900 ELM RD")}, Contact.ZIP),
        ({"emails": (), "phones": ("2175559999",), "addresses": oak("900 ELM RD")}, Contact.ZIP_PHONE_DIFFERS),
        ({"emails": (), "phones": (), "addresses": oak("900 ELM RD", "10001")}, Contact.DIFFERS),
        ({"emails": (), "phones": ("2175559999",), "addresses": ()}, Contact.DIFFERS),
        ({"emails": (), "phones": (), "addresses": ()}, Contact.UNKNOWN),
    ],
)
def test_contact(changes: dict[str, object], expected: Contact) -> None:
    assert house(MARGARET, vary(**changes)) == (Surname.EXACT, expected)


def test_two_units_of_one_building_are_not_one_address() -> None:
    alone = {"emails": (), "phones": ()}
    left, right = vary(**alone, addresses=oak(unit="2")), vary(**alone, addresses=oak(unit="3"))
    assert house(left, right)[1] == Contact.CLOSE
    assert house(left, vary(**alone, addresses=oak()))[1] == Contact.ADDRESS


def test_a_former_address_still_matches() -> None:
    moved = vary(emails=(), phones=(), addresses=(*oak("900 ELM RD", "10001"), *oak()))
    assert house(MARGARET, moved)[1] == Contact.ADDRESS


def test_towns_stand_in_where_neither_address_has_a_zip_code() -> None:
    alone = {"emails": (), "phones": ()}
    abroad = vary(**alone, addresses=oak(zip5="", city="PERTH"))
    assert house(abroad, vary(**alone, addresses=oak(zip5="", city="PERTH")))[1] == Contact.ADDRESS
    assert house(abroad, vary(**alone, addresses=oak("900 ELM RD", zip5="", city="PERTH")))[1] == Contact.ZIP
    assert house(abroad, vary(**alone, addresses=oak("900 ELM RD", zip5="", city="SYDNEY")))[1] == Contact.DIFFERS


def test_comparing_is_symmetric_and_reaches_every_level() -> None:
    rng = random.Random(20)
    records = [odd_record(rng, number) for number in range(400)]
    seen: list[set[int]] = [set() for _ in COMPARISONS]
    for place, left in enumerate(records):
        for right in records[place + 1 :]:
            levels = compare(left, right, ESTABLISHED)
            assert levels == compare(right, left, ESTABLISHED)
            for number, each in enumerate(levels):
                seen[number].add(int(each))
    for number, shape in enumerate(COMPARISONS):
        assert seen[number] == set(range(len(shape.levels))), shape.name


def test_a_house_level_is_its_two_parts() -> None:
    for surname in Surname:
        for contact in Contact:
            assert house_parts(house_level(surname, contact)) == (surname, contact)
