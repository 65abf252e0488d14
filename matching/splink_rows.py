"""A StandardRecord laid out in flat columns, for DuckDB and Splink."""

from __future__ import annotations

from matching.compare import LEAST_STREET
from matching.compare_names import family_names, given_names, joined_given
from matching.name_relations import nickname_forms, sound
from matching.records import StandardAddress, StandardRecord

Row = dict[str, object]

COLUMNS: tuple[tuple[str, str], ...] = (
    ("unique_id", "BIGINT"),
    ("source_system", "VARCHAR"),
    ("given", "VARCHAR"),
    ("given_all", "VARCHAR[]"),
    ("given_plain", "VARCHAR"),
    ("given_joined", "VARCHAR"),
    ("given_forms", "VARCHAR[]"),
    ("given_sound", "VARCHAR"),
    ("given_established", "BOOLEAN"),
    ("middle", "VARCHAR"),
    ("family", "VARCHAR"),
    ("family_all", "VARCHAR[]"),
    ("family_sound", "VARCHAR"),
    ("birth_date", "VARCHAR"),
    ("birth_year", "VARCHAR"),
    ("sex", "VARCHAR"),
    ("ssn", "VARCHAR"),
    ("ssn_last4", "VARCHAR"),
    ("phones", "VARCHAR[]"),
    ("emails", "VARCHAR[]"),
    ("doors", "VARCHAR[]"),
    ("buildings", "VARCHAR[]"),
    ("open_buildings", "VARCHAR[]"),
    ("long_streets", "VARCHAR[]"),
    ("long_street_lines", "VARCHAR[]"),
    ("zips", "VARCHAR[]"),
    ("towns", "VARCHAR[]"),
    ("identifiers", "VARCHAR[]"),
    ("identifier_kinds", "VARCHAR[]"),
    ("long_identifiers", "VARCHAR[]"),
)
"""Name and DuckDB type of every column of `to_row`, in order."""


def to_row(unique_id: int, record: StandardRecord, established: frozenset[str]) -> Row:
    """One record in columns. Unknown text is "", never NULL; lists are sorted and may be empty.

    doors             street|place|unit;  buildings  street|place;  open_buildings  those told without a unit
    long_streets      place|street line long enough to be compared by likeness;  long_street_lines  without place
    towns             towns of the addresses that have no ZIP code
    long_identifiers  authority|type|value with a value of six characters or more
    """
    name = record.name
    homes = [(home, _place(home)) for home in record.addresses if home.street and _place(home)]
    return {
        "unique_id": unique_id,
        "source_system": record.source_system,
        "given": name.given,
        "given_all": sorted(given_names(record)),
        "given_plain": name.given.replace(" ", ""),
        "given_joined": joined_given(name),
        "given_forms": sorted(nickname_forms(name.given)),
        "given_sound": sound(name.given),
        "given_established": name.given in established,
        "middle": name.middle,
        "family": name.family,
        "family_all": sorted(family_names(record)),
        "family_sound": sound(name.family),
        "birth_date": record.birth_date,
        "birth_year": record.birth_date[:4] or record.birth_year,
        "sex": record.sex,
        "ssn": record.ssn,
        "ssn_last4": record.ssn_last4,
        "phones": sorted(record.phones),
        "emails": sorted(record.emails),
        "doors": sorted({f"{home.street}|{place}|{home.unit}" for home, place in homes}),
        "buildings": sorted({f"{home.street}|{place}" for home, place in homes}),
        "open_buildings": sorted({f"{home.street}|{place}" for home, place in homes if not home.unit}),
        "long_streets": sorted({f"{place}|{home.street}" for home, place in homes if len(home.street) >= LEAST_STREET}),
        "long_street_lines": sorted({home.street for home in record.addresses if len(home.street) >= LEAST_STREET}),
        "zips": sorted({home.zip5 for home in record.addresses if home.zip5}),
        "towns": sorted({home.city for home in record.addresses if home.city and not home.zip5}),
        "identifiers": sorted({"|".join(identifier) for identifier in record.identifiers}),
        "identifier_kinds": sorted({f"{authority}|{kind}" for authority, kind, _ in record.identifiers}),
        "long_identifiers": sorted({"|".join(item) for item in record.identifiers if len(item[2]) > 5}),
    }


def _place(home: StandardAddress) -> str:
    """ZIP code, or the town as one word for an address without."""
    return home.zip5 or home.city.replace(" ", "_")
