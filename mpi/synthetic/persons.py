"""One person at a time: adults, children, twins, namesakes of strangers, wives."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from mpi.synthetic.dice import Dice, born_at_age
from mpi.synthetic.homes import Homes, SocialSecurityNumbers
from mpi.synthetic.names import Background, draw_background, draw_family, draw_given, draw_middle, similar_given
from mpi.synthetic.people import Home, Person, birth_year
from mpi.synthetic.prevalence import Prevalence
from mpi.synthetic.tables import Sex, is_common_surname, pick

_NAMESAKES_KEPT = 400
_NOWHERE = Home("", "", "", "", "", "", "", "", "")
_NEXT_SUFFIX = {"": "Jr", "Jr": "III", "II": "III", "III": "IV"}


class Persons:
    """Makes persons with name, sex, birth and home. Remembers a bounded number of possible namesakes."""

    def __init__(self, dice: Dice, rates: Prevalence, homes: Homes, numbers: SocialSecurityNumbers) -> None:
        self._dice = dice
        self._rng = dice.rng
        self._rates = rates
        self._homes = homes
        self._numbers = numbers
        self._count = 0
        self._namesakes: list[Person] = []

    def adult(self, background: Background, sex: Sex, age: float) -> Person:
        person = self._person(background, sex, born_at_age(age), draw_family(self._rng, background))
        if sex == "M" and self._dice.chance(self._rates.junior_alone):
            person.suffix = "III" if self._dice.chance(0.15) else "Jr"
        person.home = self._homes.draw(person.group, elder=person.age >= 65)
        return person

    def stranger(self, background: Background, sex: Sex, age: float) -> Person:
        """An adult of no family here, who at times has the name and birth date of somebody unrelated."""
        person = self.adult(background, sex, age)
        if self._namesakes and self._dice.chance(self._rates.namesake):
            self._copy_namesake(person)
        elif not person.suffix and is_common_surname(person.family):
            self._remember(person)
        return person

    def marry(self, wife: Person, husband: Person) -> None:
        """Change the wife's name, for most; where the wedding was recent, older records have the former one."""
        rates, dice = self._rates, self._dice
        manner = self._rng.random()
        if manner >= rates.wife_takes_name + rates.wife_hyphenates:
            return
        wife.birth_family = wife.family
        if manner < rates.wife_takes_name:
            wife.family, wife.second_family = husband.family, ""
        elif wife.family != husband.family:
            wife.family = f"{wife.family}-{husband.family}"
        recent = rates.recent_marriage_young if wife.age < 40 else rates.recent_marriage_old
        if wife.age > 22 and dice.chance(recent):
            wife.former_family = wife.birth_family
            wife.name_changed_on = max(dice.day_in_span(), wife.born + int(20 * 365.25))
            if dice.chance(rates.bride_moved):
                wife.former_home = self._homes.draw(wife.group, elder=False)
                wife.moved_on = wife.name_changed_on

    def child(self, father: Person, mother: Person, age: float) -> Person:
        """A child of both, or of one who is told twice."""
        dice = self._dice
        child = self._person(_background(father), dice.sex(0.488), born_at_age(age), father.family)
        child.home, child.relative = father.home, mother
        child.mother = mother if mother.sex == "F" else None
        if mother is not father:
            if child.second_family:
                child.second_family = mother.birth_family or mother.family
            elif mother.family != father.family and dice.chance(0.12):
                child.family = mother.family if dice.chance(0.6) else f"{mother.family}-{father.family}"
        self._name_after_parent(child, father, mother)
        if child.age < 6:
            child.newborn_named = dice.chance(self._rates.newborn_name)
        return child

    def twin_of(self, person: Person) -> Person:
        """The other twin: another given name (at times a similar one), at times the neighbouring SSN."""
        rates, background = self._rates, _background(person)
        same = self._dice.chance(rates.twin_same_sex)
        sex: Sex = person.sex if same else ("F" if person.sex == "M" else "M")
        twin = self._person(background, sex, person.born, person.family)
        if self._dice.chance(rates.twin_similar_name):
            twin.given = similar_given(self._rng, background, sex, birth_year(person), person.given)
        self.rename(twin, unlike=(person.given,))
        twin.second_family, twin.home = person.second_family, person.home
        twin.mother, twin.relative, twin.newborn_named = person.mother, person.relative, person.newborn_named
        person.birth_letter, twin.birth_letter = "A", "B"
        person.ssn, neighbour = self._numbers.draw()
        twin.ssn = neighbour if self._dice.chance(rates.twin_consecutive_ssn) else self._numbers.draw()[0]
        return twin

    def rename(self, person: Person, *, unlike: Collection[str]) -> None:
        """Another given name, as long as it is one of those that the family has already."""
        while person.given in unlike:
            person.given = draw_given(self._rng, _background(person), person.sex, birth_year(person))

    def _person(self, background: Background, sex: Sex, born: int, family: str) -> Person:
        rng, rates = self._rng, self._rates
        year = date.fromordinal(born).year
        self._count += 1
        person = Person(
            person_id=f"P{self._count:08d}", sex=sex, group=background.group, culture=background.culture,
            given=draw_given(rng, background, sex, year), middle="", family=family, born=born, home=_NOWHERE,
        )  # fmt: skip
        if not self._dice.chance(rates.middle_name_none):
            person.middle = draw_middle(rng, background, sex, year)
            person.goes_by_middle = bool(person.middle) and self._dice.chance(rates.goes_by_middle_name)
        if background.group == "hispanic" and self._dice.chance(rates.second_family_name):
            person.second_family = draw_family(rng, background)
        return person

    def _name_after_parent(self, child: Person, father: Person, mother: Person) -> None:
        rates, dice = self._rates, self._dice
        if child.sex == "M" and father.sex == "M" and father.suffix in _NEXT_SUFFIX:
            if dice.chance(rates.junior_son):
                child.given, child.middle, child.family = father.given, father.middle, father.family
                child.suffix = _NEXT_SUFFIX[father.suffix]
                father.suffix = father.suffix or "Sr"
        elif child.sex == "F" and mother.sex == "F" and dice.chance(rates.daughter_named_as_mother):
            child.given = mother.given

    def _copy_namesake(self, person: Person) -> None:
        """Give name, sex and birth date of a stranger; beyond that only chance makes the two agree."""
        other = pick(self._rng, self._namesakes)
        person.sex, person.group, person.culture = other.sex, other.group, other.culture
        person.given, person.family, person.second_family = other.given, other.family, other.second_family
        person.born, person.suffix = other.born, ""
        person.namesake = True
        person.middle = draw_middle(self._rng, _background(person), person.sex, birth_year(person))
        person.goes_by_middle = False
        if self._dice.chance(self._rates.namesake_same_postal_code):
            home = other.home
            person.home.city, person.home.state, person.home.postal_code = home.city, home.state, home.postal_code

    def _remember(self, person: Person) -> None:
        if len(self._namesakes) < _NAMESAKES_KEPT:
            self._namesakes.append(person)
        elif self._dice.chance(0.05):
            self._namesakes[int(self._rng.random() * _NAMESAKES_KEPT)] = person


def _background(person: Person) -> Background:
    return Background(person.group, person.culture)


def any_background(dice: Dice, mine: Background, *, same: float) -> Background:
    """The background of somebody who lives with `mine`: the same one for the share `same`."""
    return mine if dice.chance(same) else draw_background(dice.rng)
