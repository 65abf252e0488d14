"""People for the engine's tests: one complete person to vary, odd records, a town, and arrival one by one."""

from __future__ import annotations

import random
from dataclasses import replace

from matching.records import StandardAddress, StandardName, StandardRecord
from matching.standardise import standardise
from mpi.mapping import record_from_flat
from mpi.synthetic.generate import generate

MARGARET = StandardRecord(
    source_system="HOSP",
    mrn="1",
    name=StandardName(given="MARGARET", middle="ANN", family="HOLLOWAY"),
    birth_date="1970-03-14",
    birth_year="1970",
    sex="F",
    ssn="536221234",
    ssn_last4="1234",
    addresses=(StandardAddress("12 OAK ST", "", "SPRINGFIELD", "IL", "62701"),),
    phones=("2175551234",),
    emails=("margaret@example.org",),
)
"""Nothing is missing; tests change what they are about."""


def vary(record: StandardRecord = MARGARET, **changes: object) -> StandardRecord:
    """The record with some values changed; given, middle, family and suffix go into its name."""
    name = {key: changes.pop(key) for key in ("given", "middle", "family", "suffix") if key in changes}
    if "birth_date" in changes:
        changes.setdefault("birth_year", str(changes["birth_date"])[:4])
    if "ssn" in changes:
        changes.setdefault("ssn_last4", str(changes["ssn"])[-4:])
    return replace(record, name=replace(record.name, **name), **changes)  # type: ignore[arg-type]


def elsewhere(record: StandardRecord = MARGARET, **changes: object) -> StandardRecord:
    """The record of another source without SSN, telecom and address."""
    away = {"source_system": "LAB", "ssn": "", "addresses": (), "phones": (), "emails": ()}
    return vary(record, **(away | changes))


GIVEN = (
    *("", "MARGARET", "PEGGY", "MAGGIE", "JOHN", "JON", "JONATHAN", "HANNA", "HANNAH", "MARY ANN", "MARYANN", "MARY"),
    *("ANN", "J", "M", "SMITH", "SMITHY", "KATHERINE", "CATHERINE", "CATHRYN", "WILLIAM", "BILL", "STEVN", "STEVEN"),
    *("STEPHN", "NAT", "NATALIE", "LO"),
)
FAMILY = (
    *("", "SMITH", "SMYTH", "SMITHE", "JOHN", "JOHNSON", "JONSON", "GARCIA", "LOPEZ", "GARCIA LOPEZ", "SMITH JONES"),
    *("JONES", "NG", "NGO", "MARGARET", "MARGRET", "STEPHENS", "STEFFENS"),
)
MIDDLE = ("", "", "ANN", "A", "ANNE", "JOHN", "B", "MARY", "WILLIAM", "STEVEN LEE")
STREETS = ("", "12 OAK ST", "12 OAK AVE", "12 OAKS ST", "14 OAK ST", "1 ELM", "12 OAK", "PO BOX 12")
SSNS = ("", "", "123456789", "123456798", "123456780", "987656789", "123465798", "555443333", "123456889")


def odd_record(rng: random.Random, number: int) -> StandardRecord:
    """A record from a small world where every pair is a near miss: it reaches rare levels often."""
    born = "" if rng.random() < 0.2 else "-".join(rng.choice(part) for part in _DATE_PARTS)
    ssn = rng.choice(SSNS)
    numbers = [
        (rng.choice(("IL", "NY")), rng.choice(("DL", "MB")), rng.choice(_VALUES))
        for _ in range(rng.choice((0, 0, 1, 2)))
    ]
    return StandardRecord(
        source_system=rng.choice(("A", "B")),
        mrn=str(number),
        name=_odd_name(rng),
        former_names=tuple(_odd_name(rng) for _ in range(rng.choice((0, 0, 0, 1, 2)))),
        birth_date=born,
        birth_year=born[:4] or rng.choice(("", "1970", "1990")),
        sex=rng.choice(("", "F", "M")),
        ssn=ssn,
        ssn_last4=ssn[-4:] or rng.choice(("", "6789", "6780")),
        addresses=tuple(_odd_address(rng) for _ in range(rng.choice((0, 1, 1, 2)))),
        phones=tuple(sorted({rng.choice(("1", "2", "3", "4")) for _ in range(rng.choice((0, 1, 2)))})),
        emails=tuple(sorted({rng.choice(("a", "b", "c")) for _ in range(rng.choice((0, 1, 1)))})),
        identifiers=tuple(sorted(set(numbers))),
    )


_DATE_PARTS = (("1970", "1971", "1907", "1990", "2001"), ("01", "02", "03", "12", "10"), ("01", "02", "03", "12", "21"))
_VALUES = ("A1234567", "A1234576", "B99", "A12", "A13")


def _odd_name(rng: random.Random) -> StandardName:
    family = rng.choice(FAMILY)
    parts = tuple(family.split(" ")) if " " in family else ()
    return StandardName(rng.choice(GIVEN), rng.choice(MIDDLE), family, "", parts)


def _odd_address(rng: random.Random) -> StandardAddress:
    town = rng.choice(("", "SPRINGFIELD", "NEW TOWN"))
    return StandardAddress(
        rng.choice(STREETS), rng.choice(("", "", "2", "3")), town, "IL", rng.choice(("", "62701", "62702"))
    )


def town(records: int, seed: int) -> tuple[dict[int, StandardRecord], dict[int, str]]:
    """Generated records in order of arrival, standardised, and their true persons."""
    standard, truth = {}, {}
    for number, generated in enumerate(generate(records, seed)):
        standard[number] = standardise(record_from_flat(generated.as_dict()).record)
        truth[number] = generated.person_id
    return standard, truth
