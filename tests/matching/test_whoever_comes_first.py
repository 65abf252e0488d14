"""Rules that hold, or forgive, a pair for what it tells, so that it does not matter who came first."""

from __future__ import annotations

import pytest

from matching.join import Member, scored_pair
from matching.model_document import load_default
from matching.records import StandardAddress, StandardRecord
from matching.verdict import Verdict
from tests.matching.people import vary
from tests.matching.test_any_order import groups, whole

MODEL = load_default()
PLAIN = vary(ssn="", middle="", emails=())
NUMBER, NEAR_NUMBER, OTHER_NUMBER = "536221234", "536221334", "601558877"
SAME_ZIP = (StandardAddress("900 ELM RD", "", "SPRINGFIELD", "IL", "62701"),)


def verdict(one: StandardRecord, other: StandardRecord) -> Verdict:
    return scored_pair(Member(1, one), Member(2, other), MODEL).verdict


def codes(one: StandardRecord, other: StandardRecord) -> set[str]:
    return {reason.code for reason in verdict(one, other).reasons}


def test_a_middle_name_without_birth_date_waits_until_the_person_tells_one() -> None:
    unborn = vary(PLAIN, middle="ROSE", birth_date="", source_system="LAB")
    assert "middle-unsure" in codes(unborn, PLAIN)
    assert "middle-unsure" not in codes(unborn, vary(PLAIN, middle="ROSE"))
    assert "middle-unsure" not in codes(vary(unborn, middle="R"), PLAIN)
    assert "middle-unsure" not in codes(vary(unborn, ssn=NUMBER), vary(PLAIN, ssn=NUMBER))


def test_a_middle_name_without_birth_date_joins_nobody_who_proves_to_have_another() -> None:
    unborn = vary(PLAIN, middle="ROSE", birth_date="", source_system="LAB")
    known = (vary(PLAIN, ssn=NUMBER), vary(PLAIN, ssn=NUMBER, middle="ANN", source_system="PORTAL"), unborn)
    assert groups(*known) == {frozenset({frozenset({0, 1}), frozenset({2})})}


def test_a_nameless_child_under_another_family_name_waits_for_a_steward() -> None:
    child = vary(PLAIN, birth_date="2024-03-14")
    nameless = vary(child, given="", newborn=True, source_system="LAB")
    assert verdict(child, nameless).automatic_if_sole
    assert "evidence" in codes(child, vary(nameless, family="LOPEZ"))


def test_who_is_far_weaker_is_no_rival_of_a_sole_candidate_in_any_order() -> None:
    nameless = vary(PLAIN, given="", birth_date="2025-05-31", newborn=True)
    child = vary(PLAIN, given="MADDOX", birth_date="2025-05-31", source_system="LAB", ssn=NUMBER)
    brother = vary(PLAIN, given="VICTOR", birth_date="2020-05-31", source_system="PORTAL", ssn=OTHER_NUMBER)
    assert verdict(nameless, brother).grade == "possible"
    assert groups(nameless, child, brother) == {frozenset({frozenset({0, 1}), frozenset({2})})}


def test_names_in_each_others_field_forgive_another_number_at_one_address() -> None:
    swapped = vary(PLAIN, given="HOLLOWAY", family="MARGARET", ssn=OTHER_NUMBER, source_system="LAB")
    assert verdict(vary(PLAIN, ssn=NUMBER), swapped).grade == "certain"
    twin = vary(PLAIN, given="MARGERET", ssn=OTHER_NUMBER, source_system="LAB")
    assert "ssn-differs" in codes(vary(PLAIN, ssn=NUMBER), twin)


def test_a_digit_of_the_number_is_forgiven_without_birth_date_at_one_address() -> None:
    unborn = vary(PLAIN, birth_date="", ssn=NEAR_NUMBER, source_system="LAB")
    assert verdict(vary(PLAIN, ssn=NUMBER), unborn).grade == "certain"
    moved = vary(unborn, addresses=(), phones=())
    assert "ssn-near" in codes(vary(PLAIN, ssn=NUMBER), moved)
    named = vary(unborn, middle="ROSE")
    assert verdict(vary(PLAIN, ssn=NUMBER, middle="ANN"), named).grade != "certain"


@pytest.mark.parametrize(("given", "forgiven"), [("PEGGY", True), ("MARGARET", True), ("MARGERET", False)])
def test_a_nickname_with_nearly_the_same_number_forgives_another_middle_name(given: str, forgiven: bool) -> None:
    one = vary(PLAIN, middle="ANN", ssn=NUMBER)
    other = vary(one, given=given, middle="ROSE", ssn="", ssn_last4="1234", source_system="LAB")
    assert ("middle-differs" not in codes(one, other)) is forgiven


def test_another_phone_in_one_zip_code_makes_a_namesake_likelier() -> None:
    name = {"given": "MARY", "family": "SMITH", "middle": "A"}
    one = vary(PLAIN, **name)
    other = vary(PLAIN, **name, addresses=SAME_ZIP, phones=("2175559876",), source_system="LAB")
    assert "namesake" in codes(one, other)
    assert "namesake" not in codes(one, vary(other, phones=()))


def test_a_record_that_repeats_a_difference_which_a_chain_explains_is_no_new_one() -> None:
    """No birth date, but the number and the middle name of a record that the chain reaches."""
    unborn = vary(PLAIN, middle="C", birth_date="", ssn=NUMBER, addresses=(), source_system="LAB")
    bridge = vary(PLAIN, ssn=NUMBER, emails=("m@example.org",), source_system="PORTAL")
    other = vary(PLAIN, middle="U", addresses=SAME_ZIP, phones=("2175559876",), emails=("m@example.org",))
    last = vary(PLAIN, middle="CHRISTINE", ssn=NUMBER, source_system="CLINIC")
    four = (unborn, bridge, other, last)
    assert {"middle-differs"} <= codes(unborn, other) & codes(other, last)
    assert groups(*four) == whole(four)
