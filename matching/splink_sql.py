"""The comparisons as DuckDB conditions over pairs of `splink_rows`: the twin of `compare`, for Splink.

`condition` is true for a pair of rows exactly when `compare` gives that level. A property test holds the
two equal: rapidfuzz and DuckDB give the same distances on ASCII, and standard records are ASCII.
"""

from __future__ import annotations

import re

from matching.compare import (
    GENERATION_YEARS,
    LETTERS_A_TOWN_EDIT,
    LONG_STREET,
    LONG_STREET_EDITS,
    SHORT_STREET_EDITS,
)
from matching.compare_names import NEAR_SIMILARITY
from matching.levels import (
    HOUSE,
    TERM_CONTACTS,
    BirthDate,
    Contact,
    Given,
    Middle,
    Sex,
    SharedIdentifier,
    Ssn,
    Surname,
    house_level,
    house_parts,
)


def _edits(column: str) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r)"


def _near(column: str) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {NEAR_SIMILARITY}"


def _share(column: str) -> str:
    return f"list_has_any({column}_l, {column}_r)"


def _either(column: str, value: str = "''") -> str:
    return f"({column}_l = {value} or {column}_r = {value})"


def _both_told(column: str) -> str:
    return f"(len({column}_l) > 0 and len({column}_r) > 0)"


def _any_pair(column: str, test: str) -> str:
    """Whether some value x of the left list and y of the right list pass the test."""
    inner = f"list_filter({column}_r, lambda y: {test})"
    return f"len(list_filter({column}_l, lambda x: len({inner}) > 0)) > 0"


def _goes_by_middle(name: str, other: str) -> str:
    initial = f"(middle_{other} = '' or substr(middle_{other}, 1, 1) = substr(given_{name}, 1, 1))"
    return f"(given_{other} = middle_{name} and {initial})"


_SWAPPED = (
    "(given_l <> '' and given_r <> ''"
    " and substr(given_l, 1, 1) = substr(family_r, 1, 1) and substr(given_r, 1, 1) = substr(family_l, 1, 1)"
    f" and jaro_winkler_similarity(given_l, family_r) >= {NEAR_SIMILARITY}"
    f" and jaro_winkler_similarity(given_r, family_l) >= {NEAR_SIMILARITY})"
)
_BOTH_ESTABLISHED = "(given_established_l and given_established_r)"
_SHORT_FORM = (
    "((length(given_l) > 2 and starts_with(given_r, given_l))"
    " or (length(given_r) > 2 and starts_with(given_l, given_r)))"
)
_SAME_WHEN_JOINED = (
    "(given_plain_l = given_plain_r or given_plain_l = given_joined_r or given_plain_r = given_joined_l)"
)
_SHORT_GIVEN = "(length(given_l) = 1 or length(given_r) = 1)"
_SAME_FIRST = "substr({0}_l, 1, 1) = substr({0}_r, 1, 1)"

_GIVEN = (
    (_either("given"), Given.MISSING),
    ("given_l = given_r", Given.EXACT),
    (f"{_share('given_all')} or {_SAME_WHEN_JOINED}", Given.ALTERNATE),
    (
        "list_contains(given_forms_l, given_r) or list_contains(given_forms_r, given_l)",
        Given.NICKNAME,
    ),
    (_SWAPPED, Given.SWAPPED),
    (f"{_goes_by_middle('l', 'r')} or {_goes_by_middle('r', 'l')}", Given.MIDDLE),
    (f"{_SHORT_GIVEN} and {_SAME_FIRST.format('given')}", Given.INITIAL),
    (
        f"{_SHORT_GIVEN} or ({_BOTH_ESTABLISHED} and given_sound_l <> given_sound_r and not {_SHORT_FORM})",
        Given.DIFFERENT,
    ),
    (f"{_BOTH_ESTABLISHED} and {_SHORT_FORM}", Given.NEAR),
    (_BOTH_ESTABLISHED, Given.PHONETIC),
    (f"{_edits('given')} <= 1 and least(length(given_l), length(given_r)) > 3", Given.EDIT),
    (_near("given"), Given.NEAR),
    ("given_sound_l = given_sound_r", Given.PHONETIC),
)
_MIDDLE = (
    (f"{_either('middle')} or given_l = middle_r or given_r = middle_l", Middle.MISSING),
    (f"given_l <> given_r and not {_either('given')} and {_SAME_WHEN_JOINED}", Middle.MISSING),
    (
        f"(length(middle_l) = 1 or length(middle_r) = 1) and {_SAME_FIRST.format('middle')}",
        Middle.INITIAL,
    ),
    ("length(middle_l) = 1 or length(middle_r) = 1", Middle.CONFLICT),
    ("middle_l = middle_r", Middle.FULL),
    (f"{_edits('middle')} <= 1 or {_near('middle')}", Middle.CLOSE),
)
_SURNAME = (
    (_either("family"), Surname.UNKNOWN),
    ("family_l = family_r", Surname.EXACT),
    (_SWAPPED, Surname.RELATED),
    (_share("family_all"), Surname.RELATED),
    ("length(family_l) = 1 or length(family_r) = 1", Surname.UNKNOWN),
    (f"{_edits('family')} <= 1 and least(length(family_l), length(family_r)) > 3", Surname.RELATED),
    (f"{_near('family')} or family_sound_l = family_sound_r", Surname.NEAR),
)


