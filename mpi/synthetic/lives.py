"""What happens to a household: moves, nicknames, numbers, telephones, e-mail addresses."""

from __future__ import annotations

from mpi.synthetic.dice import Dice
from mpi.synthetic.homes import Homes, MailAddresses, SocialSecurityNumbers, phone_number
from mpi.synthetic.names import Background, draw_given
from mpi.synthetic.people import Person, birth_year
from mpi.synthetic.prevalence import Prevalence
from mpi.synthetic.tables import nicknames

# Cultures in which many go by an American given name that no document has.
_AMERICAN_NAME = frozenset({"chinese", "korean", "vietnamese"})


class Lives:
    """Completes the members of a household, in place. Parents come before their children in the list."""

    def __init__(self, dice: Dice, rates: Prevalence, homes: Homes, numbers: SocialSecurityNumbers) -> None:
        self._dice = dice
        self._rng = dice.rng
        self._rates = rates
        self._homes = homes
        self._numbers = numbers
        self._mail = MailAddresses(dice.rng)

    def live(self, members: list[Person]) -> None:
        self._move_household(members)
        for person in members:
            self._move_alone(person)
            self._call(person)
            self._number(person)
        for person in members:
            self._reach(person)

    def _move_household(self, members: list[Person]) -> None:
        if not self._dice.chance(self._rates.household_moved):
            return
        first = members[0]
        former = self._homes.draw(first.group, elder=first.age >= 65)
        ported = former.area_code == first.home.area_code and first.home.shared_phone
        if ported and self._dice.chance(0.5):
            former.shared_phone = first.home.shared_phone
        day = self._dice.day_in_span()
        for person in members:
            if person.former_home is None and person.born < day:
                person.former_home, person.moved_on = former, day

    def _move_alone(self, person: Person) -> None:
        if person.former_home is None and person.age > 18 and self._dice.chance(self._rates.person_moved):
            person.former_home = self._homes.draw(person.group, elder=person.age >= 65)
            person.moved_on = self._dice.day_in_span()

    def _call(self, person: Person) -> None:
        """The nickname, and whether the bearer writes the accents of the name."""
        rates = self._rates
        usual = nicknames().get(person.given.partition(" ")[0].upper(), ())
        if usual and self._dice.chance(rates.has_nickname):
            person.nickname = usual[int(self._rng.random() ** 2 * len(usual))]
        elif person.culture in _AMERICAN_NAME and person.age > 8 and self._dice.chance(rates.american_name_beside):
            person.nickname = draw_given(self._rng, Background("white", ""), person.sex, birth_year(person))
        person.spells_accents = person.group == "hispanic" and self._dice.chance(0.5)

    def _number(self, person: Person) -> None:
        rates = self._rates
        special = {"hispanic": rates.ssn_never_hispanic, "asian": rates.ssn_never_asian}
        if self._dice.chance(special.get(person.group, rates.ssn_never)):
            person.ssn = ""
        elif not person.ssn:
            person.ssn = self._numbers.draw()[0]

    def _reach(self, person: Person) -> None:
        """Mobile telephone and e-mail; young children have a parent's."""
        relative = person.relative
        if relative is not None and person.age < self._dice.between(13, 17):
            person.mobile, person.email = relative.mobile, relative.email
            return
        self._telephone(person)
        self._write(person)

    def _telephone(self, person: Person) -> None:
        rates, dice = self._rates, self._dice
        if not dice.chance(rates.mobile_elder if person.age >= 65 else rates.mobile_adult):
            return
        home = person.former_home or person.home  # a number keeps the area code of where it was bought
        person.mobile = phone_number(self._rng, home.area_code)
        if dice.chance(rates.mobile_changed):
            person.former_mobile = phone_number(self._rng, home.area_code)
            person.mobile_changed_on = dice.day_in_span()

    def _write(self, person: Person) -> None:
        rates, dice, relative = self._rates, self._dice, person.relative
        if relative is not None and relative.email and person.age > 20 and dice.chance(rates.email_shared):
            person.email = relative.email
        elif dice.chance(rates.email_elder if person.age >= 65 else rates.email_adult):
            person.email = self._mail.draw(person)
            if dice.chance(rates.email_changed):
                person.former_email = self._mail.draw(person)
                person.email_changed_on = dice.day_in_span()
