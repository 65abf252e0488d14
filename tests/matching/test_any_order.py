"""Three or four records in every order of arrival: the same persons, whichever came first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest

from matching.join import Member, scored_pair
from matching.model_document import load_default
from matching.records import StandardAddress, StandardRecord
from tests.benchmarks.arriving import arrive
from tests.matching.people import vary

MODEL = load_default()
PLAIN = vary(ssn="", middle="", emails=())
ELSEWHERE = StandardAddress("70 RIVER DR", "", "CHICAGO", "IL", "60659")


def groups(*records: StandardRecord) -> set[frozenset[frozenset[int]]]:
    """The persons that each order of arrival ends in."""
    known = dict(enumerate(records))
    found = set()
    for order in permutations(known):
        persons = arrive(known, MODEL, order=order).persons
        found.add(frozenset(frozenset(key for key in known if persons[key] == one) for one in persons.values()))
    return found


def whole(records: Sequence[StandardRecord]) -> set[frozenset[frozenset[int]]]:
    return {frozenset({frozenset(range(len(records)))})}


def vetoes(one: StandardRecord, other: StandardRecord) -> set[str]:
    return {reason.code for reason in scored_pair(Member(1, one), Member(2, other), MODEL).verdict.vetoes}


@pytest.mark.parametrize(
    ("veto", "first", "last"),
    [
        ("middle-differs", {"middle": "ANN", "addresses": ()}, {"middle": "ROSE", "phones": ("2175559876",)}),
        ("ssn-differs", {"ssn": "536221234", "addresses": ()}, {"ssn": "601558877", "phones": ("2175559876",)}),
        ("given-differs", {}, {"given": "DOROTHY", "phones": ("2175559876",)}),
    ],
)
def test_a_record_that_is_firmly_both_makes_two_that_differ_one_in_every_order(
    veto: str, first: dict[str, object], last: dict[str, object]
) -> None:
    middle = "" if veto != "given-differs" else "DOROTHY"
    three = [
        vary(PLAIN, **first),
        vary(PLAIN, middle=middle, source_system="LAB"),
        vary(PLAIN, **last, source_system="PORTAL"),
    ]
    assert veto in vetoes(three[0], three[2])
    assert groups(*three) == whole(three)


def test_a_namesake_by_name_alone_takes_no_difference_away() -> None:
    """Who agrees with both by name and birth date alone proves nothing of an SSN that differs."""
    bare = vary(PLAIN, given="THEODORA", family="ZYWICKI", source_system="LAB", addresses=(), phones=())
    one = vary(bare, ssn="536221234", source_system="HOSP", addresses=vary().addresses)
    other = vary(bare, ssn="601558877", source_system="PORTAL", addresses=(ELSEWHERE,))
    assert "ssn-differs" in vetoes(one, other)
    assert not groups(one, bare, other) & whole([one, bare, other])


def test_a_suffix_that_differs_is_never_taken_away() -> None:
    father, son = vary(PLAIN, suffix="SR"), vary(PLAIN, suffix="JR", source_system="LAB")
    three = (father, vary(PLAIN, source_system="PORTAL"), son)
    assert not groups(*three) & whole(three)


def test_an_initial_finds_who_goes_by_the_middle_name_in_every_order() -> None:
    luis = vary(PLAIN, given="LUIS", middle="MARLON", family="VANENFIELD", sex="M")
    marlon = vary(luis, given="MARLON", middle="", ssn="601558877", source_system="LAB")
    initial = vary(luis, given="M", middle="", phones=(), source_system="PORTAL")
    assert "given-differs" in vetoes(luis, initial)
    assert groups(luis, marlon, initial) == whole([luis, marlon, initial])


def test_who_is_refused_by_a_person_is_no_rival_for_a_sole_candidate() -> None:
    """JR without a birth date is not the father of that name: one record of the father says SR."""
    father = vary(given="WEI", family="HO", middle="", birth_date="1987-04-03", sex="M", suffix="SR", emails=())
    again = vary(father, suffix="", source_system="LAB")
    son = vary(father, suffix="JR", birth_date="2009-06-29", ssn="", phones=("5348363571",), source_system="CLINIC")
    unborn = vary(son, birth_date="", birth_year="", source_system="PORTAL")
    known = {0: father, 1: again, 2: son, 3: unborn}
    persons = arrive(known, MODEL).persons
    assert persons[0] == persons[1] != persons[2] == persons[3]


def test_a_chain_of_firm_pairs_makes_its_two_ends_one_in_every_order() -> None:
    first = vary(PLAIN, given="ELBERT", family="COLEMAN", middle="ISAAC", sex="M", phones=())
    second = vary(first, middle="", phones=("2175551234",), source_system="LAB")
    third = vary(second, addresses=(ELSEWHERE,), ssn="774441420", source_system="PORTAL")
    last = vary(third, middle="ABEL", phones=(), source_system="CLINIC")
    four = (first, second, third, last)
    assert "middle-differs" in vetoes(first, last)
    assert groups(*four) == whole(four)


def test_who_goes_by_another_name_under_his_own_number_is_one_in_every_order() -> None:
    andrew = vary(PLAIN, given="ANDREW", family="SMITH", sex="M", ssn="664967488")
    tom = vary(andrew, given="TOM", middle="A", emails=("andrew@example.org",), source_system="LAB")
    again = vary(andrew, middle="T", ssn="", source_system="PORTAL")
    assert "given-differs" in vetoes(tom, again)
    assert groups(andrew, tom, again) == whole([andrew, tom, again])


def test_another_family_name_is_no_difference_where_all_else_is_one() -> None:
    kaleah = vary(PLAIN, given="KALEAH", family="CRUZ", emails=("kaleah@example.org",))
    renamed = vary(kaleah, family="SOLIS", ssn_last4="6789", source_system="LAB")
    moved = vary(renamed, ssn="701174406", addresses=(ELSEWHERE,), phones=("2175559876",), source_system="PORTAL")
    assert "ssn-differs" in vetoes(renamed, moved)
    assert groups(kaleah, renamed, moved) == whole([kaleah, renamed, moved])