def _part(value: str, number: int) -> str:
    return f"split_part({value}, '|', {number})"


def _known_on_both(number: int) -> str:
    return f"{_part('x', number)} <> '' and {_part('y', number)} <> ''"


# Parts of a home: street | unit | town | ZIP code | house.
_SAME_HOME = (
    f"{_part('x', 1)} = {_part('y', 1)}"
    f" and ({_part('x', 2)} = {_part('y', 2)} or not ({_known_on_both(2)}))"
    f" and case when {_known_on_both(4)} then {_part('x', 4)} = {_part('y', 4)}"
    f" when {_known_on_both(3)} then {_part('x', 3)} = {_part('y', 3)} else {_part('x', 5)} <> '' end"
)
_SAME_ADDRESS = f"({_share('streets')} and {_any_pair('homes', _SAME_HOME)})"
_AGREEMENTS = f"({_share('emails')}::int + {_share('phones')}::int + {_SAME_ADDRESS}::int)"
_SHORTER = "least(length(x), length(y))"
_NEARLY_SAME_STREET = _any_pair(
    "long_streets",
    "split_part(x, ' ', 1) = split_part(y, ' ', 1) and damerau_levenshtein(x, y)"
    f" <= case when {_SHORTER} >= {LONG_STREET} then {LONG_STREET_EDITS} else {SHORT_STREET_EDITS} end",
)
_PHONES_KNOWN = _both_told("phones")
_ZIPS_KNOWN = _both_told("zips")
_PLACES_KNOWN = f"({_ZIPS_KNOWN} or {_both_told('towns')})"
_SAME_TOWN = f"damerau_levenshtein(x, y) <= least(length(x), length(y)) // {LETTERS_A_TOWN_EDIT}"
_SAME_PLACE = f"({_share('zips')} or (not {_ZIPS_KNOWN} and {_any_pair('towns', _SAME_TOWN)}))"
# Parts of a town's house: house | town.
_SAME_TOWN_HOUSE = (
    f"{_part('x', 1)} = {_part('y', 1)} and damerau_levenshtein({_part('x', 2)}, {_part('y', 2)})"
    f" <= least(length({_part('x', 2)}), length({_part('y', 2)})) // {LETTERS_A_TOWN_EDIT}"
)
_SAME_HOUSE = (
    f"({_share('zip_houses')} or ({_share('houses')}"
    f" and (not {_PLACES_KNOWN} or {_any_pair('town_houses', _SAME_TOWN_HOUSE)})))"
)
_CONTACT = (
    (f"{_AGREEMENTS} > 1", Contact.TWO),
    (_share("emails"), Contact.EMAIL),
    (_share("phones"), Contact.PHONE),
    (_SAME_ADDRESS, Contact.ADDRESS),
    (
        f"{_share('long_streets')} or {_SAME_HOUSE}"
        f" or (({_SAME_PLACE} or not {_PLACES_KNOWN}) and {_NEARLY_SAME_STREET})",
        Contact.CLOSE,
    ),
    (f"{_SAME_PLACE} and {_PHONES_KNOWN}", Contact.ZIP_PHONE_DIFFERS),
    (_SAME_PLACE, Contact.ZIP),
    (f"{_PLACES_KNOWN} or {_PHONES_KNOWN}", Contact.DIFFERS),
)
_DAY_MONTH = (
    "substr(birth_date_l, 1, 4) = substr(birth_date_r, 1, 4)"
    " and substr(birth_date_l, 6, 2) = substr(birth_date_r, 9, 2)"
    " and substr(birth_date_l, 9, 2) = substr(birth_date_r, 6, 2)"
)
_PARTS = (
    "((substr(birth_date_l, 1, 4) = substr(birth_date_r, 1, 4))::int"
    " + (substr(birth_date_l, 6, 2) = substr(birth_date_r, 6, 2))::int"
    " + (substr(birth_date_l, 9, 2) = substr(birth_date_r, 9, 2))::int)"
)
_YEARS_APART = "abs(try_cast(birth_year_l as int) - try_cast(birth_year_r as int))"
_NO_DATE = _either("birth_date")
_BIRTH_DATE = (
    (f"{_either('birth_year')} or ({_NO_DATE} and birth_year_l = birth_year_r)", BirthDate.MISSING),
    (f"{_NO_DATE} and {_YEARS_APART} >= {GENERATION_YEARS}", BirthDate.GENERATION),
    (_NO_DATE, BirthDate.OTHER),
    ("birth_date_l = birth_date_r", BirthDate.EXACT),
    (_DAY_MONTH, BirthDate.DAY_MONTH),
    (f"{_edits('birth_date')} <= 1", BirthDate.EDIT),
    (f"{_PARTS} = 2", BirthDate.TWO_PARTS),
    (f"{_edits('birth_date')} = 2", BirthDate.TWO_EDITS),
    ("birth_year_l = birth_year_r", BirthDate.YEAR),
    (f"{_YEARS_APART} >= {GENERATION_YEARS}", BirthDate.GENERATION),
)
_SEX = ((_either("sex"), Sex.MISSING), ("sex_l = sex_r", Sex.SAME))
_SSNS_KNOWN = "ssn_l <> '' and ssn_r <> ''"
_SSN = (
    (_either("ssn_last4"), Ssn.MISSING),
    (f"{_SSNS_KNOWN} and ssn_l = ssn_r", Ssn.EXACT),
    (f"{_SSNS_KNOWN} and {_edits('ssn')} <= 1", Ssn.EDIT),
    (f"ssn_last4_l = ssn_last4_r or ({_SSNS_KNOWN} and {_edits('ssn')} = 2)", Ssn.CLOSE),
    (f"not ({_SSNS_KNOWN}) and {_edits('ssn_last4')} <= 1", Ssn.MISSING),
)
_SAME_KIND = "split_part(x, '|', 1) = split_part(y, '|', 1) and split_part(x, '|', 2) = split_part(y, '|', 2)"
_IDENTIFIER = (
    (f"not {_share('identifier_kinds')}", SharedIdentifier.MISSING),
    (_share("identifiers"), SharedIdentifier.EXACT),
    (
        _any_pair("long_identifiers", f"{_SAME_KIND} and damerau_levenshtein(x, y) <= 1"),
        SharedIdentifier.EDIT,
    ),
)


