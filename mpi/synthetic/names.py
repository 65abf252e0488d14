"""True names: drawn by group, culture, sex and year of birth, as families of that kind would give them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from mpi.synthetic.tables import (
    DECADES,
    FIRST_DECADE,
    Group,
    Sex,
    Weighted,
    accents,
    culture_names,
    given_names,
    pick,
    surnames,
)

# 2020 census, rounded; "other" is Native American and more than one.
_GROUPS: Weighted[Group] = Weighted.of(
    [("white", 0.59), ("black", 0.125), ("hispanic", 0.19), ("asian", 0.063), ("other", 0.032)]
)
_CULTURES: dict[Group, Weighted[str]] = {
    "white": Weighted.of([("", 0.976), ("slavic", 0.014), ("arabic", 0.010)]),
    "black": Weighted.of([("", 0.94), ("african", 0.05), ("arabic", 0.01)]),
    "hispanic": Weighted.of([("", 1.0)]),
    "asian": Weighted.of(
        [("", 0.17), ("chinese", 0.23), ("indian", 0.22), ("filipino", 0.18), ("vietnamese", 0.11), ("korean", 0.09)]
    ),
    "other": Weighted.of([("", 1.0)]),
}
# Share of the second generation, who carry an American given name with the family name of the culture.
_AMERICAN_GIVEN = {"chinese": 0.45, "korean": 0.45, "vietnamese": 0.35, "filipino": 0.45, "indian": 0.12,
                   "arabic": 0.15, "slavic": 0.45, "african": 0.3}  # fmt: skip

# The census list in use stops at about 82 % of the population: the rest bears names of fewer than 40 in a million.
_TAIL: dict[Group, float] = {"white": 0.17, "black": 0.15, "hispanic": 0.06, "asian": 0.12, "other": 0.17}
_STEMS = ("Bar", "Ber", "Bron", "Car", "Cal", "Dar", "Dob", "El", "Fal", "Fin", "Gar", "Gol", "Grab", "Hal", "Har",
          "Hol", "Jar", "Kal", "Kes", "Kol", "Kro", "Lam", "Lan", "Leb", "Lin", "Mar", "Mel", "Mor", "Nar", "Nor",
          "Ol", "Os", "Pal", "Per", "Pol", "Quin", "Rad", "Ras", "Rov", "Sal", "Sab", "Schul", "Sor", "Stan", "Stro",
          "Tar", "Tol", "Trem", "Ul", "Van", "Ver", "Vol", "Wal", "Wes", "Win", "Yar", "Zab", "Zel", "Zim")  # fmt: skip
_MIDDLES = ("", "", "a", "e", "o", "in", "en", "er", "ar", "ko", "ti", "le", "ma", "no", "ru")
_ENDINGS = ("ski", "czyk", "mann", "berg", "ton", "field", "ley", "ford", "worth", "sen", "strom", "gren", "quist",
            "baum", "stein", "hauser", "etti", "ini", "ano", "ello", "oux", "ette", "ard", "ovic", "enko", "ov",
            "aitis", "opoulos", "akis", "ian", "dottir", "land", "wick", "by", "well", "ridge", "more", "nell", "cott",
            "gan", "ney", "key", "lin", "ders", "ner", "bach", "heim", "dorf", "kamp", "stra")  # fmt: skip
_HISPANIC_FIRST: dict[Sex, tuple[str, ...]] = {"F": ("Maria", "Maria", "Ana", "Rosa"), "M": ("Jose", "Juan", "Luis")}
_TWO_SYLLABLES = ("chinese", "korean")


@dataclass(frozen=True, slots=True)
class Background:
    """The census group and, within it, the culture whose naming habits a family follows ("" is none in particular)."""

    group: Group
    culture: str


def draw_background(rng: random.Random) -> Background:
    group = _GROUPS.draw(rng)
    return Background(group, _CULTURES[group].draw(rng))


def draw_family(rng: random.Random, background: Background) -> str:
    if background.culture:
        return culture_names(background.culture, "family").draw(rng)
    if rng.random() < _TAIL[background.group]:
        return pick(rng, _STEMS) + pick(rng, _MIDDLES) + pick(rng, _ENDINGS)
    return surnames(background.group).draw(rng)


def draw_given(rng: random.Random, background: Background, sex: Sex, birth_year: int) -> str:
    culture = background.culture
    if culture and rng.random() >= _AMERICAN_GIVEN[culture]:
        return _culture_given(rng, culture, sex)
    decade = min(DECADES - 1, max(0, (birth_year - FIRST_DECADE) // 10))
    name = given_names(background.group, sex, decade).draw(rng)
    if background.group == "hispanic" and rng.random() < 0.06:
        first = pick(rng, _HISPANIC_FIRST[sex])
        return name if name == first else f"{first} {name}"
    return name


def _culture_given(rng: random.Random, culture: str, sex: Sex) -> str:
    """A name of the culture; Chinese and Korean ones are mostly put together of two syllables."""
    if culture in _TWO_SYLLABLES and rng.random() < 0.75:
        syllables = culture_names(culture, "syllable_F" if sex == "F" else "syllable_M")
        return f"{syllables.draw(rng)} {syllables.draw(rng)}"
    return culture_names(culture, sex).draw(rng)


def draw_middle(rng: random.Random, background: Background, sex: Sex, birth_year: int) -> str:
    if background.culture == "vietnamese":
        kind = "middle_F" if sex == "F" else "middle_M"
        return culture_names(background.culture, kind).draw(rng)
    if background.culture in _TWO_SYLLABLES:
        return ""
    # Middle names follow the grandparents' fashion more than the cradle's.
    return draw_given(rng, Background(background.group, ""), sex, birth_year - (25 if rng.random() < 0.6 else 0))


def similar_given(rng: random.Random, background: Background, sex: Sex, birth_year: int, like: str) -> str:
    """A name for a twin: the same first letter and as long a common beginning as a few tries give."""
    best = ""
    for _ in range(25):
        name = draw_given(rng, background, sex, birth_year)
        if name != like and name[:1] == like[:1] and _common(name, like) >= _common(best, like):
            best = name
    return best or draw_given(rng, background, sex, birth_year)


def with_accents(name: str) -> str:
    """The spelling of its bearer: Jose Munoz is José Muñoz."""
    table = accents()
    return " ".join(table.get(part.upper(), part) for part in name.split(" "))


def _common(name: str, other: str) -> int:
    count = 0
    for mine, theirs in zip(name, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count
