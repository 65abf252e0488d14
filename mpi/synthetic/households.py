"""Households: who lives with whom, who is named after whom, who married, moved or was born when."""

from __future__ import annotations

import random
from datetime import date
from typing import Literal

from mpi.synthetic.homes import Homes, MailAddresses, SocialSecurityNumbers, phone_number
from mpi.synthetic.names import (
    Background,
    draw_background,
    draw_family,
    draw_given,
    draw_middle,
    similar_given,
)
from mpi.synthetic.people import SPAN_START, TODAY, Home, Person
from mpi.synthetic.prevalence import Prevalence
from mpi.synthetic.tables import Sex, Weighted, nicknames, pick

Kind = Literal["single", "couple", "family", "single_parent", "three_generations", "parent_and_adult_child",
               "roommates", "adult_siblings", "facility"]  # fmt: skip
_KINDS: tuple[Kind, ...] = ("single", "couple", "family", "single_parent", "three_generations",
                            "parent_and_adult_child", "roommates", "adult_siblings", "facility")  # fmt: skip
_NAMESAKES_KEPT = 400
_NOWHERE = Home("", "", "", "", "", "", "", "", "")
_YEAR = 365.25


class Population:
    """Makes households one after the other. Memory is bounded: nobody is remembered but a few namesakes."""

    def __init__(self, rng: random.Random, prevalence: Prevalence) -> None:
        self._rng = rng
        self._prevalence = prevalence
        self._homes = Homes(rng, prevalence)
        self._numbers = SocialSecurityNumbers(rng)
        self._mail = MailAddresses(rng)
        self._kinds = Weighted.of((kind, getattr(prevalence, kind)) for kind in _KINDS)
        self._builders = {
            "single": self._single,
            "couple": self._couple,
            "family": self._family,
            "single_parent": self._single_parent,
            "three_generations": self._three_generations,
            "parent_and_adult_child": self._parent_and_adult_child,
            "roommates": self._roommates,
            "adult_siblings": self._adult_siblings,
            "facility": self._facility,
        }
        self._count = 0
        self._namesakes: list[Person] = []

    def household(self) -> list[Person]:
        """The members of one new household, complete."""
        members = self._builders[self._kinds.draw(self._rng)](draw_background(self._rng))
        self._move(members)
        for person in members:
            self._finish(person)
        for person in members:
            self._reach(person)
            self._remember_namesake(person)
        return members

    # -- kinds of household --------------------------------------------------------------------

    def _single(self, background: Background) -> list[Person]:
        age = self._age(20, 92, 0.9)
        person = self._adult(background, self._sex(0.53), age)
        if person.sex == "F" and self._chance(self._prevalence.divorced_name_back):
            person.former_family = draw_family(self._rng, draw_background(self._rng))
            person.name_changed_on = self._day_in_span()
        return [person]

    def _couple(self, background: Background) -> list[Person]:
        return self._partners(background, self._age(24, 88, 0.8))

    def _family(self, background: Background) -> list[Person]:
        parents = self._partners(background, self._age(25, 56, 1.1))
        return parents + self._children(parents, 1 + int(self._rng.random() ** 1.3 * 4))

    def _single_parent(self, background: Background) -> list[Person]:
        parent = self._adult(background, self._sex(0.82), self._age(20, 52, 1.0))
        return [parent, *self._children([parent], 1 + int(self._rng.random() ** 1.5 * 3))]

    def _three_generations(self, background: Background) -> list[Person]:
        members = self._family(background)
        child = members[int(self._chance(0.5))]
        elder = self._adult(background, self._sex(0.68), min(96.0, child.age + 21 + self._rng.random() * 16))
        elder.home = child.home
        if child.sex == "F" and elder.sex == "F":
            child.mother = elder
        elif child.sex == "M" or child.birth_family == "":
            elder.family, elder.second_family = child.family, child.second_family
        return [*members, elder]

    def _parent_and_adult_child(self, background: Background) -> list[Person]:
        parent = self._adult(background, self._sex(0.6), self._age(42, 88, 0.9))
        age = max(18.0, parent.age - 19 - self._rng.random() * 16)
        return [parent, self._child([parent], age)]

    def _roommates(self, background: Background) -> list[Person]:
        members = [self._adult(background, self._sex(0.5), self._age(19, 38, 1.4))]
        for _ in range(1 + int(self._rng.random() * 2.4)):
            person = self._adult(draw_background(self._rng), self._sex(0.5), self._age(19, 38, 1.4))
            person.home = members[0].home
            members.append(person)
        return members

    def _adult_siblings(self, background: Background) -> list[Person]:
        first = self._adult(background, self._sex(0.5), self._age(19, 75, 1.2))
        if self._chance(0.12):
            return [first, self._twin_of(first)]
        second = self._adult(background, self._sex(0.5), max(18.0, first.age - 1 - self._rng.random() * 8))
        second.family, second.second_family, second.home = first.family, first.second_family, first.home
        return [first, second]

    def _facility(self, background: Background) -> list[Person]:
        elder = self._chance(0.7)
        person = self._adult(background, self._sex(0.6 if elder else 0.4),
                             self._age(70, 99, 0.8) if elder else self._age(18, 60, 1.3))  # fmt: skip
        person.home = self._homes.facility(background.group)
        return [person]

    # -- persons -------------------------------------------------------------------------------

    def _person(self, background: Background, sex: Sex, born: int, family: str) -> Person:
        rng, rates = self._rng, self._prevalence
        year = date.fromordinal(born).year
        self._count += 1
        person = Person(
            person_id=f"P{self._count:08d}", sex=sex, group=background.group, culture=background.culture,
            given=draw_given(rng, background, sex, year), middle="", family=family, born=born, home=_NOWHERE,
        )  # fmt: skip
        if not self._chance(rates.middle_name_none):
            person.middle = draw_middle(rng, background, sex, year)
            person.goes_by_middle = bool(person.middle) and self._chance(rates.goes_by_middle_name)
        if background.group == "hispanic" and self._chance(rates.second_family_name):
            person.second_family = draw_family(rng, background)
        return person

    def _adult(self, background: Background, sex: Sex, age: float) -> Person:
        person = self._person(background, sex, self._born(age), draw_family(self._rng, background))
        if self._namesakes and self._chance(self._prevalence.namesake):
            self._copy_namesake(person)
        elif sex == "M" and self._chance(self._prevalence.junior_alone):
            person.suffix = "III" if self._chance(0.15) else "Jr"
        person.home = self._homes.draw(person.group, elder=person.age >= 65)
        return person

    def _copy_namesake(self, person: Person) -> None:
        """Give the stranger's name and birth date; nothing else is shared, save at times the postal code."""
        stranger = pick(self._rng, self._namesakes)
        person.sex, person.group, person.culture = stranger.sex, stranger.group, stranger.culture
        person.given, person.family, person.second_family = stranger.given, stranger.family, stranger.second_family
        person.born = stranger.born
        if self._chance(0.12):
            person.middle = stranger.middle

    def _partners(self, background: Background, age: float) -> list[Person]:
        rng, rates = self._rng, self._prevalence
        husband = self._adult(background, "M", age)
        theirs = background if self._chance(0.85) else draw_background(rng)
        wife = self._adult(theirs, "F", min(95.0, max(19.0, age - 2.2 + rng.gauss(0, 3.5))))
        wife.home = husband.home
        husband.relative, wife.relative = wife, husband
        if self._chance(0.012):  # a same-sex couple: two names, one address
            wife.sex, wife.given = "M", draw_given(rng, theirs, "M", date.fromordinal(wife.born).year)
        elif self._chance(rates.married):
            self._marry(wife, husband)
        return [husband, wife]

    def _marry(self, wife: Person, husband: Person) -> None:
        rates = self._prevalence
        takes = self._rng.random()
        if takes >= rates.wife_takes_name + rates.wife_hyphenates:
            return
        wife.birth_family = wife.family
        if takes < rates.wife_takes_name:
            wife.family, wife.second_family = husband.family, ""
        else:
            wife.family = f"{wife.family}-{husband.family}"
        recent = rates.recent_marriage_young if wife.age < 40 else rates.recent_marriage_old
        if self._chance(recent) and wife.age > 22:
            wife.former_family = wife.birth_family
            wife.name_changed_on = max(self._day_in_span(), wife.born + int(20 * _YEAR))
            if self._chance(0.5):
                wife.former_home = self._homes.draw(wife.group, elder=False)
                wife.moved_on = wife.name_changed_on

    def _children(self, parents: list[Person], count: int) -> list[Person]:
        mother = parents[-1]
        children: list[Person] = []
        age = self._rng.random() * max(0.5, min(24.0, mother.age - 18))
        for _ in range(count):
            child = self._child(parents, age)
            while any(other.given == child.given and not child.suffix for other in children):
                child.given = self._given_of(child)
            children.append(child)
            if self._chance(self._prevalence.twin_birth):
                children.append(self._twin_of(child))
            age -= 1.0 + self._rng.random() * 4
            if age < 0:
                break
        return children

    def _child(self, parents: list[Person], age: float) -> Person:
        father, mother = parents[0], parents[-1]
        sex = self._sex(0.488)
        background = Background(father.group, father.culture)
        child = self._person(background, sex, self._born(age), father.family)
        child.home = father.home
        child.relative = mother
        child.mother = mother if mother.sex == "F" else None
        if child.second_family and mother is not father:
            child.second_family = mother.birth_family or mother.family
        elif mother is not father and mother.family != father.family and self._chance(0.12):
            child.family = mother.family if self._chance(0.6) else f"{mother.family}-{father.family}"
        self._name_after_parent(child, father, mother)
        if child.age < 6:
            child.newborn_named = self._chance(self._prevalence.newborn_name)
        return child

    def _name_after_parent(self, child: Person, father: Person, mother: Person) -> None:
        rates = self._prevalence
        if child.sex == "M" and father.sex == "M" and father.suffix != "Sr":
            if self._chance(rates.junior_son * 0.55):
                child.given, child.family, child.middle = father.given, father.family, father.middle
                child.suffix = {"": "Jr", "Jr": "III", "II": "III"}.get(father.suffix, "IV")
                father.suffix = father.suffix or "Sr"
        elif child.sex == "F" and mother.sex == "F" and self._chance(rates.daughter_named_as_mother):
            child.given = mother.given

    def _twin_of(self, person: Person) -> Person:
        rng, rates = self._rng, self._prevalence
        background = Background(person.group, person.culture)
        same = self._chance(rates.twin_same_sex)
        sex: Sex = person.sex if same else ("F" if person.sex == "M" else "M")
        twin = self._person(background, sex, person.born, person.family)
        year = date.fromordinal(person.born).year
        if self._chance(rates.twin_similar_name):
            twin.given = similar_given(rng, background, sex, year, person.given)
        while twin.given == person.given:
            twin.given = draw_given(rng, background, sex, year)
        twin.second_family, twin.home, twin.mother = person.second_family, person.home, person.mother
        twin.relative, twin.newborn_named = person.mother, person.newborn_named
        person.birth_letter, twin.birth_letter = "A", "B"
        number, neighbour = self._numbers.draw()
        person.ssn = number
        twin.ssn = neighbour if self._chance(rates.twin_consecutive_ssn) else self._numbers.draw()[0]
        return twin

    # -- what happens to them ------------------------------------------------------------------

    def _move(self, members: list[Person]) -> None:
        """The whole household, or one member, lived elsewhere at the beginning of the span."""
        rates = self._prevalence
        first = members[0]
        if self._chance(rates.household_moved):
            former = self._homes.draw(first.group, elder=first.age >= 65)
            if former.area_code == first.home.area_code and first.home.shared_phone and self._chance(0.5):
                former.shared_phone = first.home.shared_phone
            day = self._day_in_span()
            for person in members:
                if not person.former_home and person.born < day:
                    person.former_home, person.moved_on = former, day
        for person in members:
            if not person.former_home and person.age > 18 and self._chance(rates.person_moved):
                person.former_home = self._homes.draw(person.group, elder=person.age >= 65)
                person.moved_on = self._day_in_span()

    def _finish(self, person: Person) -> None:
        """Nickname, accents and SSN."""
        rates = self._prevalence
        usual = nicknames().get(person.given.upper(), ())
        if usual and self._chance(rates.has_nickname):
            person.nickname = usual[int(self._rng.random() ** 2 * len(usual))]
        elif person.culture in ("chinese", "korean", "vietnamese") and self._chance(0.25):
            american = Background("white", "")
            person.nickname = draw_given(self._rng, american, person.sex, date.fromordinal(person.born).year)
        person.spells_accents = person.group == "hispanic" and self._chance(0.5)
        never = {"hispanic": rates.ssn_never_hispanic, "asian": rates.ssn_never_asian}.get(
            person.group, rates.ssn_never
        )
        if self._chance(never):
            person.ssn = ""
        elif not person.ssn:
            person.ssn = self._numbers.draw()[0]

    def _reach(self, person: Person) -> None:
        """Mobile telephone and e-mail; children have a parent's. Parents come before their children."""
        rates, relative = self._prevalence, person.relative
        age = person.age
        if relative is not None and age < 14 + 3 * self._rng.random():
            person.mobile, person.email = relative.mobile, relative.email
            return
        elder = age >= 65
        if self._chance(rates.mobile_elder if elder else rates.mobile_adult):
            area = person.former_home.area_code if person.former_home else person.home.area_code
            person.mobile = phone_number(self._rng, area)
            if self._chance(rates.mobile_changed):
                person.former_mobile = phone_number(self._rng, area)
                person.mobile_changed_on = self._day_in_span()
        if relative is not None and relative.email and age > 20 and self._chance(rates.email_shared):
            person.email = relative.email
        elif self._chance(rates.email_elder if elder else rates.email_adult):
            person.email = self._mail.draw(person)
            if self._chance(rates.email_changed):
                person.former_email = self._mail.draw(person)
                person.email_changed_on = self._day_in_span()

    def _remember_namesake(self, person: Person) -> None:
        if person.age >= 20 and not person.suffix and not person.former_family:
            if len(self._namesakes) < _NAMESAKES_KEPT:
                self._namesakes.append(person)
            elif self._chance(0.02):
                self._namesakes[int(self._rng.random() * _NAMESAKES_KEPT)] = person

    # -- draws ---------------------------------------------------------------------------------

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def _sex(self, share_female: float) -> Sex:
        return "F" if self._rng.random() < share_female else "M"

    def _age(self, youngest: int, oldest: int, skew: float) -> float:
        return youngest + (oldest - youngest) * float(self._rng.random() ** skew)

    def _born(self, age: float) -> int:
        return TODAY - 1 - int(age * _YEAR)

    def _day_in_span(self) -> int:
        return SPAN_START + int(self._rng.random() * (TODAY - SPAN_START))

    def _given_of(self, person: Person) -> str:
        background = Background(person.group, person.culture)
        return draw_given(self._rng, background, person.sex, date.fromordinal(person.born).year)
