"""Whole records: what is kept, what is removed and why, and that no text can make it fail."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.blocking import blocking_keys
from matching.records import Address, Identifier, Name, PatientRecord, StandardAddress, StandardName, Telecom
from matching.standardise import ExcessiveValues, standardise, value_digest
from matching.survivorship import member_values

MARY = PatientRecord(
    source_system="NORTH",
    mrn="100",
    names=(Name(family="O'Neill-Smith", given="Mary Ann", middle="L", suffix=""), Name(family="Brown", use="maiden")),
    birth_date="02/03/1980",
    sex="female",
    addresses=(
        Address(street="9 Elm St", city="Salem", state="MA", postal_code="01970", use="old"),
        Address(street="12 North Oak Avenue, Apt 3", city="Saint Paul", state="Massachusetts", postal_code="2110"),
    ),
    telecoms=(
        Telecom("phone", "617-555-0199", "old"),
        Telecom("phone", "(617) 555-0100"),
        Telecom("email", "Mary@Example.ORG"),
    ),
    identifiers=(Identifier("SSA", "536-90-4399", "SS"), Identifier("MA-DL", "s-123 456", "DL")),
    mothers_maiden_name="de la Cruz",
)


def test_a_whole_record_comes_out_in_standard_form() -> None:
    standard = standardise(MARY)
    assert standard.name == StandardName("MARY", "ANN L", "ONEILL SMITH", "", ("ONEILL", "SMITH"))
    assert standard.former_names == (StandardName(family="BROWN"),)
    assert (standard.birth_date, standard.birth_year, standard.sex) == ("1980-02-03", "1980", "F")
    assert (standard.ssn, standard.ssn_last4) == ("536904399", "4399")
    assert standard.addresses == (
        StandardAddress("12 N OAK AVE", "3", "ST PAUL", "MA", "02110"),
        StandardAddress("9 ELM ST", "", "SALEM", "MA", "01970"),
    )
    assert standard.phones == ("6175550100", "6175550199")
    assert standard.emails == ("mary@example.org",)
    assert standard.identifiers == (("MA-DL", "DL", "S123456"),)
    assert standard.mothers_maiden_name == "DELACRUZ"
    assert standard.removed == ()


def test_what_carries_no_evidence_is_removed_with_the_reason() -> None:
    told = PatientRecord(
        source_system="A",
        mrn="1",
        names=(Name(family="UNKNOWN", given="XXX"),),
        birth_date="1900-01-01",
        sex="U",
        addresses=(Address(street="Homeless", city="Boston", state="MA", postal_code="02110"),),
        telecoms=(Telecom("phone", "000-000-0000"), Telecom("email", "none@none.com")),
        identifiers=(Identifier("SSA", "999-99-9999", "SS"),),
    )
    standard = standardise(told)
    assert blocking_keys(standard) == ()
    assert standard.removed == (
        "family_name: placeholder UNKNOWN",
        "given_name: placeholder",
        "birth_date: placeholder 1900-01-01",
        "address: placeholder, no fixed address",
        "ssn: placeholder",
        "phone: placeholder",
        "email: placeholder",
    )


def test_a_value_that_occurs_absurdly_often_is_no_evidence() -> None:
    excessive = ExcessiveValues(
        ssns=frozenset({value_digest("536904399")}),
        phones=frozenset({value_digest("6175550100")}),
        emails=frozenset({value_digest("mary@example.org")}),
    )
    standard = standardise(MARY, excessive=excessive)
    assert (standard.ssn, standard.ssn_last4, standard.emails) == ("", "", ())
    assert standard.phones == ("6175550199",)
    assert standard.removed == ("ssn: occurs too often", "phone: occurs too often", "email: occurs too often")


def test_the_current_name_is_the_first_official_one_that_has_not_ended() -> None:
    names = (
        Name(family="Ant", given="A", use="nickname"),
        Name(family="Bee", given="Bo", use="official", end="2019-01-01"),
        Name(family="Cat", given="Cy", use="usual"),
        Name(family="Dog", given="Di", use="anonymous"),
    )
    standard = standardise(PatientRecord("A", "1", names=names))
    assert standard.name.family == "CAT"
    assert [name.family for name in standard.former_names] == ["ANT", "BEE"]
    assert standard.removed == ("name: anonymous",)


def test_a_former_name_alone_is_never_the_current_one() -> None:
    standard = standardise(PatientRecord("A", "1", names=(Name(family="Brown", use="maiden"),)))
    assert standard.name == StandardName()
    assert standard.former_names == (StandardName(family="BROWN"),)


def test_a_newborn_name_leaves_sex_and_letter_but_no_given_name() -> None:
    standard = standardise(PatientRecord("A", "1", names=(Name(family="Smith", given="Girl2Marie"),)))
    assert standard.newborn
    assert standard.name == StandardName(family="SMITH")
    assert (standard.sex, standard.birth_letter) == ("F", "B")


def test_the_told_sex_stands_over_the_one_of_a_newborn_name() -> None:
    standard = standardise(PatientRecord("A", "1", names=(Name(family="Smith", given="BABY BOY"),), sex="F"))
    assert standard.sex == "F"


@pytest.mark.parametrize(
    ("multiple_birth", "birth_order", "letter"),
    [(True, 1, "A"), (True, 2, "B"), (None, 2, "B"), (None, 1, ""), (False, 2, ""), (True, None, ""), (True, 99, "")],
)
def test_the_order_of_birth_is_a_letter_of_a_multiple_birth_only(
    multiple_birth: bool | None, birth_order: int | None, letter: str
) -> None:
    told = PatientRecord("A", "1", multiple_birth=multiple_birth, birth_order=birth_order)
    assert standardise(told).birth_letter == letter


@pytest.mark.parametrize(
    ("told", "sex"),
    [("F", "F"), ("m", "M"), ("female", "F"), ("Male", "M"), ("U", ""), ("O", ""), ("A", ""), ("N", ""), ("other", "")],
)
def test_sex_codes_of_hl7_and_fhir_are_understood(told: str, sex: str) -> None:
    standard = standardise(PatientRecord("A", "1", sex=told))
    assert (standard.sex, standard.removed) == (sex, ())


def test_an_unknown_sex_code_is_reported() -> None:
    assert standardise(PatientRecord("A", "1", sex="zebra")).removed == ("sex: not understood",)


TEXT = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=string.ascii_letters + string.digits + " -'.,/#^()@+\n", max_size=60),
    st.sampled_from(["", " ", "-", ",", "^^^^", "\ud800", "DR", "JR", "BABY BOY", "PO BOX", "C/O", "#", "٠١٢٣٤٥٦٧٨٩"]),
)


@st.composite
def records(draw: st.DrawFn) -> PatientRecord:
    """Any record at all, every text of any characters."""

    def several(kind: st.SearchStrategy[object]) -> tuple[object, ...]:
        return tuple(draw(st.lists(kind, max_size=3)))

    names = st.builds(
        Name, family=TEXT, given=TEXT, middle=TEXT, suffix=TEXT, prefix=TEXT, text=TEXT,
        end=st.sampled_from(["", "2020"]),
        use=st.sampled_from(["official", "usual", "nickname", "maiden", "old", "alias", "anonymous"]),
    )  # fmt: skip
    addresses = st.builds(
        Address, street=TEXT, city=TEXT, state=TEXT, postal_code=TEXT, use=st.sampled_from(["home", "old"])
    )
    telecoms = st.builds(Telecom, st.sampled_from(["phone", "email"]), TEXT, st.sampled_from(["home", "old"]))
    identifiers = st.builds(Identifier, st.one_of(TEXT, st.just("SSA")), TEXT, st.sampled_from(["SS", "DL", "AN", ""]))
    return PatientRecord(
        source_system="A",
        mrn="1",
        names=several(names),  # type: ignore[arg-type]
        birth_date=draw(TEXT),
        sex=draw(TEXT),
        addresses=several(addresses),  # type: ignore[arg-type]
        telecoms=several(telecoms),  # type: ignore[arg-type]
        identifiers=several(identifiers),  # type: ignore[arg-type]
        deceased_date=draw(TEXT),
        birth_order=draw(st.one_of(st.none(), st.integers())),
        mothers_maiden_name=draw(TEXT),
    )


NAME_ALPHABET = re.compile(r"(?:[A-Z]+(?: [A-Z]+)*)?")


@settings(max_examples=400)
@given(record=records())
def test_no_text_raises_and_only_standard_values_come_out(record: PatientRecord) -> None:
    standard = standardise(record)
    for name in (standard.name, *standard.former_names):
        for part in (name.given, name.middle, name.family, *name.family_parts):
            assert NAME_ALPHABET.fullmatch(part)
        assert name.suffix in {"", "JR", "SR", "II", "III", "IV", "V", "VI"}
    assert re.fullmatch(r"(?:\d{4}-\d\d-\d\d)?", standard.birth_date)
    assert re.fullmatch(r"(?:[0-9]{9})?", standard.ssn)
    assert all(re.fullmatch(r"[0-9]+", phone) for phone in standard.phones)
    assert all(re.fullmatch(r"[0-9A-Z]{0,8}", address.zip5) for address in standard.addresses)
    for address in standard.addresses:
        assert (address.street + address.unit + address.city + address.state).isascii()
    assert standard == standardise(record)
    assert list(blocking_keys(standard)) == sorted(set(blocking_keys(standard)))
    assert all(value.key for value in member_values(record, standard).values())


WORDS = st.sampled_from(
    [
        "Mary",
        "ann",
        "JEAN",
        "José",
        "O'Neill",
        "Mc",
        "Donald",
        "de",
        "la",
        "Cruz",
        "van",
        "Smith",
        "Müller",
        "St.",
        "J",
        "y",
    ]
)
WRITTEN = st.builds(str.join, st.sampled_from([" ", "-", " - "]), st.lists(WORDS, min_size=1, max_size=4))


@settings(max_examples=200)
@given(family=WRITTEN, told=WRITTEN)
def test_a_standard_name_stays_as_it_is_when_it_is_standardised_again(family: str, told: str) -> None:
    once = standardise(PatientRecord("A", "1", names=(Name(family=family, given=told),))).name
    again = standardise(PatientRecord("A", "1", names=(Name(once.family, once.given, once.middle),))).name
    assert (again.given, again.middle) == (once.given, once.middle)
    assert again.family.replace(" ", "") == once.family.replace(" ", "")


def test_the_reasons_never_hold_a_told_value() -> None:
    told = PatientRecord(
        "A",
        "1",
        names=(Name(family="12345", given="Dr"),),
        birth_date="31/31/1980 Zanzibar",
        sex="zebra",
        telecoms=(Telecom("phone", "Zanzibar"), Telecom("email", "Zanzibar")),
        identifiers=(Identifier("SSA", "666-12-3456", "SS"), Identifier("", "Zanzibar9", "DL")),
    )
    reasons = " ".join(standardise(told).removed)
    assert reasons.count(":") == 8
    for value in ("12345", "Zanzibar", "zebra", "666"):
        assert value.lower() not in reasons.lower()
