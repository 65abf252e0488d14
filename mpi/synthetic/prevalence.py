"""How often everything happens in the synthetic population, and why.

These rates were fixed before any matcher was tuned on generated records, and their hash is printed
with every generated file, so that a later change is seen. Sources for the orders of magnitude:
US Census Bureau (household types, moves, names), NCHS National Vital Statistics Reports (multiple
births), Just et al. 2016, "Why Patient Matching Is a Challenge" (middle name and SSN differ in more
than half of confirmed duplicates, first name in 53 % of those), AHIMA 2020 and Black Book 2018
(8-18 % duplicates in a file that nobody cleans; 3-4 % of the records for one that is looked after),
The Joint Commission NPSG.01.01.01 (newborn naming), and the default noise of published synthetic
census data (about 1 % per column and kind of error).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from mpi.synthetic.systems import DEFAULT_SYSTEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevalence:
    """Shares between 0 and 1. "Per record" rates are multiplied by the system's `error_factor`."""

    # Who lives together (relative weights of households; Census 2020, coarse).
    single: float = 0.27
    couple: float = 0.25
    family: float = 0.22
    single_parent: float = 0.08
    three_generations: float = 0.05
    parent_and_adult_child: float = 0.05
    roommates: float = 0.04
    adult_siblings: float = 0.02
    facility: float = 0.02  # a care home, shelter or dormitory: one address and phone for strangers

    # Names and births.
    twin_birth: float = 0.016  # of births; 31-33 of 1,000 children born are twins (NCHS)
    adult_siblings_twins: float = 0.20
    adult_twins_apart: float = 0.5
    twin_same_sex: float = 0.65
    twin_similar_name: float = 0.35  # same initial, near spelling
    twin_consecutive_ssn: float = 0.5  # numbers asked for on one day before 2011 were neighbours
    junior_son: float = 0.07  # of sons who live with their father; with junior_alone about 4 % of men
    junior_alone: float = 0.018  # of men whose namesake father is not in the index
    daughter_named_as_mother: float = 0.003
    namesake: float = 0.006  # of adults without family here; brings about 8 of 10,000 persons
    namesake_same_postal_code: float = 0.15
    newborn_name: float = 0.18  # of children under six: the birth hospital still has BABY BOY
    middle_name_none: float = 0.12
    goes_by_middle_name: float = 0.035
    has_nickname: float = 0.32  # of those whose name has one
    american_name_beside: float = 0.20  # of East Asian persons over eight
    second_family_name: float = 0.45  # of Hispanic persons: two surnames

    # Events within the ten years that the records span.
    household_moved: float = 0.20  # brings about 12 % of records with a former address
    person_moved: float = 0.07
    mobile_changed: float = 0.10
    email_changed: float = 0.08
    married: float = 0.75  # of couples
    wife_takes_name: float = 0.74  # Pew 2023: 79 % take the name, 5 % hyphenate, 14 % keep
    wife_hyphenates: float = 0.06
    recent_marriage_young: float = 0.75  # wedding within the span, wife under 40
    recent_marriage_old: float = 0.09
    bride_moved: float = 0.5
    divorced_name_back: float = 0.025  # of adult women living alone or as single parents

    # Records.
    duplicate: float = 0.036  # a second number in the same source, per record
    duplicate_error_factor: float = 1.5  # duplicates arise where something was wrong or unknown
    previous_name_from_before: float = 0.25  # maiden name of an older marriage is told at all

    # Names as noted, per record.
    nickname_used: float = 0.30  # of records of persons who have one
    nickname_used_self: float = 0.45
    middle_used_as_given: float = 0.5  # of records of persons who go by it
    given_family_swapped: float = 0.006
    given_family_swapped_asian: float = 0.02
    second_family_name_dropped: float = 0.30
    first_family_name_dropped: float = 0.04
    family_names_hyphenated: float = 0.20
    middle_name_wrong: float = 0.010
    suffix_in_family_name: float = 0.12  # of told suffixes
    spelling_variant: float = 0.012  # Steven for Stephen, heard on the telephone
    given_typo: float = 0.014
    family_typo: float = 0.014
    initial_only: float = 0.003

    # Birth date, sex and SSN, per record.
    day_month_swapped: float = 0.010  # happens where the day is a month: two of five
    birth_digit_error: float = 0.008
    birth_year_off: float = 0.004
    birth_transposed: float = 0.004
    birth_first_of_january: float = 0.0015
    birth_placeholder: float = 0.0015
    sex_wrong: float = 0.004
    ssn_never: float = 0.03  # persons with no number at all
    ssn_never_hispanic: float = 0.12
    ssn_never_asian: float = 0.07
    ssn_missing_child: float = 0.30  # on top of the source's share
    ssn_typo: float = 0.012
    ssn_of_relative: float = 0.003  # spouse's, or the parent who pays
    ssn_of_stranger: float = 0.0004
    ssn_placeholder: float = 0.007

    # Address and telecom, per record.
    apartment: float = 0.28  # households in a building shared with others
    street_typo: float = 0.022
    city_typo: float = 0.010
    postal_code_typo: float = 0.007
    address_placeholder: float = 0.003  # HOMELESS, UNKNOWN, GENERAL DELIVERY
    po_box: float = 0.012
    landline: float = 0.40  # households with one; elders more often
    landline_elder: float = 0.75
    mobile_adult: float = 0.95
    mobile_elder: float = 0.80
    phone_typo: float = 0.010
    phone_placeholder: float = 0.004
    phone_of_relative: float = 0.02
    email_adult: float = 0.90
    email_elder: float = 0.62
    email_shared: float = 0.07  # of couples: one address for both
    email_typo: float = 0.012
    email_placeholder: float = 0.005
    unknown_name: float = 0.0008  # UNKNOWN or JOHN DOE from the emergency room


PREVALENCE = Prevalence()


def prevalence_hash(prevalence: Prevalence = PREVALENCE) -> str:
    """SHA-256 (hex) over the canonical JSON (sorted keys, no spaces) of all rates and system profiles."""
    document = {"prevalence": asdict(prevalence), "systems": [asdict(system) for system in DEFAULT_SYSTEMS]}
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
