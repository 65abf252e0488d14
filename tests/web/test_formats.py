"""Safety-critical text: names, dates, ages, numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mpi.web import formats


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ({"family": "Holloway", "given": "Margaret", "middle": "Ann"}, "HOLLOWAY, Margaret Ann"),
        ({"family": "holloway", "given": "MARGARET", "suffix": "Jr"}, "HOLLOWAY, Margaret (Jr)"),
        ({"family": "de la Cruz", "given": "Ana-María"}, "DE LA CRUZ, Ana-María"),
        ({"family": "O'Brien", "given": "SEÁN"}, "O'BRIEN, Seán"),
        ({"given": "Prince"}, "Prince"),
        ({"text": "Unknown, male"}, "Unknown, male"),
        ({}, ""),
    ],
)
def test_a_name_is_written_family_in_capitals_then_given(name, written):
    assert formats.person_name(name) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1971-03-09", "09-Mar-1971"),
        (date(2026, 11, 1), "01-Nov-2026"),
        ("1971-03", "Mar-1971"),
        ("1971", "1971"),
        ("10/28/1953", "10/28/1953"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_date_has_its_month_in_letters(value, written):
    assert formats.day(value) == written


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("2026-11-21", "0 d"),
        ("2026-10-25", "27 d"),
        ("2026-10-24", "4 w"),
        ("2025-11-22", "52 w"),
        ("2025-11-21", "12 mo"),
        ("2024-11-22", "23 mo"),
        ("2024-11-21", "2 y"),
        ("1971-11-22", "54 y"),
        ("1971-11-21", "55 y"),
        ("2027-01-01", ""),
        ("1971", ""),
    ],
)
def test_an_age_is_told_in_days_weeks_months_or_years(born, age):
    assert formats.age(born, date(2026, 11, 21)) == age


def test_a_time_has_24_hours_and_its_zone():
    assert formats.moment(datetime(2026, 11, 21, 14, 2, 9, tzinfo=UTC)) == "21-Nov-2026 14:02 UTC"
    assert formats.moment(datetime(2026, 11, 21, 14, 2, 9, tzinfo=UTC), seconds=True) == "21-Nov-2026 14:02:09 UTC"


@pytest.mark.parametrize(
    ("told", "written"),
    [("603-555-0141", "(603) 555-0141"), ("+16035550141", "(603) 555-0141"), ("+44 20 7946 0000", "+44 20 7946 0000")],
)
def test_a_phone_number_is_grouped_where_its_plan_is_known(told, written):
    assert formats.phone(told) == written


def test_an_ssn_is_masked_to_its_last_four():
    assert formats.masked_ssn("412-55-8801") == "•••-••-8801"
    assert formats.masked_ssn("***-**-8801") == "•••-••-8801"
    assert formats.masked_ssn("") == ""


@pytest.mark.parametrize(("bits", "written"), [(9.44, "+9.4"), (-3.06, "−3.1"), (0.04, "0"), (-0.04, "0"), (None, "")])
def test_bits_have_a_sign_and_a_real_minus(bits, written):
    assert formats.bits(bits) == written


@pytest.mark.parametrize(
    ("probability", "written"), [(0.9962, "99.6 %"), (0.99999, "> 99.9 %"), (1.0, "> 99.9 %"), (0.0001, "< 0.1 %")]
)
def test_no_probability_is_written_as_a_certainty(probability, written):
    assert formats.probability(probability) == written


def test_an_euid_is_written_in_groups_of_four():
    assert formats.euid("7QK42M9X8B3H") == "7QK4-2M9X-8B3H"


def test_a_shouted_address_is_written_in_small_letters_but_as_told_word_for_word_where_asked():
    told = {"street": "486 S ASHLAND BLVD NE", "city": "NAPERVILLE", "state": "IL", "postal_code": "60563"}
    assert formats.address(told) == "486 S Ashland Blvd NE, Naperville, IL 60563"
    assert formats.told_address(told) == "486 S ASHLAND BLVD NE, NAPERVILLE, IL 60563"
