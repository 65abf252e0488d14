"""Dates as told to ISO form: partial, default and impossible ones told apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from matching.tables import BIRTH_DATE_PLACEHOLDERS
from matching.text import MISREAD_DIGITS, to_capitals

EARLIEST_YEAR, LATEST_YEAR = 1880, 2100
"""Years that can be a birth year of a patient; a future date cannot be refused without a clock."""

_MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6,
    "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}  # fmt: skip
# ISO 8601 and FHIR date(Time), HL7 v2 TS (v2.5.1 §2.A.79) with time and zone cut off.
_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[T ].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})?(\d{2})?(?:\d{2,6})?(?:\.\d+)?(?:[+-]\d{4})?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})[-/. ](\d{4})(?: .*)?")
_DAY_MONTH_NAME = re.compile(r"(\d{1,2})(?:ST|ND|RD|TH)?[- ,.]*([A-Z]{3,9})[- ,.]*(\d{4})(?: .*)?")
_COMPACT_YEAR_LAST = re.compile(r"(\d{2})(\d{2})(\d{4})")
_MONTH_NAME_DAY = re.compile(r"([A-Z]{3,9})[- ,.]*(\d{1,2})(?:ST|ND|RD|TH)?[- ,.]+(\d{4})(?: .*)?")


@dataclass(frozen=True, slots=True)
class StandardDate:
    """`iso` is YYYY-MM-DD or ""; `year` is YYYY or "", kept where the day is unknown; `removed` says why."""

    iso: str = ""
    year: str = ""
    removed: str = ""


@lru_cache(maxsize=65_536)
def standard_date(told: str) -> StandardDate:
    """Read any usual form of a date. 03/04/1980 is read month first, as the United States write it, 3.4.1980 day first.

    Where the month cannot be one and the day can (1930-23-01) the two have changed places, whatever the form
    says. Letters that a scanner takes for digits (O, I, S) are read as those. A day that does not exist keeps
    its year: the year is told, and one wrong digit spoils only the rest.
    """
    text = to_capitals(told)
    if not text:
        return StandardDate()
    parts = _split(text) or _split(text.translate(MISREAD_DIGITS))
    if parts is None:
        return StandardDate(removed="not understood")
    year, month, day = parts
    if month > 12 >= day > 0:
        month, day = day, month
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return StandardDate(removed=f"year outside {EARLIEST_YEAR} to {LATEST_YEAR}")
    if not month or not day:
        return StandardDate(year=str(year))
    try:
        return StandardDate(iso=date(year, month, day).isoformat(), year=str(year))
    except ValueError:
        return StandardDate(year=str(year), removed="no such day")


@lru_cache(maxsize=65_536)
def standard_birth_date(told: str) -> StandardDate:
    """`standard_date`, without the defaults that systems write for an unknown birth date."""
    standard = standard_date(told)
    if standard.iso in BIRTH_DATE_PLACEHOLDERS:
        return StandardDate(removed=f"placeholder {standard.iso}")
    return standard


def _split(text: str) -> tuple[int, int, int] | None:
    """(year, month, day), 0 for a part that is not told; None where the text is no date."""
    found = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    if found and EARLIEST_YEAR <= int(found[1]) <= LATEST_YEAR:
        return int(found[1]), int(found[2] or 0), int(found[3] or 0)
    compact = _COMPACT_YEAR_LAST.fullmatch(text)
    if compact and EARLIEST_YEAR <= int(compact[3]) <= LATEST_YEAR:
        return int(compact[3]), int(compact[1]), int(compact[2])
    if found:
        return int(found[1]), int(found[2] or 0), int(found[3] or 0)
    found = _YEAR_LAST.fullmatch(text)
    if found:
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        day_first = first > 12 or (found[2] == "." and second <= 12)
        return (year, second, first) if day_first else (year, first, second)
    found = _DAY_MONTH_NAME.fullmatch(text)
    if found:
        return _with_month_name(found[3], found[2], found[1])
    found = _MONTH_NAME_DAY.fullmatch(text)
    return _with_month_name(found[3], found[1], found[2]) if found else None


def _with_month_name(year: str, month: str, day: str) -> tuple[int, int, int] | None:
    number = _MONTHS.get(month[:3])
    return (int(year), number, int(day)) if number else None
