"""The name as a desk notes it: newborn names, nicknames, maiden names, two surnames, suffixes, slips."""

from __future__ import annotations

import random
from collections.abc import Callable

from mpi.synthetic.draft import Desk, Draft
from mpi.synthetic.formats import without_accents
from mpi.synthetic.names import with_accents
from mpi.synthetic.noise import mistype, respell
from mpi.synthetic.people import Person
from mpi.synthetic.tables import pick

_SUFFIX_FORMS = {"Jr": ("Jr", "Jr.", "JR", "Jr"), "Sr": ("Sr", "Sr.", "SR"), "II": ("II",), "III": ("III", "3rd"),
                 "IV": ("IV",)}  # fmt: skip
_SQUEEZED = ("O'", "Mc ", "De ", "Del ", "La ", "Van ", "St. ", "Di ", "Al-", "El-", "D'")


def note_names(desk: Desk, draft: Draft, *, as_newborn: bool) -> None:
    """Fill given, middle and family name, suffix and previous family name."""
    _family_name(desk, draft)
    if as_newborn:
        _newborn_name(desk, draft)
        return
    _given_name(desk, draft)
    _suffix(desk, draft)
    _slips(desk, draft)
    _unknown(desk, draft)
    _swap(desk, draft)


def _family_name(desk: Desk, draft: Draft) -> None:
    person, rates = draft.person, desk.rates
    family, second = person.family, person.second_family
    if person.former_family and draft.day < person.name_changed_on:
        family = person.former_family
        draft.note("former_family_name")
    elif person.former_family:
        if desk.chance(desk.system.previous_name_told):
            draft.previous_family = person.former_family
            draft.note("previous_family_name")
    elif person.birth_family and desk.chance(rates.previous_name_from_before * desk.system.previous_name_told):
        draft.previous_family = person.birth_family
        draft.note("previous_family_name")
    draft.family = _two_surnames(desk, draft, family, second) if second else _one_surname(desk, draft, family)


def _two_surnames(desk: Desk, draft: Draft, family: str, second: str) -> str:
    rates = desk.rates
    draft.note("two_surnames")
    kind = desk.rng.random()
    if kind < rates.second_family_name_dropped:
        return family
    if kind < rates.second_family_name_dropped + rates.first_family_name_dropped:
        draft.note("first_surname_dropped")
        return second
    return f"{family}-{second}" if desk.chance(rates.family_names_hyphenated) else f"{family} {second}"


def _one_surname(desk: Desk, draft: Draft, family: str) -> str:
    if "-" in family and not family.startswith(("Al-", "El-")):
        draft.note("hyphenated_surname")
        kind = desk.rng.random()
        if kind < 0.15:
            return family.replace("-", " ")
        if kind < 0.35:
            return family.split("-")[int(kind < 0.28)]
    elif family.startswith(_SQUEEZED) and desk.chance(0.3):
        draft.note("particle")
        return "".join(letter for letter in family if letter.isalpha()).title()
    return family


def _given_name(desk: Desk, draft: Draft) -> None:
    person, rates = draft.person, desk.rates
    draft.given, draft.middle = person.given, person.middle
    if person.goes_by_middle and desk.chance(rates.middle_used_as_given):
        draft.note("middle_as_given")
        draft.given = person.middle
        draft.middle = person.given if desk.chance(0.3) else ""
    elif person.nickname and desk.chance(rates.nickname_used_self if desk.system.self_entered else rates.nickname_used):
        draft.note("nickname")
        draft.given = person.nickname
    elif " " in person.given and desk.chance(0.35):
        draft.note("given_name_parts")
        first, _, rest = person.given.partition(" ")
        if person.culture:
            draft.given = first + rest.lower() if desk.chance(0.6) else f"{first}-{rest}"
        else:
            draft.given, draft.middle = first, rest
    _middle_name(desk, draft)


def _middle_name(desk: Desk, draft: Draft) -> None:
    if not draft.middle:
        return
    if desk.slips(desk.rates.middle_name_wrong):
        draft.note("middle_name_wrong")
        relative = draft.person.relative
        wrong = relative.middle if relative is not None else ""
        draft.middle = wrong or chr(65 + int(desk.rng.random() * 26))
    kind = desk.rng.random()
    if kind < desk.system.middle_missing:
        draft.middle = ""
    elif kind < desk.system.middle_missing + (1 - desk.system.middle_missing) * desk.system.middle_initial:
        draft.middle = draft.middle[:1] + ("." if desk.chance(0.1) else "")


