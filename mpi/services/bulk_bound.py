"""The upper bound of a pair's match weight as SQL: what DuckDB can tell from single values of two records.

First from equality alone, then, for what is left, from the likeness of names and numbers. It may be too high,
never too low: `tests/bulk/test_bulk_pairs.py` holds it to that. Columns are those of `bulk_pairs.FEATURES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matching.levels import BirthDate, Contact, Given, Middle, SharedIdentifier, Ssn, Surname, house_level
from matching.model import LinkageModel

_ANY = len(Contact)
"""Contact class of records with several addresses, phones or e-mails: the best of all."""
_OTHER = len(Surname)
"""Surname class of two different names before their spelling is compared: the best of related, near, different."""

_ROUNDING = 0.001
"""Bits by which sums of the bound may fall short of the engine's own."""


def pairs_query(model: LinkageModel, columns: Sequence[str]) -> str:
    """Pairs (l, r) with r in a slice of ids, told twice, that may reach the review threshold.

    Slices of pairs -> bound from equalities -> bound with the given names' spelling -> with that of family names and
    numbers too: each costly part only for what is left.
    """
    cheap = "fixed_bits + given_bound + house_bound + ssn_bound"
    least = model.review_bits - _ROUNDING
    return f"""
with pair as (
  select a.id as l, b.id as r from useful_key a join useful_key b on a.hash = b.hash and a.id < b.id
  where a.found and b.id >= ? and b.id < ?
  union
  select a.id, b.id from useful_key a join useful_key b on a.hash = b.hash and a.batch = b.batch and a.id < b.id
  where not a.found and b.id >= ? and b.id < ?
), told as (
  select l, r, {_both(columns)} from pair join person_feature a on a.id = l join person_feature b on b.id = r
), classed as (
  select *, {_contact()} as contact, {_surname_by_equality()} as surname,
  {_fixed(model)} as fixed_bits, {_given_by_equality(model)} as given_bound, {_ssn_by_equality(model)} as ssn_bound
  from told
), bounded as (
  select *, {_house(model, "surname")} as house_bound from classed
), cheap as (
  select *, {_given_by_spelling(model)} as spelt_given from bounded where {cheap} >= {least}
), spelt as (
  select *, {_surname_by_spelling()} as spelt_surname from cheap
  where fixed_bits + spelt_given + house_bound + ssn_bound >= {least}
)
select l, r from spelt
where fixed_bits + spelt_given + {_house(model, "spelt_surname")} + {_ssn_by_spelling(model)} >= {least}
order by r
"""  # noqa: S608 - numbers of the model and our own names


def _both(columns: Sequence[str]) -> str:
    return ", ".join(f"a.{name} as {name}_l, b.{name} as {name}_r" for name in columns)


def _most(bits: Sequence[float], levels: Sequence[int]) -> float:
    return max(bits[level] for level in levels)


def _fixed(model: LinkageModel) -> str:
    """Prior, birth date, sex, middle name and identifiers: bounds from equality alone."""
    middle, dates, sex = model.bits[1], model.bits[3], model.bits[4]
    numbers = model.bits[6]
    parts = "((year_l = year_r)::int + (month_l = month_r)::int + (day_l = day_r)::int)"
    apart = _most(dates, (BirthDate.OTHER, BirthDate.GENERATION, BirthDate.YEAR))
    birth = (
        "case when year_l = 0 or year_r = 0 then 0"
        f" when month_l = 0 or month_r = 0 then case when year_l = year_r then 0 else {apart} end"
        f" when {parts} = 3 then {dates[BirthDate.EXACT]}"
        f" when year_l = year_r and month_l = day_r and day_l = month_r then {dates[BirthDate.DAY_MONTH]}"
        f" when {parts} = 2 then {_most(dates, (BirthDate.EDIT, BirthDate.TWO_PARTS, BirthDate.TWO_EDITS))}"
        f" else {_most(dates, (BirthDate.TWO_EDITS, BirthDate.YEAR, BirthDate.OTHER, BirthDate.GENERATION))} end"
    )
    conflict = f"case when given_l = given_r then {middle[Middle.CONFLICT]} else 0 end"
    initials = "substr(middle_l, 1, 1) = substr(middle_r, 1, 1)"
    middles = (
        "case when middle_l = '' or middle_r = '' or given_l = middle_r or given_r = middle_l then 0"
        f" when middle_l = middle_r and length(middle_l) > 1 then {middle[Middle.FULL]}"
        f" when (length(middle_l) = 1 or length(middle_r) = 1) and {initials} then {middle[Middle.INITIAL]}"
        f" when length(middle_l) = 1 or length(middle_r) = 1 then {conflict}"
        f" else {max(0.0, _most(middle, (Middle.CLOSE, Middle.CONFLICT)))} end"
    )
    sexes = f"case when sex_l = '' or sex_r = '' then 0 when sex_l = sex_r then {sex[1]} else {sex[2]} end"
    best = max(0.0, _most(numbers, tuple(SharedIdentifier)))
    shared = f"case when has_identifier_l and has_identifier_r then {best} else 0 end"
    return f"{model.prior_bits} + ({birth}) + ({middles}) + ({sexes}) + ({shared})"


