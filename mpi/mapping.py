"""From the flat names of CSV, NDJSON and JSON to a PatientRecord, with every flaw named by field.

A flaw that makes the record unusable (no number, no name, unknown field) is fatal at every door. A
value that cannot be true (30 February) is refused where a program or person can answer at once (REST,
forms); in a file the record is taken as told, without that value as evidence, and the line is
reported: see decisions/0002-impossible-values-in-files.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from matching.records import SSN_AUTHORITY, Address, Identifier, Name, PatientRecord, Telecom
from matching.survivorship import FIELDS
from mpi.errors import Flaw, InvalidInput

FLAT_FIELDS = (
    "source_system",
    "mrn",
    "given_name",
    "middle_name",
    "family_name",
    "suffix",
    "birth_date",
    "sex",
    "ssn",
    "street",
    "city",
    "state",
    "postal_code",
    "phone",
    "email",
    "previous_family_name",
)
OPTIONAL_FIELDS = ("updated_at", "verified")
_FIELDS = frozenset(FLAT_FIELDS + OPTIONAL_FIELDS)
LIMITS = {"mrn": 64, "source_system": 32, "suffix": 32, "sex": 16, "ssn": 32, "birth_date": 32, "updated_at": 40}
DEFAULT_LIMIT = 300
_SEXES = frozenset({"", "F", "M", "U", "O", "A", "N", "X", "FEMALE", "MALE", "UNKNOWN", "OTHER", "UNDIFFERENTIATED"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")
_DATE_FORMS = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%Y-%m", "%Y%m", "%Y")
_OLDEST_YEAR = 1850
_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A record as told, the source's own time, and the values that cannot be true."""

    record: PatientRecord
    source_time: datetime | None
    doubts: tuple[Flaw, ...]


def record_from_flat(row: Mapping[str, str], *, time_zone: str = "UTC") -> Mapped:
    """Map one flat row. Raises InvalidInput with all fatal flaws; what cannot be true is in `doubts`."""
    row = {key: value.strip() for key, value in row.items()}
    flaws = _fatal_flaws(row)
    source_time, time_flaw = parse_time(row.get("updated_at", ""), time_zone)
    if flaws + time_flaw:
        raise InvalidInput("The record cannot be used.", flaws=flaws + time_flaw)
    get = row.get
    names = [
        Name(
            family=get("family_name", ""),
            given=get("given_name", ""),
            middle=get("middle_name", ""),
            suffix=get("suffix", ""),
        )
    ]
    if previous := get("previous_family_name"):
        names.append(Name(family=previous, given=get("given_name", ""), use="maiden"))
    address = Address(
        street=get("street", ""), city=get("city", ""), state=get("state", ""), postal_code=get("postal_code", "")
    )
    telecoms = [Telecom(kind, value) for kind in ("phone", "email") if (value := get(kind))]
    ssn = get("ssn")
    record = PatientRecord(
        source_system=row["source_system"],
        mrn=row["mrn"],
        names=tuple(names),
        birth_date=get("birth_date", ""),
        sex=get("sex", ""),
        addresses=(address,) if address != Address() else (),
        telecoms=tuple(telecoms),
        identifiers=(Identifier(SSN_AUTHORITY, ssn, "SS"),) if ssn else (),
        verified=" ".join(sorted(set(get("verified", "").split()))),
    )
    return Mapped(record, source_time, doubts_about(record))


def _fatal_flaws(row: Mapping[str, str]) -> tuple[Flaw, ...]:
    if _is_plain(row):
        return ()
    flaws = [
        Flaw(key, "is not a field of a record", f"remove it; the fields are {', '.join(FLAT_FIELDS + OPTIONAL_FIELDS)}")
        for key in row
        if key not in FLAT_FIELDS and key not in OPTIONAL_FIELDS
    ]
    flaws += [
        Flaw(key, "is missing", "give the system's code and its own number for the patient")
        for key in ("source_system", "mrn")
        if not row.get(key)
    ]
    if not any(row.get(key) for key in ("given_name", "family_name")):
        mend = "give a family name or a given name; UNKNOWN is allowed"
        flaws.append(Flaw("family_name", "is missing, and so is the given name", mend))
    if not set(row.get("verified", "").split()) <= set(FIELDS):
        flaws.append(Flaw("verified", "names no field of a person", f"use {', '.join(FIELDS)}, with spaces between"))
    for key, value in row.items():
        flaws += text_flaws(key, value)
    return tuple(flaws)


