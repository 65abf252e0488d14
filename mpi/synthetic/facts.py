"""Birth date, sex and social security number as a desk notes them."""

from __future__ import annotations

from datetime import date

from mpi.synthetic.draft import Desk, Draft
from mpi.synthetic.formats import written_date
from mpi.synthetic.noise import swap_day_and_month, transpose, transposed_birth, wrong_birth_digit, wrong_digit
from mpi.synthetic.tables import pick

_SSN_PLACEHOLDERS = ("999999999", "000000000", "999999999", "123456789", "111111111", "000000001")
_SEX_WORDS = {"F": "female", "M": "male", "U": "unknown"}


def note_facts(desk: Desk, draft: Draft) -> None:
    _birth_date(desk, draft)
    _sex(desk, draft)
    _ssn(desk, draft)


def _birth_date(desk: Desk, draft: Draft) -> None:
    day = date.fromordinal(draft.person.born)
    if desk.chance(desk.system.birth_date_missing):
        draft.note("birth_date_missing")
        return
    wrong, trait = _wrong_birth_date(desk, day)
    if wrong is not None:
        draft.note(trait)
        day = wrong
    draft.birth_date = written_date(day, desk.system)


def _wrong_birth_date(desk: Desk, day: date) -> tuple[date | None, str]:
    """At most one error: the rates are cut one after the other out of a single draw."""
    rates = desk.rates
    # Whoever types the own birth date errs half as often.
    place = desk.rng.random() / (desk.error_factor * (0.5 if desk.system.self_entered else 1.0))
    for rate, trait in (
        (rates.day_month_swapped, "day_month_swapped"),
        (rates.birth_digit_error, "birth_digit_error"),
        (rates.birth_year_off, "birth_year_off"),
        (rates.birth_transposed, "birth_transposed"),
        (rates.birth_first_of_january, "birth_first_of_january"),
        (rates.birth_placeholder, "birth_placeholder"),
    ):
        if place < rate:
            return _apply(desk, day, trait), trait
        place -= rate
    return None, ""


def _apply(desk: Desk, day: date, trait: str) -> date | None:
    if trait == "day_month_swapped":
        return swap_day_and_month(day)
    if trait == "birth_digit_error":
        return wrong_birth_digit(desk.rng, day)
    if trait == "birth_transposed":
        return transposed_birth(desk.rng, day)
    if trait == "birth_year_off":
        year = day.year + (1 if desk.chance(0.4) and day.year < 2025 else -1)
        return date(year, day.month, min(day.day, 28) if day.month == 2 else day.day)
    if trait == "birth_first_of_january":
        return date(day.year, 1, 1)
    return date(1900, 1, 1)


def _sex(desk: Desk, draft: Draft) -> None:
    sex: str = draft.person.sex
    if desk.chance(desk.system.sex_missing):
        sex = "U" if desk.chance(0.4) else ""
    elif desk.slips(desk.rates.sex_wrong):
        draft.note("sex_wrong")
        sex = "M" if sex == "F" else "F"
    draft.sex = _SEX_WORDS.get(sex, sex) if desk.system.sex_format == "word" else sex


def _ssn(desk: Desk, draft: Draft) -> None:
    rates, person = desk.rates, draft.person
    if desk.slips(rates.ssn_placeholder):
        draft.note("ssn_placeholder")
        digits = pick(desk.rng, _SSN_PLACEHOLDERS)
    else:
        missing = not person.ssn or desk.chance(desk.system.ssn_missing)
        if missing or (person.age_on(draft.day) < 18 and desk.chance(rates.ssn_missing_child)):
            return
        digits = _told_ssn(desk, draft, person.ssn)
    if desk.chance(desk.system.ssn_last4):
        draft.note("ssn_last4")
        draft.ssn = digits[5:]
    elif desk.chance(desk.system.ssn_dashes):
        draft.ssn = f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"
    else:
        draft.ssn = digits


def _told_ssn(desk: Desk, draft: Draft, digits: str) -> str:
    rates, relative = desk.rates, draft.person.relative
    if desk.slips(rates.ssn_typo):
        draft.note("ssn_typo")
        return transpose(desk.rng, digits) if desk.chance(0.3) else wrong_digit(desk.rng, digits)
    if relative is not None and relative.ssn and desk.slips(rates.ssn_of_relative):
        draft.note("ssn_of_relative")
        return relative.ssn
    if desk.slips(rates.ssn_of_stranger):
        draft.note("ssn_of_stranger")
        area = 1 + int(desk.rng.random() * 665)
        return f"{area:03d}{1 + int(desk.rng.random() * 99):02d}{1 + int(desk.rng.random() * 9999):04d}"
    return digits
