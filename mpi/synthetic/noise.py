"""Errors of hand, ear and eye: what typing, hearing and scanning do to a value."""

from __future__ import annotations

import random
from datetime import date

from mpi.synthetic.tables import pick, spellings

# Neighbours on a QWERTY keyboard, letters and digits.
_NEIGHBOURS = {
    "a": "qsz", "b": "vgn", "c": "xvd", "d": "sfec", "e": "wrd", "f": "dgrv", "g": "fhtb", "h": "gjyn", "i": "uok",
    "j": "hkun", "k": "jlim", "l": "kop", "m": "njk", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf",
    "s": "adwx", "t": "ryg", "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z": "xas",
    "0": "9", "1": "2", "2": "13", "3": "24", "4": "35", "5": "46", "6": "57", "7": "68", "8": "79", "9": "80",
}  # fmt: skip
# What a scanner or a tired eye takes for another.
_LOOK_ALIKE = (("rn", "m"), ("m", "rn"), ("cl", "d"), ("l", "i"), ("i", "l"), ("u", "v"), ("v", "u"), ("h", "b"),
               ("e", "c"), ("o", "c"), ("nn", "m"), ("vv", "w"), ("ri", "n"), ("t", "f"))  # fmt: skip
# What the ear takes for another.
_SOUND_ALIKE = (("ph", "f"), ("f", "ph"), ("ck", "k"), ("c", "k"), ("k", "c"), ("z", "s"), ("s", "z"), ("ie", "y"),
                ("y", "i"), ("ey", "y"), ("ei", "ie"), ("ll", "l"), ("l", "ll"), ("nn", "n"), ("n", "nn"), ("tt", "t"),
                ("th", "t"), ("ee", "ea"), ("ou", "u"), ("dt", "t"), ("mb", "m"), ("wr", "r"), ("sch", "sh"),
                ("er", "or"), ("en", "an"), ("on", "en"), ("e", "a"), ("h", ""))  # fmt: skip


def mistype(rng: random.Random, text: str) -> str:
    """One slip: keyboard 40 %, transposition 17 %, dropped 17 %, doubled 8 %, by sound 12 %, by sight 6 %."""
    if len(text) < 3:
        return text
    kind = rng.random()
    if kind < 0.40:
        return _beside(rng, text)
    if kind < 0.57:
        return transpose(rng, text)
    place = 1 + int(rng.random() * (len(text) - 1))
    if kind < 0.74:
        return text[:place] + text[place + 1 :]
    if kind < 0.82:
        return text[:place] + text[place] + text[place:]
    return _alike(rng, text, _SOUND_ALIKE if kind < 0.94 else _LOOK_ALIKE)


def transpose(rng: random.Random, text: str) -> str:
    """Two neighbouring characters in the wrong order, where some two differ."""
    places = [place for place in range(len(text) - 1) if text[place] != text[place + 1]]
    if not places:
        return text
    place = pick(rng, places)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def wrong_digit(rng: random.Random, text: str) -> str:
    """One digit replaced, by its neighbour on the keyboard in half of the cases."""
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    if not places:
        return text
    place = pick(rng, places)
    old = text[place]
    new = pick(rng, _NEIGHBOURS[old]) if rng.random() < 0.5 else str((int(old) + 1 + int(rng.random() * 9)) % 10)
    return text[:place] + new + text[place + 1 :]


def respell(rng: random.Random, name: str) -> str:
    """Another spelling of the same sound, where the table has one; else the name as it is."""
    others = spellings().get(name.upper())
    return pick(rng, others) if others else name


def swap_day_and_month(day: date) -> date | None:
    """12 March for 3 December; None where that is no date or the same."""
    if day.day > 12 or day.day == day.month:
        return None
    return date(day.year, day.day, day.month)


def wrong_birth_digit(rng: random.Random, day: date) -> date | None:
    """One digit of day, month or the last two of the year wrong, where a past date comes of it."""
    text = f"{day:%y%m%d}"
    for _ in range(8):
        wrong = _real(wrong_digit(rng, text), day)
        if wrong is not None:
            return wrong
    return None


def transposed_birth(rng: random.Random, day: date) -> date | None:
    """Two neighbouring digits of year, month or day in the wrong order, where a past date comes of it."""
    text = f"{day:%y%m%d}"
    first = int(rng.random() * 3)
    for place in (2 * first, (2 * first + 2) % 6, (2 * first + 4) % 6):
        wrong = _real(text[:place] + text[place + 1] + text[place] + text[place + 2 :], day)
        if wrong is not None:
            return wrong
    return None


def _real(text: str, day: date) -> date | None:
    try:
        changed = date(day.year - day.year % 100 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None
    return changed if changed != day and changed.year < 2026 else None


def _beside(rng: random.Random, text: str) -> str:
    place = int(rng.random() * len(text))
    old = text[place]
    near = _NEIGHBOURS.get(old.lower())
    if not near:
        return transpose(rng, text)
    new = pick(rng, near)
    return text[:place] + (new.upper() if old.isupper() else new) + text[place + 1 :]


def _alike(rng: random.Random, text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    usable = [(old, new) for old, new in pairs if old in text]
    if not usable:
        return _beside(rng, text)
    old, new = pick(rng, usable)
    return text.replace(old, new, 1)
