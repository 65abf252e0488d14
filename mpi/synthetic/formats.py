"""How a desk writes a value down: addresses, telephone numbers, dates, case."""

from __future__ import annotations

import random
import unicodedata
from datetime import UTC, date, datetime, timedelta

from mpi.synthetic.people import Home
from mpi.synthetic.systems import SyntheticSystem
from mpi.synthetic.tables import pick

_KIND_SHORT = {"Street": "St", "Avenue": "Ave", "Drive": "Dr", "Road": "Rd", "Lane": "Ln", "Court": "Ct",
               "Boulevard": "Blvd", "Circle": "Cir", "Place": "Pl", "Way": "Way", "Terrace": "Ter", "Parkway": "Pkwy",
               "Trail": "Trl"}  # fmt: skip
_UNIT_WORDS = ("Apt ", "Apt ", "Apt ", "Apt. ", "#", "# ", "Unit ", "Apartment ", "apt ")


def written_street(rng: random.Random, home: Home, system: SyntheticSystem) -> str:
    """`123 N Oak St Apt 4B` in the many ways people write that; the unit is at times left out."""
    manner = rng.random()
    short = manner < (0.75 if not system.self_entered else 0.55)
    kind = _KIND_SHORT[home.kind] if short else home.kind
    direction = home.direction[:1] if short else home.direction
    if manner < 0.08:
        kind += "."
    elif manner > 0.97:
        kind = ""
    if direction and rng.random() < 0.06:
        direction = ""
    street = " ".join(part for part in (home.number, direction, home.street, kind) if part)
    if not home.unit or rng.random() < system.unit_missing:
        return street
    comma = "," if rng.random() < 0.15 else ""
    return f"{street}{comma} {pick(rng, _UNIT_WORDS)}{home.unit}"


def written_phone(rng: random.Random, digits: str, system: SyntheticSystem) -> str:
    """One of the usual shapes of a ten-digit number; each system has one that it mostly uses."""
    usual = system.rank % 4
    shape = usual if rng.random() < (0.45 if system.self_entered else 0.9) else int(rng.random() * 6)
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    shapes = (
        digits,
        f"({area}) {exchange}-{line}",
        f"{area}-{exchange}-{line}",
        f"{area}.{exchange}.{line}",
        f"+1{digits}",
        f"1-{area}-{exchange}-{line}",
    )
    return shapes[shape]


def written_date(day: date, system: SyntheticSystem) -> str:
    return day.strftime("%m/%d/%Y") if system.date_format == "us" else day.isoformat()


def written_moment(day: int, second: int) -> str:
    """ISO 8601 in UTC of an ordinal day and a second of that day."""
    moment = datetime.fromordinal(day).replace(tzinfo=UTC) + timedelta(seconds=second)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def without_accents(text: str) -> str:
    if text.isascii():
        return text
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
