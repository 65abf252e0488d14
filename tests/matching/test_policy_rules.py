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
        (
            vary(given="JAMES", family="SMITH"),
            elsewhere(given="JAMES", family="SMITH", middle="ROSE"),
            "middle-differs",
        ),
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


def test_a_birth_date_a_generation_away_is_an_error_where_the_own_number_and_the_whole_name_agree() -> None:
    born = {"birth_date": "1996-11-02", "source_system": "LAB"}
    assert verdict(MARGARET, vary(**born)).grade == "certain"
    assert verdict(MARGARET, vary(**born, addresses=(), phones=(), emails=())).grade == "certain"
    for other in ({"family": "ZYWICKI"}, {"given": "DOROTHY"}, {"middle": "ROSE"}, {"sex": "M"}):
        assert "generation" in codes(verdict(MARGARET, vary(**born, **other)))


def test_a_father_and_a_son_of_one_name_may_share_a_member_number() -> None:
    father = vary(ssn="", identifiers=(("ACME", "MB", "W123456"),))
    assert "generation" in codes(verdict(father, replace(father, birth_date="1996-11-02")))


def test_another_number_is_an_error_at_home_unless_the_phone_is_another_too() -> None:
    """Twins of one given name share the address: the second contradiction speaks of two people."""
    other = {"ssn": "601558877", "source_system": "LAB", "emails": (), "middle": ""}
    assert verdict(MARGARET, vary(**other, phones=())).grade == "certain"
    assert "ssn-differs" in codes(verdict(MARGARET, vary(**other, phones=("2175559999",))))
    assert "ssn-differs" in codes(verdict(MARGARET, vary(**(other | {"source_system": "HOSP"}), phones=())))


def test_a_similar_given_name_is_misheard_where_own_number_family_name_and_birth_date_agree() -> None:
    heard = {"given": "MARGHARITTA", "middle": "", "birth_date": "1970-03-15"}
    assert verdict(MARGARET, vary(**heard)).grade == "certain"
    assert "given-similar" in codes(verdict(MARGARET, vary(**heard, family="ZYWICKI")))
    assert "given-similar" in codes(verdict(vary(middle=""), vary(**(heard | {"birth_date": ""}))))
    assert verdict(MARGARET, vary(**(heard | {"birth_date": "", "middle": "A"}))).grade == "certain"


def test_a_name_in_the_other_field_counts_with_the_own_number_and_birth_date() -> None:
    nobody = {"given": "WILHELMINA", "middle": "", "addresses": (), "phones": (), "emails": ()}
    assert "evidence" in codes(verdict(MARGARET, vary(**nobody, family="ZYWICKI")))
    assert "evidence" not in codes(verdict(MARGARET, vary(**nobody, family="MARGARET")))


def test_different_numbers_of_one_kind_are_held_without_a_birth_date_that_agrees() -> None:
    bare = vary(ssn="", birth_date="", identifiers=(("NHS", "NI", "9434765919"),))
    others = {number: replace(bare, identifiers=(("NHS", "NI", number),)) for number in ("4010232137", "9434765191")}
    assert "identifier-differs" in codes(verdict(bare, others["4010232137"]))
    assert "identifier-differs" not in codes(verdict(bare, others["9434765191"]))
    assert "identifier-differs" not in codes(verdict(replace(bare, birth_date="1970-03-14"), vary(ssn="")))


def test_another_middle_name_is_forgiven_without_a_birth_date_where_number_name_and_home_agree() -> None:
    other = vary(middle="ROSE", birth_date="", source_system="LAB")
    assert "middle-differs" not in codes(verdict(MARGARET, other))
    assert "middle-differs" in codes(verdict(MARGARET, replace(other, addresses=(), phones=(), emails=())))


def test_nearly_one_street_leaves_fewer_strangers_than_one_postal_code() -> None:
    name = {"given": "JAMES", "middle": "", "family": "SMITH", "sex": "M", "ssn": "", "phones": (), "emails": ()}
    other, nearly = ((replace(MARGARET.addresses[0], street=street),) for street in ("900 ELM RD", "12 OAKE ST"))
    assert codes(verdict(vary(**name), vary(**name, addresses=other))) == {"namesake"}
    assert verdict(vary(**name), vary(**name, addresses=nearly)).grade == "certain"


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
    nameless = vary(given="", birth_date="", ssn="")
    found = verdict(MARGARET, nameless)
    assert (found.grade, codes(found)) == ("certainly-not", {"household-only"})
    assert verdict(MARGARET, vary(given="", birth_date="", ssn="536221243")).grade == "probable"
    other = verdict(MARGARET, vary(given="", birth_date="", middle="ROSE"))
    assert (other.grade, "household-only" in codes(other)) == ("certainly-not", True)


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


def test_strict_mode_links_no_sole_candidate() -> None:
    newborn = vary(given="", middle="", ssn="", newborn=True, emails=())
    found = verdict(vary(ssn=""), newborn, STRICT)
    assert codes(found) == {"given-unknown"}
    assert found.caps
    assert not found.automatic_if_sole


def test_another_middle_name_is_forgiven_where_name_and_birth_date_are_rare_and_no_place_is_told() -> None:
    rare = {"given": "THEODORA", "family": "ZYWICKI"}
    assert verdict(vary(**rare), elsewhere(**rare, middle="ROSE")).grade == "certain"
    assert "middle-differs" in codes(verdict(vary(**rare), elsewhere(**rare, middle="ROSE"), STRICT))
    away = (StandardAddress("900 ELM RD", "", "RENO", "NV", "89501"),)
    assert "middle-differs" in codes(verdict(vary(**rare), elsewhere(**rare, middle="ROSE", addresses=away)))
    common = {"given": "JAMES", "family": "SMITH", "sex": "M"}
    assert "middle-differs" in codes(verdict(vary(**common), elsewhere(**common, middle="ROSE")))


def test_a_generation_under_a_mistyped_number_is_worth_a_review() -> None:
    father = vary(ssn="536221235", birth_date="1941-11-02")
    assert "two-people" not in codes(verdict(MARGARET, father))
    assert "two-people" in codes(verdict(MARGARET, vary(ssn="", birth_date="1941-11-02")))


def test_a_larger_population_holds_more_namesakes() -> None:
    name = {"given": "THEODORA", "middle": "", "family": "ZYWICKI"}
    crowded = replace(load_default(), policy=PolicySettings(population=10**11))
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
