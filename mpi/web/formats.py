"""How values of a person are written: names, dates, ages, times, numbers, EUIDs, bits and probabilities.

Pure functions, text in and text out; the clock is an argument. After the NHS Common User Interface guidance
(patient name, date, age, sex, telephone and NHS-number display). An unknown value is "" here; the template tags
say "not known" for it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo

MINUS = "−"
BULLET = "•"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SEXES = {"F": "Female", "M": "Male", "O": "Other", "A": "Ambiguous", "N": "Not applicable", "U": ""}
_NAME_PARTICLE = re.compile(r"[\w’']+", re.UNICODE)


def _part(name: object, key: str) -> str:
    value = name.get(key, "") if isinstance(name, Mapping) else getattr(name, key, "")
    return str(value or "").strip()


def _cased(part: str) -> str:
    """A part told wholly in capitals or small letters gets a capital per word; mixed case stays as told."""
    if part != part.upper() and part != part.lower():
        return part
    return _NAME_PARTICLE.sub(lambda found: found.group()[:1].upper() + found.group()[1:].lower(), part)


def person_name(name: object) -> str:
    """`FAMILY, Given Middle (Suffix)` of a mapping or object with family, given, middle, suffix, prefix, text."""
    family = _part(name, "family").upper()
    given = " ".join(_cased(part) for part in (_part(name, "given"), _part(name, "middle")) if part)
    if not family and not given:
        return _part(name, "text")
    tail = [part for part in (_part(name, "prefix"), _part(name, "suffix")) if part]
    written = ", ".join(part for part in (family, given) if part)
    return f"{written} ({', '.join(tail)})" if tail else written


def parse_day(value: object) -> date | None:
    """The date of a date, a time or an ISO text; None where the day is not known to the day."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value or "")[:10])
    except ValueError:
        return None


def day(value: object) -> str:
    """`09-Mar-1971`; `Mar-1971` and `1971` for partial ISO dates; other text as it was told."""
    known = parse_day(value)
    if known is not None:
        return f"{known.day:02d}-{_MONTHS[known.month - 1]}-{known.year:04d}"
    text = str(value or "").strip()
    partial = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)
    return f"{_MONTHS[int(partial.group(2)) - 1]}-{partial.group(1)}" if partial else text


def age(born: object, at: date) -> str:
    """Age in words of a chart: days under 4 weeks, weeks under 1 year, months under 2 years, then years."""
    birth = parse_day(born)
    if birth is None or birth > at:
        return ""
    days = (at - birth).days
    months = (at.year - birth.year) * 12 + at.month - birth.month - (at.day < birth.day)
    if days < 28:
        return f"{days} d"
    if months < 12:
        return f"{days // 7} w"
    if months < 24:
        return f"{months} mo"
    return f"{months // 12} y"


def moment(value: datetime | None, zone: tzinfo = UTC, *, seconds: bool = False) -> str:
    """`21-Nov-2026 14:32 UTC`, 24 h, with its zone."""
    if value is None:
        return ""
    local = value.astimezone(zone)
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{day(local)} {clock} {local.tzname()}"


def relative(value: datetime, now: datetime) -> str:
    """`2 h ago`, `in 3 d`; stands only beside an exact time."""
    seconds = (now - value).total_seconds()
    size = abs(seconds)
    if size < 60:
        return "just now"
    for limit, unit, length in ((3600, "min", 60), (86_400, "h", 3600), (86_400 * 60, "d", 86_400)):
        if size < limit:
            text = f"{int(size // length)} {unit}"
            break
    else:
        text = f"{int(size // (86_400 * 30.44))} mo"
    return f"{text} ago" if seconds > 0 else f"in {text}"


