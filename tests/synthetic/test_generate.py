"""The stream of generated records: the same for the same seed, complete, and of the promised shape."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from itertools import islice, pairwise

import pytest

from mpi.synthetic.generate import COLUMNS, GeneratedRecord, generate
from mpi.synthetic.prevalence import PREVALENCE, Prevalence, prevalence_hash
from mpi.synthetic.systems import DEFAULT_SYSTEMS, synthetic_systems

RECORDS = 10_000

IMPORT_COLUMNS = [
    "source_system", "mrn", "given_name", "middle_name", "family_name", "suffix", "birth_date", "sex", "ssn",
    "street", "city", "state", "postal_code", "phone", "email", "previous_family_name", "updated_at",
]  # fmt: skip

EVERY_TRAIT = {
    "twin", "jr_sr", "namesake", "duplicate", "sparse", "newborn_name", "nickname", "middle_as_given",
    "names_swapped", "two_surnames", "first_surname_dropped", "hyphenated_surname", "given_name_parts", "accents",
    "particle", "former_family_name", "previous_family_name", "suffix", "suffix_in_family_name", "spelling_variant",
    "given_typo", "family_typo", "initial_only", "unknown_name", "middle_name_wrong", "day_month_swapped",
    "birth_digit_error", "birth_year_off", "birth_transposed", "birth_first_of_january", "birth_placeholder",
    "birth_date_missing", "sex_wrong", "ssn_typo", "ssn_last4", "ssn_of_relative", "ssn_placeholder",
    "former_address", "po_box", "address_placeholder", "street_typo", "city_typo", "postal_code_typo",
    "shared_phone", "former_phone", "phone_of_relative", "phone_typo", "phone_placeholder", "former_email",
    "email_typo", "email_placeholder",
}  # fmt: skip


@pytest.fixture(scope="module")
def population() -> list[GeneratedRecord]:
    return list(generate(RECORDS, 11))


def values(population: list[GeneratedRecord], column: str) -> list[str]:
    place = COLUMNS.index(column)
    return [record.row[place] for record in population]


def test_the_same_seed_gives_the_same_records() -> None:
    assert list(generate(1_500, 3)) == list(generate(1_500, 3))


def test_another_seed_gives_other_people() -> None:
    assert {r.row for r in generate(300, 3)}.isdisjoint({r.row for r in generate(300, 4)})


def test_the_columns_are_those_of_an_import_file(population: list[GeneratedRecord]) -> None:
    assert list(COLUMNS) == IMPORT_COLUMNS
    assert {len(record.row) for record in population} == {len(COLUMNS)}
    assert population[0].as_dict()["mrn"] == population[0].row[1]


@pytest.mark.parametrize("records", [0, 1, 777])
def test_exactly_as_many_records_come_as_were_asked_for(records: int) -> None:
    assert len(list(generate(records, 5))) == records


def test_a_long_stream_starts_without_being_made_whole() -> None:
    assert len(list(islice(generate(10**12, 5), 3))) == 3


def test_a_negative_number_of_records_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        next(generate(-1, 5))


def test_no_two_records_of_one_system_share_a_number(population: list[GeneratedRecord]) -> None:
    assert len({(r.row[0], r.row[1]) for r in population}) == RECORDS


def test_every_special_case_occurs(population: list[GeneratedRecord]) -> None:
    found = {trait for record in population for trait in record.traits}
    assert EVERY_TRAIT - found == set()


def test_special_cases_are_rare_where_life_makes_them_rare(population: list[GeneratedRecord]) -> None:
    share = Counter(trait for record in population for trait in set(record.traits))
    per_cent = {trait: 100 * count / RECORDS for trait, count in share.items()}
    assert 2.5 < per_cent["duplicate"] < 5
    assert 6 < per_cent["former_address"] < 14
    assert 2 < per_cent["nickname"] < 7
    assert 0.8 < per_cent["given_typo"] < 3
    assert 0.8 < per_cent["family_typo"] < 3
    assert per_cent["names_swapped"] < 2
    assert per_cent["namesake"] < 1


def test_a_person_has_two_to_three_records_on_average(population: list[GeneratedRecord]) -> None:
    persons = len({record.person_id for record in population})
    assert 2.2 < RECORDS / persons < 2.7


def test_four_systems_hold_records_and_the_first_most(population: list[GeneratedRecord]) -> None:
    held = Counter(values(population, "source_system"))
    assert set(held) == {system.code for system in DEFAULT_SYSTEMS}
    assert held.most_common()[0][0] == "GENHOSP"


def test_some_values_are_missing_but_names_never(population: list[GeneratedRecord]) -> None:
    assert all(values(population, "family_name"))
    assert all(values(population, "given_name"))
    assert 0.30 < values(population, "ssn").count("") / RECORDS < 0.45
    assert 0.01 < values(population, "street").count("") / RECORDS < 0.10
    assert 0.05 < values(population, "phone").count("") / RECORDS < 0.20


def test_social_security_numbers_look_valid_unless_they_are_placeholders(population: list[GeneratedRecord]) -> None:
    for record in population:
        told = record.as_dict()["ssn"].replace("-", "")
        strange = {"ssn_placeholder", "ssn_typo", "ssn_of_stranger"} & set(record.traits)
        if told and not strange:
            assert re.fullmatch(r"\d{4}|\d{9}", told)
            if len(told) == 9:
                assert told[:3] not in ("000", "666")
                assert told[0] != "9"
                assert told[3:5] != "00"
                assert told[5:] != "0000"


def test_two_people_never_have_one_social_security_number(population: list[GeneratedRecord]) -> None:
    holders: dict[str, set[str]] = {}
    for record in population:
        told = record.as_dict()["ssn"].replace("-", "")
        wrong = {"ssn_placeholder", "ssn_typo", "ssn_of_stranger", "ssn_of_relative"} & set(record.traits)
        if len(told) == 9 and not wrong:
            holders.setdefault(told, set()).add(record.person_id)
    assert len(holders) > 500
    assert all(len(persons) == 1 for persons in holders.values())


def test_telephone_numbers_are_not_of_the_range_kept_for_fiction(population: list[GeneratedRecord]) -> None:
    for record in population:
        digits = re.sub(r"\D", "", record.as_dict()["phone"])[-10:]
        if digits and not {"phone_placeholder", "phone_typo"} & set(record.traits):
            assert re.fullmatch(r"[2-9]\d\d[2-9]\d{6}", digits)
            assert digits[3:6] != "555"


def test_each_system_writes_in_its_own_manner(population: list[GeneratedRecord]) -> None:
    for record in population:
        row = record.as_dict()
        birth_date, lab = row["birth_date"], row["source_system"] == "RIVERLAB"
        if birth_date:
            assert date.fromisoformat(birth_date) if not lab else datetime.strptime(birth_date, "%m/%d/%Y")
        if lab:
            assert row["family_name"].isupper()
            assert row["family_name"].isascii()
    assert {"female", "male"} <= {r.as_dict()["sex"] for r in population if r.row[0] == "PORTAL"}


def test_the_moment_of_the_last_update_is_utc_and_past(population: list[GeneratedRecord]) -> None:
    moments = values(population, "updated_at")
    assert all(re.fullmatch(r"20(1[6-9]|2[0-5])-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment) for moment in moments)


def test_members_of_a_household_do_not_arrive_together(population: list[GeneratedRecord]) -> None:
    neighbours = sum(a.person_id == b.person_id for a, b in pairwise(population))
    assert neighbours < RECORDS / 100


def test_more_systems_spread_the_same_people() -> None:
    held = Counter(record.row[0] for record in generate(4_000, 2, systems=7))
    assert set(held) == {system.code for system in synthetic_systems(7)}
    assert len({system.rank for system in synthetic_systems(7)}) == 7


@pytest.mark.parametrize("systems", [0, 100])
def test_an_impossible_number_of_systems_is_refused(systems: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 99"):
        next(generate(10, 1, systems))


def test_the_hash_of_the_prevalences_follows_every_rate() -> None:
    assert prevalence_hash() == prevalence_hash(PREVALENCE)
    assert prevalence_hash() != prevalence_hash(Prevalence(given_typo=0.5))
    assert re.fullmatch(r"[0-9a-f]{64}", prevalence_hash())