def text_flaws(path: str, value: str) -> list[Flaw]:
    """What is wrong with one text: too long, or control characters in it."""
    limit = LIMITS.get(path, DEFAULT_LIMIT)
    if len(value) > limit:
        return [Flaw(path, f"is longer than {limit} characters", "shorten it")]
    if not value.isprintable() and _CONTROL.search(value):
        return [Flaw(path, "holds a control character", "remove it; the text must be plain UTF-8")]
    return []


def _is_plain(row: Mapping[str, str]) -> bool:
    """Whether a row has no fatal flaw, told in a third of the time for the usual one: short and printable."""
    text = "".join(row.values())
    return (
        row.keys() <= _FIELDS
        and not row.get("verified")
        and len(text) <= DEFAULT_LIMIT
        and text.isprintable()
        and bool(row.get("source_system") and row.get("mrn") and (row.get("family_name") or row.get("given_name")))
        and all(len(row[name]) <= limit for name, limit in LIMITS.items() if name in row)
    )


def doubts_about(record: PatientRecord) -> tuple[Flaw, ...]:
    """Values that cannot be true: they are kept as told and carry no evidence."""
    doubts = []
    for name, value in (("birth_date", record.birth_date), ("deceased_date", record.deceased_date)):
        if value and parse_date(value) is None:
            doubts.append(Flaw(name, "is not a date of the calendar", "send YYYY-MM-DD, or nothing if it is not known"))
    if record.sex.upper() not in _SEXES:
        doubts.append(Flaw("sex", "is not a known code", "send F, M, O, U or nothing"))
    return tuple(doubts)


def parse_date(value: str) -> date | None:
    """A full or partial date in one of the accepted forms, or None. Partial dates begin their period."""
    today = datetime.now(UTC).date()
    return next((found for found in _dates(value) if found <= today), None)


@lru_cache(maxsize=65_536)
def _dates(value: str) -> tuple[date, ...]:
    """What a text means in each form that it fits, in their order. A file repeats few dates many times."""
    if (usual := _usual_date(value)) is not None:
        return (usual,) if usual.year >= _OLDEST_YEAR else ()
    found = []
    for form in _DATE_FORMS:
        try:
            told = datetime.strptime(value, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if told.year >= _OLDEST_YEAR:
            found.append(told)
    return tuple(found)


def _usual_date(value: str) -> date | None:
    """The one meaning of a whole date in its commonest forms; `strptime` would take ten times as long."""
    if len(value) != 10 or not value.isascii():
        return None
    year, month, day = (value[6:], value[:2], value[3:5]) if value[2] == "/" else (value[:4], value[5:7], value[8:])
    marks = "//" if value[2] == "/" else "--"
    told = value[2] + value[5] if marks == "//" else value[4] + value[7]
    if told != marks or not (year + month + day).isdecimal():
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def parse_time(value: str, time_zone: str) -> tuple[datetime | None, tuple[Flaw, ...]]:
    """An ISO 8601 time; without an offset it is in the source's own zone.

    A time in the future is refused: everything that the source says after it would count as outdated.
    """
    if not value:
        return None, ()
    try:
        found = datetime.fromisoformat(value)
        found = (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(time_zone))).astimezone(UTC)
    except (OverflowError, ValueError):
        return None, (Flaw("updated_at", "is not a time", "send ISO 8601, such as 2026-02-12T08:30:00Z"),)
    if found > datetime.now(UTC) + _CLOCKS_DIFFER or found.year < _OLDEST_YEAR:
        return None, (Flaw("updated_at", "lies in the future or too far back", "set the clock of the source system"),)
    return found, ()


def strict_record_from_flat(row: Mapping[str, str], *, time_zone: str = "UTC") -> Mapped:
    """As `record_from_flat`, refusing what cannot be true as well. Raises InvalidInput."""
    mapped = record_from_flat(row, time_zone=time_zone)
    if mapped.doubts:
        raise InvalidInput("A value of the record cannot be true.", flaws=mapped.doubts)
    return mapped
