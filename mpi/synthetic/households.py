"""Households: who lives with whom."""

from __future__ import annotations

import random
from collections.abc import Callable

from mpi.synthetic.dice import Dice
from mpi.synthetic.homes import Homes, SocialSecurityNumbers
from mpi.synthetic.lives import Lives
from mpi.synthetic.names import Background, draw_background, draw_family, draw_given
from mpi.synthetic.people import Person, birth_year
from mpi.synthetic.persons import Persons, any_background
from mpi.synthetic.prevalence import Prevalence
from mpi.synthetic.tables import Weighted

Builder = Callable[[Background], list[Person]]


class Population:
    """Makes households one after the other, in bounded memory."""

    def __init__(self, rng: random.Random, rates: Prevalence) -> None:
        self._dice = Dice(rng)
        self._rates = rates
        self._homes = Homes(rng, rates)
        numbers = SocialSecurityNumbers(rng)
        self._persons = Persons(self._dice, rates, self._homes, numbers)
        self._lives = Lives(self._dice, rates, self._homes, numbers)
        kinds: list[tuple[Builder, float]] = [
            (self._single, rates.single),
            (self._couple, rates.couple),
            (self._family, rates.family),
            (self._single_parent, rates.single_parent),
            (self._three_generations, rates.three_generations),
            (self._parent_and_adult_child, rates.parent_and_adult_child),
            (self._roommates, rates.roommates),
            (self._adult_siblings, rates.adult_siblings),
            (self._facility, rates.facility),
        ]
        self._builders = Weighted.of(kinds)

    def household(self) -> list[Person]:
        """The members of one new household, complete; parents come before their children."""
        rng = self._dice.rng
        members = self._builders.draw(rng)(draw_background(rng))
        self._lives.live(members)
        return members

    def _single(self, background: Background) -> list[Person]:
        dice = self._dice
        person = self._persons.stranger(background, dice.sex(0.53), dice.age(20, 89, 0.95))
        if person.sex == "F" and dice.chance(self._rates.divorced_name_back):
            person.former_family = draw_family(dice.rng, draw_background(dice.rng))
            person.name_changed_on = dice.day_in_span()
        return [person]

    def _couple(self, background: Background) -> list[Person]:
        return list(self._partners(background, self._dice.age(23, 85, 0.85)))

    def _family(self, background: Background) -> list[Person]:
        father, mother = self._partners(background, self._dice.age(26, 58, 1.0))
        return [father, mother, *self._children(father, mother, 1 + int(self._dice.age(0, 4, 1.3)))]

    def _single_parent(self, background: Background) -> list[Person]:
        dice = self._dice
        parent = self._persons.adult(background, dice.sex(0.82), dice.age(22, 54, 1.0))
        return [parent, *self._children(parent, parent, 1 + int(dice.age(0, 3, 1.5)))]

    def _three_generations(self, background: Background) -> list[Person]:
        """A family with the mother or father of one of the parents."""
        dice = self._dice
        members = self._family(background)
        child = members[int(dice.chance(0.5))]
        elder = self._persons.adult(background, dice.sex(0.68), min(97.0, child.age + dice.between(21, 37)))
        elder.home = child.home
        elder.family, elder.second_family = child.birth_family or child.family, ""
        if elder.sex == "F":
            child.mother = elder
        return [*members, elder]

    def _parent_and_adult_child(self, background: Background) -> list[Person]:
        dice = self._dice
        parent = self._persons.adult(background, dice.sex(0.6), dice.age(42, 90, 0.9))
        child = self._persons.child(parent, parent, max(18.0, parent.age - dice.between(19, 35)))
        return [parent, child]

    def _roommates(self, background: Background) -> list[Person]:
        dice = self._dice
        count = 2 + int(dice.age(0, 2.4, 1.0))
        members = [
            self._persons.stranger(any_background(dice, background, same=0.4), dice.sex(0.5), dice.age(19, 38, 1.4))
            for _ in range(count)
        ]
        for person in members:
            person.home = members[0].home
        return members

    def _adult_siblings(self, background: Background) -> list[Person]:
        dice = self._dice
        first = self._persons.adult(background, dice.sex(0.5), dice.age(19, 75, 1.2))
        if dice.chance(self._rates.adult_siblings_twins):
            twin = self._persons.twin_of(first)
            if dice.chance(self._rates.adult_twins_apart):
                twin.home = self._homes.draw(background.group, elder=first.age >= 65)
            return [first, twin]
        second = self._persons.adult(background, dice.sex(0.5), max(18.0, first.age - dice.between(1, 9)))
        second.family, second.second_family, second.home = first.family, first.second_family, first.home
        self._persons.rename(second, unlike=(first.given,))
        return [first, second]

    def _facility(self, background: Background) -> list[Person]:
        dice = self._dice
        elder = dice.chance(0.7)
        age = dice.age(70, 99, 0.9) if elder else dice.age(18, 60, 1.3)
        person = self._persons.stranger(background, dice.sex(0.6 if elder else 0.4), age)
        person.home = self._homes.facility(background.group)
        return [person]

    def _partners(self, background: Background, age: float) -> tuple[Person, Person]:
        dice, persons = self._dice, self._persons
        husband = persons.adult(background, "M", age)
        hers = any_background(dice, background, same=0.85)
        wife = persons.adult(hers, "F", min(96.0, max(19.0, age - 2.2 + dice.rng.gauss(0, 3.5))))
        wife.home = husband.home
        husband.relative, wife.relative = wife, husband
        if dice.chance(0.012):  # a couple of two men: two family names, one address
            wife.sex, wife.given = "M", draw_given(dice.rng, hers, "M", birth_year(wife))
        elif dice.chance(self._rates.married):
            persons.marry(wife, husband)
        return husband, wife

    def _children(self, father: Person, mother: Person, count: int) -> list[Person]:
        """Brothers and sisters one to five years apart, no two of one given name, at times twins."""
        dice, persons = self._dice, self._persons
        children: list[Person] = []
        age = dice.age(0, max(0.5, min(22.0, min(father.age, mother.age) - 18)), 0.7)
        while len(children) < count and age >= 0:
            child = persons.child(father, mother, age)
            if not child.suffix:
                persons.rename(child, unlike={father.given, *(other.given for other in children)})
            children.append(child)
            if dice.chance(self._rates.twin_birth):
                children.append(persons.twin_of(child))
            age -= dice.between(1, 5)
        return children