_UNKNOWN_GIVEN = "given_l = '' or given_r = ''"
_MAY_BE_SWAPPED = (
    "(given_l <> '' and given_r <> ''"
    " and substr(given_l, 1, 1) = substr(family_r, 1, 1) and substr(given_r, 1, 1) = substr(family_l, 1, 1))"
)
_PREFIX = "(starts_with(given_l, given_r) or starts_with(given_r, given_l))"


_TWO_EDITS = (
    "(ssn_l[1] = ssn_r[1] or ssn_l[9] = ssn_r[9]"
    " or ssn_l[3:7] = ssn_r[3:7] or ssn_l[3:7] = ssn_r[2:6] or ssn_l[3:7] = ssn_r[4:8])"
    " and damerau_levenshtein(ssn_l, ssn_r) <= 2"
)
"""Two edits of nine digits leave the first one, or the last, or those in the middle, moved by one at most: to ask that
first takes a tenth of the time of counting edits."""


def _one_edit(name: str) -> str:
    """At most one edit, which leaves the first letter or the last of more than two."""
    one, other = f"{name}_l", f"{name}_r"
    return (
        f"abs(length({one}) - length({other})) <= 1"
        f" and ({one}[1] = {other}[1] or {one}[-1] = {other}[-1] or length({one}) <= 2)"
        f" and damerau_levenshtein({one}, {other}) <= 1"
    )


def _given_by_equality(model: LinkageModel) -> str:
    bits = model.bits[0]
    rest = [level for level in Given if level not in (Given.MISSING, Given.EXACT, Given.SWAPPED)]
    return (
        f"case when {_UNKNOWN_GIVEN} then 0 when given_l = given_r then {bits[Given.EXACT]} + given_bits_l"
        f" when {_MAY_BE_SWAPPED} then {_most(bits, (*rest, Given.SWAPPED))} else {_most(bits, rest)} end"
    )


def _given_by_spelling(model: LinkageModel) -> str:
    bits = model.bits[0]
    moved = _most(bits, (Given.ALTERNATE, Given.MIDDLE, Given.NEAR, Given.PHONETIC, Given.INITIAL, Given.DIFFERENT))
    swapped = _most(bits, (Given.SWAPPED, Given.NICKNAME, Given.EDIT))
    spelt = _most(bits, (Given.EDIT, Given.NEAR, Given.PHONETIC, Given.DIFFERENT, Given.ALTERNATE, Given.MIDDLE))
    near = _most(bits, (Given.NEAR, Given.PHONETIC, Given.DIFFERENT))
    nickname = "list_contains(given_forms_l, given_r) or list_contains(given_forms_r, given_l)"
    cross = f"given_l = middle_r or given_r = middle_l or {_PREFIX} or several_names_l or several_names_r"
    letter = "(length(given_l) = 1 or length(given_r) = 1) and substr(given_l, 1, 1) = substr(given_r, 1, 1)"
    return (
        f"case when {_UNKNOWN_GIVEN} or given_l = given_r then given_bound"
        f" when {_MAY_BE_SWAPPED} then {swapped}"
        f" when {nickname} then {_most(bits, (Given.NICKNAME, Given.ALTERNATE))}"
        f" when {_one_edit('given')} then {spelt}"
        f" when {cross} or {letter} or replace(given_l, ' ', '') = replace(given_r, ' ', '') then {moved}"
        f" when given_sound_l = given_sound_r or jaro_winkler_similarity(given_l, given_r) >= 0.879 then {near}"
        f" else {bits[Given.DIFFERENT]} end"
    )


def _ssn_by_equality(model: LinkageModel) -> str:
    bits = model.bits[5]
    return (
        "case when last4_l = '' or last4_r = '' then 0"
        f" when ssn_l <> '' and ssn_r <> '' then case when ssn_l = ssn_r then {bits[Ssn.EXACT]}"
        f" else {_most(bits, (Ssn.EDIT, Ssn.CLOSE, Ssn.DIFFERENT))} end"
        f" when last4_l = last4_r then {bits[Ssn.CLOSE]} else {max(0.0, bits[Ssn.DIFFERENT])} end"
    )


