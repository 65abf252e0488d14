"""Overlay: another person over a record is stopped, a life's ordinary changes are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matching.overlay import EXPLANATION_WORDS, REASON_WORDS, assess
from matching.records import StandardAddress, StandardName, StandardRecord

HOME = StandardAddress("12 OAK AVE", "", "BOSTON", "MA", "02110")
ANN = StandardRecord(
    name=StandardName("ANN", "LEE", "BROWN"),
    birth_date="1980-02-13",
    birth_year="1980",
    sex="F",
    ssn="536904399",
    ssn_last4="4399",
    addresses=(HOME,),
    phones=("6175550100",),
)
NO_SSN = replace(ANN, ssn="", ssn_last4="")
BOB = StandardRecord(
    name=StandardName("ROBERT", "", "JONES"),
    birth_date="1955-11-30",
    birth_year="1955",
    sex="M",
    ssn="212561234",
    ssn_last4="1234",
    addresses=(StandardAddress("9 ELM ST", "", "SALEM", "MA", "01970"),),
    phones=("9785550123",),
)


def born(record: StandardRecord, date: str) -> StandardRecord:
    return replace(record, birth_date=date, birth_year=date[:4])


def called(record: StandardRecord, given: str = "ANN", family: str = "BROWN", **more: str) -> StandardRecord:
    return replace(record, name=StandardName(given, family=family, **more))


def verdict(old: StandardRecord, new: StandardRecord) -> str:
    return assess(old, new).verdict


def test_another_person_is_quarantined() -> None:
    result = assess(ANN, BOB)
    assert result.verdict == "quarantine"
    assert result.reasons == ("name_and_birth_date_changed", "ssn_replaced")
    assert result.explained_by == ()


def test_nothing_changed_is_allowed_without_a_word() -> None:
    assert assess(NO_SSN, replace(NO_SSN, phones=(), addresses=())).reasons == ()
    assert verdict(ANN, ANN) == "allow"


def test_address_telephone_and_email_alone_never_count() -> None:
    moved = replace(ANN, addresses=BOB.addresses, phones=BOB.phones, emails=("x@example.org",))
    assert assess(replace(ANN, emails=("a@example.org",)), moved).verdict == "allow"


def test_the_same_family_at_the_same_address_does_not_excuse_another_name_and_birth_date() -> None:
    brother = born(called(NO_SSN, "CARL"), "1983-07-01")
    assert verdict(NO_SSN, brother) == "quarantine"
    assert "same_contact" in assess(NO_SSN, brother).explained_by


def test_marriage_is_explained() -> None:
    result = assess(NO_SSN, called(NO_SSN, family="JONES"))
    assert result.verdict == "allow"
    assert "marriage" in result.explained_by
    moved_too = replace(called(NO_SSN, family="JONES"), addresses=BOB.addresses, phones=BOB.phones)
    assert verdict(NO_SSN, moved_too) == "allow"


def test_a_new_family_name_without_any_birth_date_is_looked_at() -> None:
    assert verdict(born(NO_SSN, ""), called(born(NO_SSN, ""), family="JONES")) == "review"


def test_a_name_that_was_told_as_former_is_explained() -> None:
    new = replace(called(ANN, "ANNA MARIA", "JONES"), former_names=(StandardName("ANN", "", "BROWN"),))
    result = assess(NO_SSN, replace(new, ssn=""))
    assert result.verdict == "allow"
    assert "former_name" in result.explained_by


def test_a_newborn_that_gets_its_name_is_explained_and_so_is_the_fathers_surname() -> None:
    newborn = replace(born(called(NO_SSN, "", "BROWN"), "2024-02-13"), newborn=True, sex="M")
    named = replace(born(called(NO_SSN, "LIAM", "JONES"), "2024-02-13"), sex="M")
    result = assess(newborn, named)
    assert result.verdict == "allow"
    assert "newborn_named" in result.explained_by
    assert (
        verdict(newborn, born(replace(named, addresses=BOB.addresses, phones=BOB.phones), "2019-07-01")) == "quarantine"
    )
    assert verdict(newborn, replace(named, sex="F")) == "review"


def test_the_other_child_of_a_multiple_birth_is_looked_at() -> None:
    first = replace(born(called(NO_SSN, "", "BROWN"), "2024-02-13"), newborn=True, birth_letter="A")
    assert assess(first, replace(first, birth_letter="B")).reasons == ("birth_letter_changed",)


def test_an_alias_that_is_identified_is_explained() -> None:
    alias = StandardRecord(birth_date="1970-01-01", birth_year="1970", sex="F")
    result = assess(alias, ANN)
    assert result.verdict == "allow"
    assert result.explained_by == ("alias_identified", "ssn_added")
    assert verdict(alias, replace(ANN, sex="M")) == "review"


@pytest.mark.parametrize(
    "new",
    [
        called(ANN, "ANNE"),
        called(ANN, "A"),
        called(ANN, "LEE"),
        called(ANN, family="BROWNE"),
        called(ANN, family="JONES BROWN", family_parts=("JONES", "BROWN")),  # type: ignore[arg-type]
        called(ANN, "BROWN", "ANN"),
        born(ANN, "1980-02-18"),
        born(ANN, "1980-12-13"),
        replace(ANN, ssn="536904398"),
        called(born(ANN, "1980-02-23"), "ANNE"),
    ],
)
def test_typing_errors_nicknames_and_swapped_fields_are_allowed(new: StandardRecord) -> None:
    assert verdict(ANN, new) == "allow"


def test_day_and_month_swapped_is_a_typing_error() -> None:
    assert verdict(born(NO_SSN, "1980-02-03"), born(NO_SSN, "1980-03-02")) == "allow"


def test_a_sex_marker_alone_is_allowed() -> None:
    result = assess(ANN, replace(ANN, sex="M"))
    assert (result.verdict, "sex_marker" in result.explained_by) == ("allow", True)


def test_an_added_ssn_is_explained_and_a_replaced_one_is_looked_at() -> None:
    assert assess(NO_SSN, ANN).explained_by == ("ssn_added", "same_contact")
    assert assess(ANN, replace(ANN, ssn="212561234")).verdict == "review"


def test_another_given_name_may_be_a_twin() -> None:
    twin = called(NO_SSN, "CARLA")
    assert verdict(NO_SSN, twin) == "quarantine"
    assert verdict(replace(NO_SSN, birth_date="", birth_year=""), twin) == "review"
    assert verdict(ANN, replace(twin, ssn="212561234")) == "quarantine"
    assert verdict(ANN, replace(twin, ssn=ANN.ssn)) == "allow"


def test_father_and_son_are_not_excused_by_one_name() -> None:
    son = born(called(NO_SSN, suffix="JR"), "2005-06-01")
    assert assess(NO_SSN, son).reasons == ("generation_changed",)
    assert verdict(NO_SSN, son) == "quarantine"
    assert verdict(ANN, replace(son, ssn=ANN.ssn)) == "allow"
    assert verdict(NO_SSN, replace(son, phones=BOB.phones, addresses=BOB.addresses)) == "quarantine"
    assert verdict(called(NO_SSN, suffix="SR"), called(NO_SSN, suffix="JR")) == "review"


def test_a_birth_date_that_is_corrected_under_one_ssn_is_allowed() -> None:
    assert verdict(ANN, born(ANN, "1979-12-01")) == "allow"
    assert verdict(NO_SSN, born(NO_SSN, "1979-12-01")) == "review"


def test_a_name_that_vanishes_is_looked_at() -> None:
    assert assess(ANN, replace(ANN, name=StandardName())).reasons == ("identity_removed",)
    assert verdict(ANN, replace(BOB, name=StandardName())) == "quarantine"
    assert verdict(ANN, replace(called(ANN, ""), newborn=True)) == "review"


def test_every_code_has_its_words() -> None:
    seen_reasons: set[str] = set()
    seen_explanations: set[str] = set()
    changed = [ANN, BOB, NO_SSN, called(ANN, "CARLA"), called(ANN, family="JONES"), born(ANN, "2005-06-01")]
    for old in changed:
        for new in changed:
            result = assess(old, new)
            seen_reasons |= set(result.reasons)
            seen_explanations |= set(result.explained_by)
    assert seen_reasons <= REASON_WORDS.keys()
    assert seen_explanations <= EXPLANATION_WORDS.keys()
    assert len(seen_reasons) >= 5


@pytest.mark.parametrize(
    ("old", "new"),
    [("OLIVIA", "LIV"), ("KATHLEEN", "KATHIE"), ("MADISON", "MADDIE"), ("JIM", "JM"), ("NIA", "NOA"), ("ANN", "ANNA")],
)
def test_short_forms_and_slips_in_short_names_are_allowed(old: str, new: str) -> None:
    assert verdict(called(NO_SSN, old), called(NO_SSN, new)) == "allow"
    assert verdict(called(NO_SSN, new), called(NO_SSN, old)) == "allow"


@pytest.mark.parametrize(("old", "new"), [("MIA", "TIA"), ("JO", "AL"), ("MARGARET", "MARJORIE")])
def test_names_that_only_sound_alike_are_two_children(old: str, new: str) -> None:
    assert verdict(called(NO_SSN, old), called(NO_SSN, new)) == "quarantine"