def _suffix(desk: Desk, draft: Draft) -> None:
    suffix = draft.person.suffix
    missing = desk.system.suffix_missing
    if not suffix or desk.chance(1 - (1 - missing) * 0.45 if suffix == "Sr" else missing):
        return
    draft.note("suffix")
    written = pick(desk.rng, _SUFFIX_FORMS[suffix])
    if desk.chance(desk.rates.suffix_in_family_name):
        draft.note("suffix_in_family_name")
        draft.family = f"{draft.family} {written}"
    else:
        draft.suffix = written


def _slips(desk: Desk, draft: Draft) -> None:
    person, rates = draft.person, desk.rates
    if person.spells_accents and not desk.system.ascii_only and desk.chance(0.7):
        draft.given, draft.family = with_accents(draft.given), with_accents(draft.family)
        if not (draft.given.isascii() and draft.family.isascii()):
            draft.note("accents")
    draft.given = _slip(desk, draft, draft.given, rates.spelling_variant, respell, "spelling_variant")
    draft.family = _slip(desk, draft, draft.family, rates.spelling_variant, respell, "spelling_variant")
    draft.given = _slip(desk, draft, draft.given, rates.given_typo, mistype, "given_typo")
    draft.family = _slip(desk, draft, draft.family, rates.family_typo, mistype, "family_typo")
    if desk.slips(rates.initial_only):
        draft.note("initial_only")
        draft.given = draft.given[:1]


def _slip(
    desk: Desk, draft: Draft, name: str, rate: float, change: Callable[[random.Random, str], str], trait: str
) -> str:
    if not desk.slips(rate):
        return name
    changed = change(desk.rng, name)
    if changed != name:
        draft.note(trait)
    return changed


def _unknown(desk: Desk, draft: Draft) -> None:
    if desk.slips(desk.rates.unknown_name):
        draft.note("unknown_name")
        draft.middle = draft.suffix = draft.previous_family = ""
        if desk.chance(0.5):
            draft.given = "UNKNOWN"
            draft.family = draft.family if desk.chance(0.5) else "UNKNOWN"
        else:
            draft.given, draft.family = ("JOHN" if draft.person.sex == "M" else "JANE"), "DOE"


def _swap(desk: Desk, draft: Draft) -> None:
    rates = desk.rates
    asian = draft.person.culture in ("chinese", "korean", "vietnamese")
    if desk.slips(rates.given_family_swapped_asian if asian else rates.given_family_swapped):
        draft.note("names_swapped")
        draft.given, draft.family = draft.family, draft.given


def _newborn_name(desk: Desk, draft: Draft) -> None:
    """A name before the name: BABY BOY, Judysgirl (The Joint Commission, NPSG.01.01.01) or Girl1Judy (AHIMA)."""
    draft.note("newborn_name")
    person = draft.person
    mother = person.mother
    letter = f" {person.birth_letter}" if person.birth_letter else ""
    word = "BOY" if person.sex == "M" else "GIRL"
    kind = desk.rng.random()
    if mother is not None:
        draft.family = _mothers_name(mother, draft.day)
        if kind < 0.25:
            called = without_accents(mother.given.split(" ")[0])
            number = {"": "", "A": "1", "B": "2"}[person.birth_letter]
            draft.given = f"{number}{called}s{word.lower()}" if kind < 0.12 else f"{word.title()}{number}{called}"
            return
    if kind < 0.70:
        draft.given = f"BABY {word}{letter}"
    elif kind < 0.82:
        draft.given = f"BABY{word}{letter}"
    elif kind < 0.92:
        draft.given = f"NB {'MALE' if person.sex == 'M' else 'FEMALE'}{letter}"
    else:
        draft.given = f"{word}{letter}"


def _mothers_name(mother: Person, day: int) -> str:
    if mother.former_family and day < mother.name_changed_on:
        return mother.former_family
    return mother.family
