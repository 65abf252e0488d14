"""A StandardRecord laid out in flat columns, for DuckDB and Splink."""

from __future__ import annotations

from matching.compare import LEAST_STREET, house
from matching.compare_names import family_names, given_names, joined_given
from matching.name_relations import nickname_forms, sound
from matching.records import StandardRecord

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
    ("streets", "VARCHAR[]"),
    ("homes", "VARCHAR[]"),
    ("houses", "VARCHAR[]"),
    ("zip_houses", "VARCHAR[]"),
    ("town_houses", "VARCHAR[]"),
    ("long_streets", "VARCHAR[]"),
    ("zips", "VARCHAR[]"),
    ("towns", "VARCHAR[]"),
    ("identifiers", "VARCHAR[]"),
    ("identifier_kinds", "VARCHAR[]"),
    ("long_identifiers", "VARCHAR[]"),
)
"""Name and DuckDB type of every column of `to_row`, in order."""


def to_row(unique_id: int, record: StandardRecord, established: frozenset[str]) -> Row:
    """One record in columns. Unknown text is "", never NULL; lists are sorted and may be empty.

    homes             street|unit|town|ZIP code|house of each address with a street; a house is number and street name
    zip_houses        ZIP code|house;  town_houses  house|town
    long_streets      street lines long enough to be compared by likeness
    long_identifiers  authority|type|value with a value of six characters or more
    """
    name = record.name
    homes = [(home, house(home.street)) for home in record.addresses]
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
        "streets": sorted({home.street for home, _ in homes if home.street}),
        "homes": sorted(
            {f"{home.street}|{home.unit}|{home.city}|{home.zip5}|{place}" for home, place in homes if home.street}
        ),
        "houses": sorted({place for _, place in homes if place}),
        "zip_houses": sorted({f"{home.zip5}|{place}" for home, place in homes if place and home.zip5}),
        "town_houses": sorted({f"{place}|{home.city}" for home, place in homes if place and home.city}),
        "long_streets": sorted({home.street for home, _ in homes if len(home.street) >= LEAST_STREET}),
        "zips": sorted({home.zip5 for home, _ in homes if home.zip5}),
        "towns": sorted({home.city for home, _ in homes if home.city}),
        "identifiers": sorted({"|".join(identifier) for identifier in record.identifiers}),
        "identifier_kinds": sorted({f"{authority}|{kind}" for authority, kind, _ in record.identifiers}),
        "long_identifiers": sorted({"|".join(item) for item in record.identifiers if len(item[2]) > 5}),
    }