def duration(seconds: float | None) -> str:
    """`45 s`, `3 min 20 s`, `2 h 5 min`; "" when not known."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def phone(value: str) -> str:
    """`(603) 555-0141` for ten national digits (with or without +1); other numbers as told."""
    digits = re.sub(r"\D", "", value or "")
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) != 10 or (value.strip().startswith("+") and not value.strip().startswith("+1")):
        return (value or "").strip()
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"


def masked_ssn(value: str) -> str:
    """`•••-••-8801` of nine digits or of the last four; "" when there are none."""
    digits = re.sub(r"\D", "", value or "")
    return f"{BULLET * 3}-{BULLET * 2}-{digits[-4:]}" if len(digits) >= 4 else ""


def whole_ssn(value: str) -> str:
    """`412-55-8801`."""
    digits = re.sub(r"\D", "", value or "")
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}" if len(digits) == 9 else value


def masked(value: str) -> str:
    """Any other number with all but its last four characters hidden; short ones with all but the last."""
    text = (value or "").strip()
    keep = 4 if len(text) > 5 else 1
    return f"{BULLET * min(len(text) - keep, 5)}{text[-keep:]}" if text else ""


def euid(value: str) -> str:
    """Groups of four, the check character with its group: `7QK4-2M9X-H`."""
    text = re.sub(r"[^0-9A-Za-z]", "", value or "").upper()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def bits(value: float | None) -> str:
    """`+9.4`, `−3.1`, `0`: one decimal, a real minus."""
    if value is None:
        return ""
    rounded = round(value, 1)
    if rounded == 0:
        return "0"
    return f"+{rounded:,.1f}" if rounded > 0 else f"{MINUS}{-rounded:,.1f}"


def probability(value: float | None) -> str:
    """`99.6 %`; never rounds up to a false certainty: `> 99.9 %`, `< 0.1 %`."""
    if value is None:
        return ""
    if value > 0.999:
        return "> 99.9 %"
    if 0 <= value < 0.001:
        return "< 0.1 %"
    return f"{value * 100:.1f} %"


def share(value: float) -> str:
    """`0.94`, `0.031`, and `1 in 31,000` for what is rarer than 1 in 1,000."""
    if value > 0.99:
        return "> 0.99"
    if value >= 0.001:
        return f"{value:.2g}"
    return f"1 in {float(f'{1 / value:.2g}'):,.0f}"


def fine_share(value: float | None) -> str:
    """`99.944 %`, `97.0 %`, `0.025 %`, `100 %`: two digits of the distance to the nearer end."""
    if value is None:
        return ""
    if value in (0.0, 1.0):
        return f"{value * 100:g} %"
    rest = min(value, 1 - value) * 100
    if rest < 0.0005:
        return "> 99.999 %" if value > 0.5 else "< 0.001 %"
    places = min(max(1 - math.floor(math.log10(rest)), 1), 3)
    return f"{value * 100:.{places}f} %"


def count(value: int | None) -> str:
    """`10,000`."""
    return "" if value is None else f"{value:,}"


def sex(value: str) -> str:
    """The word of an administrative sex code; other text as it was told."""
    text = (value or "").strip()
    return _SEXES.get(text.upper(), text.capitalize())


def address(value: object) -> str:
    """One line: street, city, state postal code, country. A street or city all in capitals gets a capital a word."""
    return _address_line(value, lambda part: standard_text(part) if part == part.upper() else part)


def told_address(value: object) -> str:
    """The same line, word for word."""
    return _address_line(value, str)


def _address_line(value: object, write: Callable[[str], str]) -> str:
    street = write(", ".join(_part(value, "street").splitlines()))
    unit, city = write(_part(value, "unit")), write(_part(value, "city"))
    place = " ".join(
        part for part in (_part(value, "state"), _part(value, "postal_code") or _part(value, "zip5")) if part
    )
    return ", ".join(part for part in (street, unit, city, place, _part(value, "country")) if part)


def shaped(value: object, shape: str) -> str:
    """A value in the form of its field; "" when it is not known."""
    if not value:
        return ""
    if shape == "person":
        return person_name(value)
    if shape == "address":
        return address(value)
    if shape == "told-address":
        return told_address(value)
    text = str(value).strip()
    form = _SHAPES.get(shape)
    return (form(text) or text) if form else text


_SHAPES: dict[str, Callable[[str], str]] = {
    "date": day,
    "phone": phone,
    "ssn": masked_ssn,
    "sex": sex,
    "name": _cased,
}
_STATE_AND_ZIP = re.compile(r"\b([A-Za-z]{2}) (\d{5})\b")
_DIRECTIONS = re.compile(r"\b(Ne|Nw|Se|Sw|Po)\b")


def standard_text(value: str) -> str:
    """Standardised capitals with a capital per word; states, directions and e-mail addresses keep theirs."""
    if "@" in value:
        return value.lower()
    cased = _cased(value)
    cased = _STATE_AND_ZIP.sub(lambda found: f"{found.group(1).upper()} {found.group(2)}", cased)
    return _DIRECTIONS.sub(lambda found: found.group().upper(), cased)


def evidence_lines(value: str, shape: str) -> tuple[str, ...]:
    """The values of one side of a comparison (joined by "; ") as lines a person reads."""
    parts = [part.strip() for part in value.split(";") if part.strip()]
    if shape == "date":
        return tuple(day(part) for part in parts)
    if shape == "sex":
        return tuple(sex(part) for part in parts)
    if shape == "ssn":
        return tuple(masked_ssn(part) or part for part in parts)
    if shape == "name":
        return tuple(_cased(part) for part in parts)
    if shape == "house":
        return tuple(_house_line(part) for part in parts)
    return tuple(parts)


def _house_line(part: str) -> str:
    if re.fullmatch(r"\+?\d{10,15}", part):
        return phone(part)
    # A family name stays in capitals, as everywhere; it is the only part without a digit or an @.
    return standard_text(part) if re.search(r"[\d@]", part) else part
