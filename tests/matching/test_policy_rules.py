"""Each cap and veto on the pair it was made for, and its silence where its evidence does not exist."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matching.model import LinkageModel, PolicySettings
from matching.model_document import load_default
from matching.policy import Verdict, judge
from matching.records import StandardAddress, StandardRecord
from matching.score import score
from tests.matching.people import MARGARET, elsewhere, vary

STRICT = replace(load_default(), policy=PolicySettings(mode="strict"))
ROBERT = vary(given="ROBERT", middle="", family="HOLLOWAY", sex="M", ssn="")


def verdict(left: StandardRecord, right: StandardRecord, model: LinkageModel | None = None) -> Verdict:
    model = model or load_default()
    found = judge(left, right, score(left, right, model), model)
    assert found == judge(right, left, score(right, left, model), model), "policy is symmetric"
    return found


def codes(found: Verdict) -> set[str]:
    return {reason.code for reason in found.reasons}


def test_the_same_person_twice_is_certain() -> None:
    assert verdict(MARGARET, vary(source_system="LAB")) == Verdict("certain")


def test_strangers_are_certainly_not_one() -> None:
    stranger = StandardRecord(name=ROBERT.name, birth_date="1999-01-01", birth_year="1999", sex="M")
    assert verdict(MARGARET, stranger).grade == "certainly-not"


@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        (vary(suffix="JR"), vary(suffix="SR"), "suffix"),
        (vary(suffix="II"), vary(suffix="III"), "suffix"),
        (vary(birth_letter="A"), vary(birth_letter="B"), "birth-letter"),
        (vary(deceased_date="1965-01-01"), MARGARET, "deceased-before"),
        (MARGARET, vary(birth_date="1996-11-02", ssn=""), "generation"),
        (MARGARET, vary(birth_date="1996-11-02", suffix="JR"), "generation"),
        (MARGARET, vary(given="DOROTHY", middle="", ssn=""), "given-differs"),
        (MARGARET, vary(ssn="601558877", emails=(), phones=(), addresses=()), "ssn-differs"),
        (MARGARET, elsewhere(middle="ROSE"), "middle-differs"),
    ],
)
def test_a_veto_speaks_of_two_people(left: StandardRecord, right: StandardRecord, code: str) -> None:
    found = verdict(left, right)
    assert code in {reason.code for reason in found.vetoes}
    assert found.grade != "certain"
    assert all(reason.words for reason in found.reasons)


@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        (vary(ssn=""), vary(given="MARGHARITTA", middle="", ssn=""), "given-similar"),
        (vary(ssn=""), vary(birth_date="1970-11-28", ssn=""), "birth-date-differs"),
        (MARGARET, vary(given="PEGGY", ssn="536221243"), "ssn-near"),
        (vary(ssn=""), vary(given="PEGGY", sex="M", ssn=""), "sex-differs"),
        (vary(deceased_date="2020-01-01"), vary(deceased_date="2021-05-05"), "death-differs"),
        (vary(birth_date="", ssn="", suffix="JR"), vary(ssn=""), "suffix-unsure"),
        (vary(given="", ssn="", birth_letter="A"), vary(ssn=""), "multiple-birth"),
    ],
)
def test_a_cap_holds_the_pair_for_review(left: StandardRecord, right: StandardRecord, code: str) -> None:
    found = verdict(left, right)
    assert code in {reason.code for reason in found.caps}
    assert found.grade in ("probable", "possible")
    assert not found.vetoes


def test_a_birth_date_a_generation_away_is_an_error_where_number_name_and_address_agree() -> None:
    assert verdict(MARGARET, vary(birth_date="1996-11-02", source_system="LAB")).grade == "certain"
    elsewhere_ = vary(birth_date="1996-11-02", addresses=(), phones=(), emails=())
    assert "generation" in codes(verdict(MARGARET, elsewhere_))


def test_jr_and_ii_are_the_same_man() -> None:
    assert "suffix" not in codes(verdict(vary(suffix="JR"), vary(suffix="II")))


def test_the_same_ssn_and_birth_date_allow_another_given_name() -> None:
    assert verdict(MARGARET, vary(given="DOROTHY", middle="")).grade == "certain"


def test_a_family_shares_a_member_number_but_not_a_licence() -> None:
    twin = {"given": "DOROTHY", "middle": "", "ssn": ""}
    member = (("ACME", "MB", "W123456"),)
    licence = (("IL", "DL", "W123456"),)
    assert verdict(vary(ssn="", identifiers=member), vary(**twin, identifiers=member)).grade != "certain"
    assert verdict(vary(ssn="", identifiers=licence), vary(**twin, identifiers=licence)).grade == "certain"


def test_two_contradictions_in_one_household_are_not_worth_a_review() -> None:
    twin = vary(given="DANIEL", middle="", sex="M", ssn="")
    found = verdict(vary(ssn=""), twin)
    assert found.grade == "certainly-not"
    assert "two-people" in codes(found)


def test_agreement_on_the_household_alone_is_held() -> None:
    nameless = vary(given="", middle="", birth_date="", ssn="")
    assert verdict(MARGARET, nameless).grade != "certain"


def test_a_newborn_name_links_only_to_the_sole_candidate() -> None:
    newborn = vary(given="", middle="", ssn="", newborn=True, emails=())
    found = verdict(vary(ssn=""), newborn)
    assert found.automatic_if_sole
    assert codes(found) == {"given-unknown"}


def test_an_initial_with_the_ssn_needs_no_sole_candidate() -> None:
    assert verdict(MARGARET, vary(given="M", middle="")).grade == "certain"
    assert verdict(vary(ssn=""), vary(given="M", middle="", ssn="")).automatic_if_sole


def test_a_rare_name_and_birth_date_link_without_contact_and_a_common_one_does_not() -> None:
    rare = {"given": "THEODORA", "middle": "", "family": "ZYWICKI"}
    assert verdict(vary(**rare), elsewhere(**rare)).grade == "certain"
    common = {"given": "JAMES", "middle": "", "family": "SMITH", "sex": "M"}
    found = verdict(vary(**common), elsewhere(**common))
    assert codes(found) == {"namesake"}
    assert found.grade == "probable"


def test_strict_mode_switches_the_namesake_rule_off() -> None:
    rare = {"given": "THEODORA", "middle": "", "family": "ZYWICKI"}
    assert codes(verdict(vary(**rare), elsewhere(**rare), STRICT)) == {"evidence"}


def test_a_larger_population_holds_more_namesakes() -> None:
    name = {"given": "THEODORA", "middle": "", "family": "ZYWICKI"}
    crowded = replace(load_default(), policy=PolicySettings(population=10**10))
    assert codes(verdict(vary(**name), elsewhere(**name), crowded)) == {"namesake"}


def test_another_address_needs_the_middle_initial_too() -> None:
    away = (StandardAddress("900 ELM RD", "", "RENO", "NV", "89501"),)
    rare = {"given": "THEODORA", "family": "ZYWICKI"}
    moved = elsewhere(**rare, addresses=away)
    assert codes(verdict(vary(**rare, middle=""), moved)) == {"namesake"}
    assert verdict(vary(**rare, middle="A"), moved).grade == "certain"


def test_guards_are_silent_where_their_evidence_does_not_exist() -> None:
    """A source without SSN, suffix, sex, middle name and telecom is not held for want of them."""
    bare = StandardRecord(
        name=replace(MARGARET.name, middle=""), birth_date="1970-03-14", birth_year="1970", addresses=MARGARET.addresses
    )
    assert verdict(bare, replace(bare, source_system="LAB")).grade == "certain"


def test_policy_never_changes_the_number() -> None:
    model = load_default()
    left, right = vary(suffix="JR"), vary(suffix="SR")
    assert score(left, right, model).bits == score(MARGARET, MARGARET, model).bits
