"""Dates, numbers, telephones, e-mails and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.us import ssn as us_ssn

from matching.addresses import read_address, read_street, standard_city, standard_state, standard_zip5
from matching.contacts import standard_email, standard_phone
from matching.dates import standard_birth_date, standard_date
from matching.identifiers import is_valid_ssn, standard_identifiers
from matching.records import Address, Identifier, StandardAddress
from matching.tables import SSN_PLACEHOLDERS
from matching.text import all_same


@pytest.mark.parametrize(
    "told",
    [
        "1980-02-03", "19800203", "198002031230-0500", "1980-02-03T10:00:00Z", "02/03/1980", "2/3/1980", "02-03-1980",
        "3.2.1980", "3 Feb 1980", "Feb 3, 1980", "03-FEB-1980", "1980/02/03", "February 3rd 1980", "１９８０-02-03",
    ],
)  # fmt: skip
def test_every_usual_form_of_a_date_is_read(told: str) -> None:
    assert standard_birth_date(told).iso == "1980-02-03"


def test_a_day_over_twelve_says_that_the_day_stands_first() -> None:
    assert standard_birth_date("13/02/1980").iso == "1980-02-13"


@pytest.mark.parametrize("told", ["1980", "1980-02", "198002", "1980-00-00", "19800000"])
def test_a_partial_date_keeps_its_year(told: str) -> None:
    standard = standard_birth_date(told)
    assert (standard.iso, standard.year, standard.removed) == ("", "1980", "")


def test_an_impossible_day_keeps_the_year_and_is_reported() -> None:
    standard = standard_birth_date("1981-02-29")
    assert (standard.iso, standard.year, standard.removed) == ("", "1981", "no such day")


@pytest.mark.parametrize("told", ["1900-01-01", "01/01/1901", "18991230"])
def test_a_default_date_is_removed_by_name(told: str) -> None:
    standard = standard_birth_date(told)
    assert (standard.iso, standard.year) == ("", "")
    assert standard.removed.startswith("placeholder ")


def test_a_default_is_a_real_date_of_death() -> None:
    assert standard_date("1901-01-01").iso == "1901-01-01"


@pytest.mark.parametrize("told", ["1850-01-01", "2150-01-01", "0001-01-01", "02/03/80", "yesterday", "99999999"])
def test_what_cannot_be_a_birth_date_is_removed(told: str) -> None:
    standard = standard_birth_date(told)
    assert (standard.iso, standard.year) == ("", "")
    assert standard.removed


@given(st.integers(0, 999_999_999).map(lambda number: f"{number:09d}"))
def test_an_ssn_is_valid_exactly_when_python_stdnum_says_so_and_it_is_no_filler(digits: str) -> None:
    filler = digits in SSN_PLACEHOLDERS or all_same(digits)
    assert is_valid_ssn(digits) == (bool(us_ssn.is_valid(digits)) and not filler)


@pytest.mark.parametrize("told", ["078-05-1120", "219-09-9999", "457-55-5462", "666-12-3456", "000-12-3456"])
def test_numbers_that_were_never_issued_are_no_ssn(told: str) -> None:
    assert not us_ssn.is_valid(told)
    assert standard_identifiers([Identifier("SSA", told, "SS")], frozenset()).ssn == ""


def test_letters_that_a_scanner_takes_for_digits_are_read_in_an_ssn() -> None:
    for told in ("S36-9O-4399", "536-90-4399", "536 90 4399"):
        found = standard_identifiers([Identifier("SSA", told, "SS")], frozenset())
        assert (found.ssn, found.ssn_last4) == ("536904399", "4399")
    assert standard_identifiers([Identifier("SSA", "SOB-IS-ZOLS", "SS")], frozenset()).ssn == ""


def test_an_ssn_has_one_form_and_its_last_four() -> None:
    for told in ("536-90-4399", "536904399", " 536 90 4399 "):
        found = standard_identifiers([Identifier("SSA", told, "SS")], frozenset())
        assert (found.ssn, found.ssn_last4, found.others) == ("536904399", "4399", ())


@pytest.mark.parametrize("told", ["4399", "XXX-XX-4399", "***-**-4399"])
def test_four_digits_are_the_last_four_only(told: str) -> None:
    found = standard_identifiers([Identifier("SSA", told, "SS")], frozenset())
    assert (found.ssn, found.ssn_last4) == ("", "4399")


def test_an_itin_is_an_identifier_of_the_irs() -> None:
    found = standard_identifiers([Identifier("SSA", "912-70-1234", "SS")], frozenset())
    assert (found.ssn, found.ssn_last4, found.others) == ("", "", (("IRS", "ITIN", "912701234"),))


def test_a_number_of_another_shape_is_an_identifier_of_its_own() -> None:
    for told in ("7989054", "AB 12 34 56 C"):
        found = standard_identifiers([Identifier("SSA", told, "SS")], frozenset({"NSW"}))
        assert found.ssn == ""
        assert found.others == (("SSA", "SS", told.replace(" ", "")),)


def test_zeros_lost_by_a_spreadsheet_come_back_where_such_numbers_were_issued() -> None:
    told = [Identifier("SSA", "12345679", "SS")]
    assert standard_identifiers(told, frozenset({"NY"})).ssn == "012345679"
    assert standard_identifiers(told, frozenset({"TX"})).ssn == ""


def test_an_identifier_needs_authority_and_value_and_must_name_a_person() -> None:
    told = [
        Identifier("ny-dl", "a-123.456", "dl"),
        Identifier("NY-DL", "", "DL"),
        Identifier("", "A123456", "DL"),
        Identifier("NORTH", "V100200", "VN"),
        Identifier("NORTH", "0000000", "MR"),
        Identifier("NORTH", "PENDING", "MR"),
    ]
    found = standard_identifiers(told, frozenset())
    assert found.others == (("NY-DL", "DL", "A123456"),)
    assert len(found.removed) == 4


@pytest.mark.parametrize(
    ("told", "digits"),
    [
        ("(212) 555-0100", "2125550100"),
        ("+1 212 555 0100", "2125550100"),
        ("12125550100", "2125550100"),
        ("212.555.0100 x12", "2125550100"),
        ("tel:+1-212-555-0100", "2125550100"),
        ("+44 20 7946 0958", "442079460958"),
        ("٢١٢٥٥٥٠١٠٠", "2125550100"),
    ],
)
def test_a_telephone_number_has_one_form(told: str, digits: str) -> None:
    assert standard_phone(told) == (digits, "")


@pytest.mark.parametrize("told", ["0000000000", "9999999999", "123-456-7890", "212-000-0000", "555-1234", "none", "12"])
def test_filler_and_fragments_are_no_telephone_number(told: str) -> None:
    digits, reason = standard_phone(told)
    assert digits == ""
    assert reason


def test_an_email_is_compared_in_lower_case_and_filler_goes() -> None:
    assert standard_email(" Mary@Example.ORG ") == ("mary@example.org", "")
    assert standard_email("mailto:a.b+c@x.co.uk") == ("a.b+c@x.co.uk", "")
    for told in ("none@none.com", "noreply@clinic.org", "test@x.org", "xxx@x.org", "mary at example", "@x.org"):
        assert standard_email(told)[0] == ""


@pytest.mark.parametrize(
    ("told", "street", "unit"),
    [
        ("123 North Main Street", "123 N MAIN ST", ""),
        ("123 N. Main St., Apt 4B", "123 N MAIN ST", "4B"),
        ("123 Main St #4B", "123 MAIN ST", "4B"),
        ("123 Main Street Unit 4-B", "123 MAIN ST", "4B"),
        ("Apt 4, 12 Main St", "12 MAIN ST", "4"),
        ("12 Oak Ave\nFloor 2", "12 OAK AVE", "2"),
        ("12 Oak Ave Rear", "12 OAK AVE", "REAR"),
        ("4/12 Smith St", "12 SMITH ST", "4"),
        ("123 1/2 Main St", "123 1/2 MAIN ST", ""),
        ("12-34 40th Avenue", "12-34 40TH AVE", ""),
        ("5 First Street Northeast", "5 1ST ST NE", ""),
        ("123 North Avenue", "123 NORTH AVE", ""),
        ("123 Avenue B", "123 AVENUE B", ""),
        ("100 State Route 5", "100 STATE RTE 5", ""),
        ("P.O. Box 0123", "PO BOX 123", ""),
        ("Post Office Box 12", "PO BOX 12", ""),
        ("PO BOX # 77", "PO BOX 77", ""),
        ("12 Oak Ave, PO Box 5", "12 OAK AVE", ""),
        ("Main Street", "MAIN ST", ""),
        ("North Avenue", "NORTH AVE", ""),
        ("Highway 61", "HWY 61", ""),
        ("Rural Route 2, Box 15", "RR 2 BOX 15", ""),
        ("500 Box Elder Road", "500 BOX ELDER RD", ""),
        ("c/o John Roe\n12 Oak Ave", "12 OAK AVE", ""),
        ("C/O Jane Roe, 12 Oak Ave", "12 OAK AVE", ""),
        ("77 O'Connor Street", "77 OCONNOR ST", ""),
    ],
)
def test_a_street_is_in_publication_28_form_without_its_unit(told: str, street: str, unit: str) -> None:
    read = read_street(told)
    assert (read.street, read.unit) == (street, unit)


@pytest.mark.parametrize("told", ["HOMELESS", "Homeless - shelter", "General Delivery", "NFA", "No fixed abode"])
def test_no_fixed_address_is_no_evidence_nor_is_its_zip_code(told: str) -> None:
    read = read_address(Address(told, "Boston", "MA", "02110"))
    assert read.address == StandardAddress()
    assert read.removed


@pytest.mark.parametrize("told", ["UNKNOWN", "n/a", "Address unknown", "XXXX", "none"])
def test_an_unknown_street_keeps_the_city(told: str) -> None:
    read = read_address(Address(told, "Boston", "MA", "02110"))
    assert read.address == StandardAddress("", "", "BOSTON", "MA", "02110")
    assert read.removed == "street: placeholder"


def test_states_are_codes_and_regions_of_other_countries_stay() -> None:
    assert {standard_state(told) for told in ("NY", "ny", "N.Y.", "New York", " new  york ")} == {"NY"}
    assert standard_state("NSW") == "NSW"
    assert standard_state("unknown") == ""


def test_a_zero_lost_from_a_zip_code_comes_back_only_where_zip_codes_begin_with_it() -> None:
    assert standard_zip5("2110", "MA") == "02110"
    assert standard_zip5("901", "PR") == "00901"
    assert standard_zip5("2110", "NSW") == "2110"
    assert standard_zip5("sw1a 1aa", "LONDON") == "SW1A1AA"
    assert standard_zip5("6O185", "IL") == ""
    assert standard_zip5("02110-1234", "MA") == standard_zip5("021101234", "MA") == "02110"
    assert standard_zip5("00000", "MA") == standard_zip5("99999", "NY") == standard_zip5("ABC", "NY") == ""


def test_cities_have_one_spelling() -> None:
    assert standard_city("Saint Louis") == standard_city("St. Louis") == "ST LOUIS"
    assert standard_city("unknown") == standard_city("12345") == ""


@pytest.mark.parametrize("told", ["0000", "0001", "1111", "9999", "6789", "XXX-XX-0001", "***-**-6789"])
def test_the_last_four_digits_of_a_filler_are_no_evidence(told: str) -> None:
    found = standard_identifiers([Identifier("SSA", told, "SS")], frozenset())
    assert (found.ssn_last4, found.removed) == ("", ("ssn: placeholder",))


def test_a_number_that_was_issued_keeps_its_last_four_digits_whatever_they_are() -> None:
    assert standard_identifiers([Identifier("SSA", "536-22-6789", "SS")], frozenset()).ssn_last4 == "6789"
    assert standard_identifiers([Identifier("SSA", "1234", "SS")], frozenset()).ssn_last4 == "1234"
