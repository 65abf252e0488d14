"""The people themselves: names as common as in life, families as they live, numbers of their own."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from mpi.synthetic.households import Population
from mpi.synthetic.people import Person
from mpi.synthetic.prevalence import PREVALENCE


@pytest.fixture(scope="module")
def households() -> list[list[Person]]:
    population = Population(random.Random("people"), PREVALENCE)
    return [population.household() for _ in range(9_000)]


@pytest.fixture(scope="module")
def people(households: list[list[Person]]) -> list[Person]:
    return [person for members in households for person in members]


def test_the_commonest_family_name_is_borne_by_about_one_in_120(people: list[Person]) -> None:
    commonest = Counter(person.family for person in people).most_common(3)
    assert "Smith" in dict(commonest)
    assert 0.006 < commonest[0][1] / len(people) < 0.011


def test_the_tail_of_family_names_is_long(people: list[Person]) -> None:
    bearers = Counter(person.family for person in people)
    once = sum(1 for count in bearers.values() if count == 1)
    assert len(bearers) > 5_000
    assert once > len(bearers) / 3


def test_given_names_follow_the_year_of_birth(people: list[Person]) -> None:
    old = Counter(p.given for p in people if p.sex == "F" and p.age > 70)
    young = Counter(p.given for p in people if p.sex == "F" and p.age < 15)
    assert old["Mary"] > 4 * young["Mary"]
    assert young["Olivia"] > 4 * old["Olivia"]


def test_children_adults_and_elders_are_there_in_their_shares(people: list[Person]) -> None:
    children = sum(person.age < 18 for person in people) / len(people)
    elders = sum(person.age >= 65 for person in people) / len(people)
    assert 0.18 < children < 0.30
    assert 0.11 < elders < 0.20


def test_fathers_and_sons_of_one_name_live_at_one_address(households: list[list[Person]]) -> None:
    pairs = [
        (older, younger)
        for members in households
        for older in members
        for younger in members
        if older.given == younger.given and older.family == younger.family and younger.born - older.born > 15 * 365
    ]
    assert len(pairs) > 50
    assert all(older.home is younger.home for older, younger in pairs)
    assert all(younger.suffix for older, younger in pairs if older.suffix == "Sr")


def test_four_men_in_a_hundred_are_seniors_juniors_or_thirds(people: list[Person]) -> None:
    men = [person for person in people if person.sex == "M"]
    assert 0.025 < sum(bool(man.suffix) for man in men) / len(men) < 0.06


def test_twins_share_birth_but_neither_name_nor_number(households: list[list[Person]]) -> None:
    twins = [[p for p in members if p.birth_letter] for members in households]
    pairs = [(pair[0], pair[1]) for pair in twins if len(pair) == 2]
    assert len(pairs) > 60
    assert all(first.born == second.born and first.given != second.given for first, second in pairs)
    assert all(first.ssn != second.ssn for first, second in pairs if first.ssn and second.ssn)
    assert any(first.ssn[:8] == second.ssn[:8] for first, second in pairs if first.ssn and second.ssn)
    assert any(first.given[:3] == second.given[:3] and first.sex == second.sex for first, second in pairs)


def test_strangers_of_one_name_and_birth_date_are_a_handful_in_ten_thousand(people: list[Person]) -> None:
    namesakes = [person for person in people if person.namesake]
    assert 2 < 10_000 * len(namesakes) / len(people) < 15
    same = Counter((p.given, p.family, p.born) for p in people)
    assert all(same[p.given, p.family, p.born] > 1 for p in namesakes)


def test_brides_have_a_former_name_and_some_a_former_home(people: list[Person]) -> None:
    women = [person for person in people if person.sex == "F" and person.age >= 20]
    changed = [woman for woman in women if woman.former_family]
    assert 0.06 < len(changed) / len(women) < 0.18
    assert any(woman.moved_on == woman.name_changed_on for woman in changed)


def test_social_security_numbers_and_own_e_mail_addresses_are_unique(people: list[Person]) -> None:
    numbers = [person.ssn for person in people if person.ssn]
    assert len(numbers) == len(set(numbers)) > len(people) * 0.9
    homes = {}
    for person in people:
        if person.email:
            homes.setdefault(person.email, set()).add((person.home.street, person.home.number))
    assert all(len(places) == 1 for places in homes.values())


def test_names_of_many_cultures_occur(people: list[Person]) -> None:
    cultures = {person.culture for person in people}
    assert {"vietnamese", "chinese", "korean", "indian", "filipino", "arabic", "slavic", "african"} <= cultures
    families = {person.family for person in people}
    assert {"Nguyen", "Patel", "Garcia", "O'Brien"} <= families
    assert any("-" in family for family in families)
    assert any(person.second_family for person in people)