Branches = tuple[tuple[str, int], ...]
"""Conditions in order, each with its level: the first true one wins; the last is always true."""


def _house() -> Branches:
    """Every surname branch with every contact branch; the last contact branch catches the rest of its surname."""
    return tuple(
        (f"({surname_condition}) and ({contact_condition})", house_level(surname, contact))
        for surname_condition, surname in (*_SURNAME, ("true", Surname.DIFFERENT))
        for contact_condition, contact in (*_CONTACT, ("true", Contact.UNKNOWN))
    )


BRANCHES: tuple[Branches, ...] = (
    (*_GIVEN, ("true", Given.DIFFERENT)),
    (*_MIDDLE, ("true", Middle.CONFLICT)),
    _house(),
    (*_BIRTH_DATE, ("true", BirthDate.OTHER)),
    (*_SEX, ("true", Sex.DIFFERENT)),
    (*_SSN, ("true", Ssn.DIFFERENT)),
    (*_IDENTIFIER, ("true", SharedIdentifier.DIFFERENT)),
)
"""For each comparison, in the order of `levels.COMPARISONS`; a level may have several branches."""


def _case(branches: Branches, otherwise: int) -> str:
    whens = " ".join(f"when {test} then {int(level)}" for test, level in branches)
    return f"case {whens} else {int(otherwise)} end"


_CONTACT_CLASS = f"({_case(_CONTACT, Contact.UNKNOWN)})"
_TERM_CONTACT = ", ".join(str(int(contact)) for contact in sorted(TERM_CONTACTS))
TERM_CONDITIONS = {
    "given": "given_l = given_r and given_l <> ''",
    "family": f"family_l = family_r and family_l <> '' and {_CONTACT_CLASS} in ({_TERM_CONTACT})",
}
"""When the frequency of the given or family name adjusts the weight."""


def _call(name: str, body: str) -> str:
    """The macro of this name over the columns that its body reads."""
    columns = sorted(set(re.findall(r"\w+_[lr]\b", body)))
    return f"{name}({', '.join(columns)})"


def _class_of(comparison: int) -> tuple[str, str]:
    """Name and body of the macro that gives the level of a comparison; of a home, see `_HOME_PARTS`."""
    branches = BRANCHES[comparison]
    return f"level_{comparison}", _case(branches[:-1], branches[-1][1])


_HOME_PARTS = (
    ("surname_part", _case(_SURNAME, Surname.DIFFERENT)),
    ("contact_part", _case(_CONTACT, Contact.UNKNOWN)),
)
_CLASSES = (*_HOME_PARTS, *(_class_of(number) for number in range(len(BRANCHES)) if number != HOUSE))
MACROS = tuple(f"create or replace macro {_call(name, body)} as ({body})" for name, body in _CLASSES)
"""What `condition` calls. Splink takes each condition to pieces, several times: whole, they cost it half a minute."""


def condition(comparison: int, level: int) -> str:
    """SQL that is true for exactly this level of the comparison, whatever the order of conditions. Needs `MACROS`."""
    if comparison == HOUSE:
        parts = zip(_HOME_PARTS, house_parts(level), strict=True)
        return " and ".join(f"{_call(*part)} = {int(number)}" for part, number in parts)
    return f"{_call(*_class_of(comparison))} = {level}"
