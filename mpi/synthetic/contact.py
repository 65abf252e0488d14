"""Address, telephone and e-mail as a desk notes them: former ones, shared ones, placeholders, slips."""

from __future__ import annotations

from mpi.synthetic.draft import Desk, Draft
from mpi.synthetic.formats import written_phone, written_street
from mpi.synthetic.noise import mistype, transpose, wrong_digit
from mpi.synthetic.people import Home, Person
from mpi.synthetic.tables import pick

_STREET_PLACEHOLDERS = ("HOMELESS", "UNKNOWN", "GENERAL DELIVERY", "NO FIXED ADDRESS", "UNDOMICILED")
_PHONE_PLACEHOLDERS = ("0000000000", "9999999999", "1111111111", "555-555-5555", "000-000-0000")
_EMAIL_PLACEHOLDERS = ("noreply@example.com", "none@none.com", "na@na.com", "noemail@email.com", "test@test.com")


def note_contact(desk: Desk, draft: Draft) -> None:
    """Fill street, city, state, postal code, telephone and e-mail."""
    person = draft.person
    home = person.home
    if person.former_home is not None and draft.day < person.moved_on:
        home = person.former_home
        draft.note("former_address")
    _address(desk, draft, home)
    _phone(desk, draft, home)
    _email(desk, draft)


def _address(desk: Desk, draft: Draft, home: Home) -> None:
    rates, rng = desk.rates, desk.rng
    if desk.chance(desk.system.address_missing):
        return
    draft.city, draft.state, draft.postal_code = home.city, home.state, home.postal_code
    if desk.slips(rates.address_placeholder):
        draft.note("address_placeholder")
        draft.street = pick(rng, _STREET_PLACEHOLDERS)
        return
    if desk.chance(rates.po_box):
        draft.note("po_box")
        draft.street = f"{'PO Box' if desk.chance(0.6) else 'P.O. Box'} {(draft.person.born * 7919) % 9000 + 10}"
        return
    draft.street = written_street(rng, home, desk.system)
    if desk.slips(rates.street_typo):
        draft.note("street_typo")
        draft.street = wrong_digit(rng, draft.street) if desk.chance(0.3) else mistype(rng, draft.street)
    if desk.slips(rates.city_typo):
        draft.note("city_typo")
        draft.city = mistype(rng, draft.city)
    if desk.slips(rates.postal_code_typo):
        draft.note("postal_code_typo")
        draft.postal_code = wrong_digit(rng, draft.postal_code)
    elif desk.system.rank == 1 and desk.chance(0.25):
        draft.postal_code += f"-{(int(home.number) * 37) % 9000 + 1000}"


def _phone(desk: Desk, draft: Draft, home: Home) -> None:
    person, rates = draft.person, desk.rates
    if desk.slips(rates.phone_placeholder):
        draft.note("phone_placeholder")
        draft.phone = pick(desk.rng, _PHONE_PLACEHOLDERS)
        return
    if desk.chance(desk.system.phone_missing):
        return
    mobile = _parent_of_a_child(draft).mobile
    if person.former_mobile and draft.day < person.mobile_changed_on:
        mobile = person.former_mobile
        draft.note("former_phone")
    if person.relative is not None and person.relative.mobile and desk.chance(rates.phone_of_relative):
        draft.note("phone_of_relative")
        mobile = person.relative.mobile
    digits = home.shared_phone
    if mobile and (not digits or desk.chance(desk.system.mobile_preferred)):
        digits = mobile
    elif digits:
        draft.note("shared_phone")
    if not digits:
        return
    if desk.slips(rates.phone_typo):
        draft.note("phone_typo")
        digits = transpose(desk.rng, digits) if desk.chance(0.3) else wrong_digit(desk.rng, digits)
    draft.phone = written_phone(desk.rng, digits, desk.system)


def _parent_of_a_child(draft: Draft) -> Person:
    """Whose mobile and e-mail are told: a parent's for one who was a child on that day."""
    person = draft.person
    if person.mother is not None and person.age_on(draft.day) < 13:
        return person.mother
    return person


def _email(desk: Desk, draft: Draft) -> None:
    person, rates = draft.person, desk.rates
    if desk.chance(desk.system.email_missing):
        return
    if desk.slips(rates.email_placeholder):
        draft.note("email_placeholder")
        draft.email = pick(desk.rng, _EMAIL_PLACEHOLDERS)
        return
    draft.email = _parent_of_a_child(draft).email
    if person.former_email and draft.day < person.email_changed_on:
        draft.note("former_email")
        draft.email = person.former_email
    if draft.email and desk.slips(rates.email_typo):
        draft.note("email_typo")
        local, _, host = draft.email.partition("@")
        draft.email = f"{mistype(desk.rng, local)}@{host}"
