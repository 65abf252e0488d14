"""The source systems of the synthetic network: name, rank, and the habits of each registration desk.

Shares are probabilities between 0 and 1 per record unless said otherwise. The first four systems are
the demonstration network; more are made by repeating the profiles under numbered codes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

DateFormat = Literal["iso", "us"]
SexFormat = Literal["letter", "word"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSystem:
    """One source system. `rank` 1 is the most trusted in survivorship.

    presence_*    share of the persons of that age who are patients there (child < 18, elder >= 65)
    error_factor  multiplies every error rate of `Prevalence`: how careful the desk is
    self_entered  the patient types: fewer errors in own SSN and birth date, more nicknames
    ssn_last4     share of the told SSNs of which only the last four digits are kept
    sparse        records with name, birth date and sex alone (a requisition slip)
    """

    code: str
    name: str
    rank: int
    mrn_prefix: str
    mrn_width: int
    presence_child: float
    presence_adult: float
    presence_elder: float
    error_factor: float
    self_entered: bool
    birth_hospital: bool
    ssn_missing: float
    ssn_last4: float
    ssn_dashes: float
    middle_missing: float
    middle_initial: float
    suffix_missing: float
    sex_missing: float
    birth_date_missing: float
    address_missing: float
    unit_missing: float
    phone_missing: float
    mobile_preferred: float
    email_missing: float
    previous_name_told: float
    sparse: float
    upper_case: bool
    ascii_only: bool
    given_width: int
    family_width: int
    date_format: DateFormat
    sex_format: SexFormat


GENHOSP = SyntheticSystem(
    code="GENHOSP", name="General Hospital", rank=1, mrn_prefix="", mrn_width=8,
    presence_child=0.74, presence_adult=0.74, presence_elder=0.86,
    error_factor=0.8, self_entered=False, birth_hospital=True,
    ssn_missing=0.19, ssn_last4=0.0, ssn_dashes=1.0,
    middle_missing=0.15, middle_initial=0.40, suffix_missing=0.30, sex_missing=0.002,
    birth_date_missing=0.002, address_missing=0.015, unit_missing=0.08,
    phone_missing=0.05, mobile_preferred=0.55, email_missing=0.42, previous_name_told=0.45, sparse=0.005,
    upper_case=False, ascii_only=True, given_width=30, family_width=40, date_format="iso", sex_format="letter",
)  # fmt: skip

NORTHCLINIC = SyntheticSystem(
    code="NORTHCLINIC", name="North Side Clinic", rank=2, mrn_prefix="NC", mrn_width=6,
    presence_child=0.66, presence_adult=0.58, presence_elder=0.66,
    error_factor=1.0, self_entered=False, birth_hospital=True,
    ssn_missing=0.29, ssn_last4=0.0, ssn_dashes=0.1,
    middle_missing=0.22, middle_initial=0.45, suffix_missing=0.40, sex_missing=0.006,
    birth_date_missing=0.004, address_missing=0.02, unit_missing=0.12,
    phone_missing=0.07, mobile_preferred=0.65, email_missing=0.38, previous_name_told=0.30, sparse=0.005,
    upper_case=False, ascii_only=False, given_width=40, family_width=40, date_format="iso", sex_format="letter",
)  # fmt: skip

RIVERLAB = SyntheticSystem(
    code="RIVERLAB", name="Riverside Lab", rank=3, mrn_prefix="RL-", mrn_width=7,
    presence_child=0.42, presence_adult=0.56, presence_elder=0.72,
    error_factor=1.4, self_entered=False, birth_hospital=False,
    ssn_missing=0.37, ssn_last4=0.04, ssn_dashes=0.0,
    middle_missing=0.35, middle_initial=0.50, suffix_missing=0.55, sex_missing=0.012,
    birth_date_missing=0.006, address_missing=0.05, unit_missing=0.20,
    phone_missing=0.12, mobile_preferred=0.50, email_missing=0.85, previous_name_told=0.05, sparse=0.04,
    upper_case=True, ascii_only=True, given_width=15, family_width=20, date_format="us", sex_format="letter",
)  # fmt: skip

PORTAL = SyntheticSystem(
    code="PORTAL", name="Patient Portal", rank=4, mrn_prefix="P", mrn_width=9,
    presence_child=0.25, presence_adult=0.50, presence_elder=0.34,
    error_factor=1.1, self_entered=True, birth_hospital=False,
    ssn_missing=0.42, ssn_last4=0.35, ssn_dashes=0.5,
    middle_missing=0.45, middle_initial=0.25, suffix_missing=0.50, sex_missing=0.02,
    birth_date_missing=0.003, address_missing=0.05, unit_missing=0.08,
    phone_missing=0.06, mobile_preferred=0.92, email_missing=0.02, previous_name_told=0.12, sparse=0.01,
    upper_case=False, ascii_only=False, given_width=60, family_width=60, date_format="iso", sex_format="word",
)  # fmt: skip

DEFAULT_SYSTEMS = (GENHOSP, NORTHCLINIC, RIVERLAB, PORTAL)


def synthetic_systems(count: int) -> tuple[SyntheticSystem, ...]:
    """The first `count` systems; past the fourth the profiles repeat as GENHOSP2, NORTHCLINIC2, ...

    With more than four systems a person's presence in each is thinned, so that a person still has
    about the same number of records. Raises ValueError under 1 or over 99.
    """
    if not 1 <= count <= 99:
        raise ValueError("The number of source systems must be between 1 and 99.")
    thinning = min(1.0, len(DEFAULT_SYSTEMS) / count)
    return tuple(_system(index, thinning) for index in range(count))


def _system(index: int, thinning: float) -> SyntheticSystem:
    round_number, place = divmod(index, len(DEFAULT_SYSTEMS))
    profile = DEFAULT_SYSTEMS[place]
    number = str(round_number + 1) if round_number else ""
    return replace(
        profile,
        code=profile.code + number,
        name=f"{profile.name} {number}".strip(),
        rank=index + 1,
        presence_child=profile.presence_child * thinning,
        presence_adult=profile.presence_adult * thinning,
        presence_elder=profile.presence_elder * thinning,
    )