def _ssn_by_spelling(model: LinkageModel) -> str:
    bits = model.bits[5]
    return (
        "case when last4_l = '' or last4_r = '' or last4_l = last4_r and (ssn_l = '' or ssn_r = '') or ssn_l = ssn_r"
        f" and ssn_l <> '' then ssn_bound when ssn_l = '' or ssn_r = '' then"
        f" case when damerau_levenshtein(last4_l, last4_r) <= 1 then ssn_bound else {bits[Ssn.DIFFERENT]} end"
        f" when {_TWO_EDITS} then {_most(bits, (Ssn.EDIT, Ssn.CLOSE))}"
        f" when last4_l = last4_r then {bits[Ssn.CLOSE]} else {bits[Ssn.DIFFERENT]} end"
    )


def _contact() -> str:
    """The contact class, never worse than the true one; units of a house are not looked at."""
    mail = "(email_l <> '' and email_l = email_r)"
    phone = "(phone_l <> '' and phone_l = phone_r)"
    zips = "(place_l <> '' and place_r <> '' and place_l[1] <> '~' and place_r[1] <> '~')"
    address = f"(street_l <> '' and street_l = street_r and not ({zips} and place_l <> place_r))"
    known = "(phone_l <> '' and phone_r <> '')"
    nowhere = "(street_l = '' and place_l = '' or street_r = '' and place_r = '')"
    return (
        f"case when several_contacts_l or several_contacts_r then {_ANY}"
        f" when {mail}::int + {phone}::int + {address}::int > 1 then {int(Contact.TWO)}"
        f" when {mail} then {int(Contact.EMAIL)} when {phone} then {int(Contact.PHONE)}"
        f" when {address} then {int(Contact.ADDRESS)}"
        f" when {nowhere} then case when {known} then {int(Contact.DIFFERS)} else {int(Contact.UNKNOWN)} end"
        f" when not {zips} or (number_l <> '' and number_l = number_r) then {int(Contact.CLOSE)}"
        f" when place_l <> place_r then {int(Contact.DIFFERS)}"
        f" when {known} then {int(Contact.ZIP_PHONE_DIFFERS)} else {int(Contact.ZIP)} end"
    )


def _surname_by_equality() -> str:
    return (
        f"case when family_l = '' or family_r = '' then {int(Surname.UNKNOWN)}"
        f" when family_l = family_r then {int(Surname.EXACT)} else {_OTHER} end"
    )


def _surname_by_spelling() -> str:
    return (
        f"case when surname <> {_OTHER} then surname"
        f" when several_names_l or several_names_r or {_MAY_BE_SWAPPED} then {_OTHER}"
        f" when {_one_edit('family')} then {_OTHER}"
        " when family_sound_l = family_sound_r or jaro_winkler_similarity(family_l, family_r) >= 0.879"
        f" then {int(Surname.NEAR)} else {int(Surname.DIFFERENT)} end"
    )


_MAY_BE: Mapping[int, tuple[int, ...]] = {
    Contact.TWO: (Contact.TWO, Contact.EMAIL, Contact.PHONE),
    Contact.ADDRESS: (Contact.ADDRESS, Contact.CLOSE, Contact.ZIP, Contact.ZIP_PHONE_DIFFERS),
    Contact.CLOSE: (Contact.CLOSE, Contact.ZIP, Contact.ZIP_PHONE_DIFFERS, Contact.DIFFERS, Contact.UNKNOWN),
    _ANY: tuple(Contact),
}
"""What a contact class of the bound may really be, where it may be another."""


def _house(model: LinkageModel, surname: str) -> str:
    """Bits of the house comparison by (surname class, contact class), with the family name's frequency."""
    table = []
    for name_class in range(_OTHER + 1):
        names = (Surname.RELATED, Surname.NEAR, Surname.DIFFERENT) if name_class == _OTHER else (name_class,)
        for contact_class in range(_ANY + 1):
            contacts = _MAY_BE.get(contact_class, (contact_class,))
            levels = [house_level(name, contact) for name in names for contact in contacts]
            table.append(round(_most(model.bits[2], levels), 6))
    frequency = f"case when {surname} = {int(Surname.EXACT)} then family_bits_l else 0 end"
    return f"([{', '.join(map(str, table))}][{surname} * {_ANY + 1} + contact + 1] + {frequency})"
