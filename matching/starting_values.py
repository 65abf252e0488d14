"""Where training starts: m and u set by hand from experience, before any record was seen.

Training replaces what the records can teach; what they cannot (a level that never occurred) is
smoothed towards these values and says so in its `origin`. House levels are the product of a family
name part and a contact part given that name: within a household the two agree together.
"""

from __future__ import annotations

from matching.levels import (
    COMPARISONS,
    BirthDate,
    Contact,
    Given,
    Middle,
    Sex,
    SharedIdentifier,
    Ssn,
    Surname,
    house_parts,
)
from matching.model import Comparison, Level, LinkageModel, TermFrequencies
from matching.model_document import with_hash

Values = dict[int, tuple[float, float]]
"""Level number -> (m, u)."""

GIVEN_VALUES: Values = {
    Given.EXACT: (0.86, 0.0045),
    Given.ALTERNATE: (0.01, 0.0015),
    Given.NICKNAME: (0.035, 0.0025),
    Given.SWAPPED: (0.004, 2e-6),
    Given.MIDDLE: (0.008, 0.006),
    Given.EDIT: (0.035, 0.0004),
    Given.INITIAL: (0.012, 0.002),
    Given.NEAR: (0.015, 0.004),
    Given.PHONETIC: (0.003, 0.001),
    Given.DIFFERENT: (0.018, 0.978),
}
MIDDLE_VALUES: Values = {
    Middle.FULL: (0.55, 0.012),
    Middle.INITIAL: (0.42, 0.08),
    Middle.CLOSE: (0.02, 0.008),
    Middle.CONFLICT: (0.01, 0.9),
}
BIRTH_DATE_VALUES: Values = {
    BirthDate.EXACT: (0.945, 5e-5),
    BirthDate.DAY_MONTH: (0.006, 2e-5),
    BirthDate.EDIT: (0.028, 0.001),
    BirthDate.TWO_PARTS: (0.009, 0.0018),
    BirthDate.TWO_EDITS: (0.004, 0.012),
    BirthDate.YEAR: (0.003, 0.012),
    BirthDate.OTHER: (0.004, 0.3),
    BirthDate.GENERATION: (0.001, 0.67),
}
SEX_VALUES: Values = {Sex.SAME: (0.993, 0.5), Sex.DIFFERENT: (0.007, 0.5)}
SSN_VALUES: Values = {
    Ssn.EXACT: (0.95, 2e-7),
    Ssn.EDIT: (0.025, 1e-6),
    Ssn.CLOSE: (0.008, 1.2e-4),
    Ssn.DIFFERENT: (0.017, 0.9998),
}
IDENTIFIER_VALUES: Values = {
    SharedIdentifier.EXACT: (0.78, 2e-8),
    SharedIdentifier.EDIT: (0.07, 1e-6),
    SharedIdentifier.DIFFERENT: (0.15, 0.9999),
}
"""Unlike an SSN, a licence, passport or member number is given anew: a different one says less of two people."""
_SURNAME: Values = {
    Surname.EXACT: (0.88, 0.0012),
    Surname.RELATED: (0.07, 0.0008),
    Surname.NEAR: (0.02, 0.005),
    Surname.DIFFERENT: (0.03, 0.993),
}
_CONTACT_M = {
    Contact.TWO: 0.42,
    Contact.EMAIL: 0.06,
    Contact.PHONE: 0.13,
    Contact.ADDRESS: 0.2,
    Contact.CLOSE: 0.02,
    Contact.ZIP: 0.02,
    Contact.ZIP_PHONE_DIFFERS: 0.03,
    Contact.DIFFERS: 0.07,
    Contact.UNKNOWN: 0.05,
}
_CONTACT_U_STRANGER = {
    Contact.TWO: 2e-6,
    Contact.EMAIL: 1e-6,
    Contact.PHONE: 3e-6,
    Contact.ADDRESS: 8e-6,
    Contact.CLOSE: 2e-5,
    Contact.ZIP: 0.002,
    Contact.ZIP_PHONE_DIFFERS: 0.006,
    Contact.DIFFERS: 0.94,
    Contact.UNKNOWN: 0.05,
}
_CONTACT_U_SIMILAR = {
    Contact.TWO: 1e-4,
    Contact.EMAIL: 1e-5,
    Contact.PHONE: 3e-5,
    Contact.ADDRESS: 1e-4,
    Contact.CLOSE: 1e-4,
    Contact.ZIP: 0.002,
    Contact.ZIP_PHONE_DIFFERS: 0.006,
    Contact.DIFFERS: 0.94,
    Contact.UNKNOWN: 0.05,
}
_CONTACT_U_NAMESAKE = {
    Contact.TWO: 0.02,
    Contact.EMAIL: 0.001,
    Contact.PHONE: 0.006,
    Contact.ADDRESS: 0.015,
    Contact.CLOSE: 0.002,
    Contact.ZIP: 0.004,
    Contact.ZIP_PHONE_DIFFERS: 0.012,
    Contact.DIFFERS: 0.88,
    Contact.UNKNOWN: 0.05,
}


_CONTACT_U = {
    Surname.UNKNOWN: _CONTACT_U_SIMILAR,
    Surname.EXACT: _CONTACT_U_NAMESAKE,
    Surname.RELATED: _CONTACT_U_NAMESAKE,
    Surname.NEAR: _CONTACT_U_SIMILAR,
    Surname.DIFFERENT: _CONTACT_U_STRANGER,
}


def house_values() -> Values:
    """Starting m and u of every house level but the missing one."""
    values: Values = {}
    for number in range(1, len(COMPARISONS[2].levels)):
        surname, contact = house_parts(number)
        m_surname, u_surname = _SURNAME.get(surname, (1.0, 1.0))
        values[number] = (m_surname * _CONTACT_M[contact], u_surname * _CONTACT_U[surname][contact])
    return values


STARTING_VALUES: tuple[Values, ...] = (
    GIVEN_VALUES,
    MIDDLE_VALUES,
    house_values(),
    BIRTH_DATE_VALUES,
    SEX_VALUES,
    SSN_VALUES,
    IDENTIFIER_VALUES,
)
"""In the order of `levels.COMPARISONS`."""


def starting_comparisons() -> tuple[Comparison, ...]:
    """Every comparison with its starting m and u."""
    return tuple(
        Comparison(
            shape.name,
            shape.title,
            tuple(
                Level(level.name, *values.get(number, (1.0, 1.0)), level.words, "hand" if number else "none")
                for number, level in enumerate(shape.levels)
            ),
        )
        for shape, values in zip(COMPARISONS, STARTING_VALUES, strict=True)
    )


def starting_model(version: str = "starting") -> LinkageModel:
    """A usable model without any training, for an index of 10,000 records."""
    return with_hash(
        LinkageModel(
            version=version,
            comparisons=starting_comparisons(),
            given_frequencies=TermFrequencies({}, 0.0008, 0.0045),
            family_frequencies=TermFrequencies({}, 0.0002, 0.0012),
            prior=1e-4,
            prior_records=10_000,
            author="set by hand",
            justification="Starting values before training; not for production.",
        )
    )
